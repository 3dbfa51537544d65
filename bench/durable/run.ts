// What durability costs: the program on its database beside the program on a store in memory, beside the database alone.
// See bench/README.md.
import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../../test/free-port.ts';
import { median, spread } from '../statistics.ts';
import type { Figures, Order, StoreKind } from './messages.ts';

const RESULTS = join(import.meta.dirname, '..', 'results');
const COMPLETE = 7;

const { values } = parseArgs({ options: { rounds: { type: 'string' }, folder: { type: 'string' } } });
const rounds = Number(values.rounds ?? COMPLETE);

interface Pair {
  readonly sender: End;
  readonly receiver: End;
}

/** One process, which obeys one order at a time. */
class End {
  readonly #process: ChildProcess;

  constructor(name: string, folder: string, port: number) {
    this.#process = fork(join(import.meta.dirname, 'child.ts'), [name, folder, `${port}`]);
  }
  async obey(order: Order): Promise<Figures> {
    this.#process.send(order);
    const answered = new AbortController();
    const { signal } = answered;
    const answer: Promise<readonly unknown[]> = once(this.#process, 'message', { signal });
    const gone: Promise<readonly unknown[]> = once(this.#process, 'exit', { signal }).then(() => []);
    gone.catch(() => undefined);
    const [figures] = await Promise.race([answer, gone]);
    answered.abort();
    if (figures === undefined) throw new Error(`a process ended during “${order.type}”`);
    return figures as Figures;
  }
  stop(): void {
    this.#process.disconnect();
  }
}

async function measureRound(): Promise<Figures> {
  const folder = mkdtempSync(join(values.folder ?? tmpdir(), 'sotto-bench-durable-'));
  const port = await freePort();
  writeDirectory(folder, port);
  const pair: Pair = {
    receiver: new End('receiver', folder, port),
    sender: new End('sender', folder, port),
  };
  try {
    const memory = await talk(pair, 'memory');
    const database = await talk(pair, 'database');
    const rows = await replay(pair);
    const { syncP50Ms = Number.NaN } = await pair.sender.obey({ type: 'sync', times: 300 });
    return {
      syncP50Ms,
      ...named('memory', memory),
      ...named('database', database),
      rowsPerSecond: rows,
      flightToRows: (database['flightPerSecond'] ?? Number.NaN) / rows,
      extraSyncs: ((database['oneP50Ms'] ?? Number.NaN) - (memory['oneP50Ms'] ?? Number.NaN)) / syncP50Ms,
    };
  } finally {
    pair.sender.stop();
    pair.receiver.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function talk(pair: Pair, store: StoreKind): Promise<Figures> {
  await open(pair, store, false);
  const one = await pair.sender.obey({ type: 'one', trips: 1_000 });
  const flight = await pair.sender.obey({ type: 'flight', warmUpMs: 500, measuredMs: 2_000 });
  await close(pair);
  return { ...one, ...flight };
}

/** Both ends write at the same time what they wrote when they talked; the slower one counts. */
async function replay(pair: Pair): Promise<number> {
  await open(pair, 'database', true);
  const { texts = 0 } = await pair.sender.obey({ type: 'flight', warmUpMs: 500, measuredMs: 1_500 });
  await close(pair);
  const [sender, receiver] = await Promise.all([
    pair.sender.obey({ type: 'replay' }),
    pair.receiver.obey({ type: 'replay' }),
  ]);
  return texts / Math.max(sender['seconds'] ?? Number.NaN, receiver['seconds'] ?? Number.NaN);
}

async function open(pair: Pair, store: StoreKind, isRecording: boolean): Promise<void> {
  await pair.receiver.obey({ type: 'open', store, isRecording });
  await pair.sender.obey({ type: 'open', store, isRecording });
}
async function close(pair: Pair): Promise<void> {
  await pair.sender.obey({ type: 'close' });
  await pair.receiver.obey({ type: 'close' });
}

function writeDirectory(folder: string, port: number): void {
  const entries = [
    { username: 'receiver', password: 'pw-receiver', ip: '127.0.0.1', port },
    { username: 'sender', password: 'pw-sender', ip: '127.0.0.1', port: 1 },
  ];
  writeFileSync(join(folder, 'directory.json'), JSON.stringify(entries), { mode: 0o600 });
}

function named(prefix: string, figures: Figures): Figures {
  return Object.fromEntries(Object.entries(figures).map(([key, value]) => [`${prefix} ${key}`, value]));
}

const LINES = [
  ['database flightPerSecond', '256 in flight, on the database of both (texts/s)'],
  ['memory flightPerSecond', '256 in flight, stores in memory (texts/s)'],
  ['rowsPerSecond', 'the same transactions, no network (texts/s)'],
  ['database oneP50Ms', 'one at a time, to the ack’s arrival, on the database, p50 (ms)'],
  ['database oneP95Ms', '… p95 (ms)'],
  ['memory oneP50Ms', 'one at a time, stores in memory, p50 (ms)'],
  ['memory oneP95Ms', '… p95 (ms)'],
  ['syncP50Ms', 'a write of 24 KiB and fdatasync, p50 (ms)'],
] as const;

function describe(all: readonly Figures[]): string {
  const of = (key: string): readonly number[] => all.map((figures) => figures[key] ?? Number.NaN);
  const cell = (key: string): string =>
    `${Number(median(of(key)).toPrecision(3))} ±${Math.round(spread(of(key)) * 100)}%`;
  const floors = [
    [
      '256 in flight ≥ 0.5 × the same transactions without a network',
      cell('flightToRows'),
      median(of('flightToRows')) >= 0.5,
    ],
    [
      'one at a time ≤ memory + 2 fdatasyncs: extra fdatasyncs',
      cell('extraSyncs'),
      median(of('extraSyncs')) <= 2,
    ],
  ] as const;
  return [
    `${new Date().toISOString().slice(0, 10)} · ${commit()} · Node ${process.versions.node} · ${cpus()[0]?.model ?? '?'}, ${cpus().length} cores · ${all.length} rounds`,
    '',
    '| Median of the rounds ± spread | |',
    '| --- | --: |',
    ...LINES.map(([key, text]) => `| ${text} | ${cell(key)} |`),
    '',
    '| Floor | is | |',
    '| --- | --: | --- |',
    ...floors.map(([text, value, isHeld]) => `| ${text} | ${value} | ${isHeld ? 'ok' : 'below'} |`),
    '',
  ].join('\n');
}

function commit(): string {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
}

const all: Figures[] = [];
for (let round = 1; round <= rounds; round++) {
  process.stderr.write(`round ${round} of ${rounds}\n`);
  all.push(await measureRound());
}
const report = describe(all);
process.stdout.write(`\n${report}`);
if (rounds >= COMPLETE) {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, 'durable.md'), `# What durability costs\n\n${report}`);
  writeFileSync(join(RESULTS, 'durable.json'), `${JSON.stringify(all, undefined, 2)}\n`);
}
