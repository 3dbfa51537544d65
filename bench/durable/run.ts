// What durability costs: the program on its database beside the program on a store in memory, beside the database alone.
// See bench/README.md.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../../test/free-port.ts';
import { Pair } from './end.ts';
import type { Answer, Figures, LogSizes, StoreKind } from './messages.ts';
import { COMMITS_ON_PATH, commitsOnPath } from './path.ts';
import { describe, keep } from './report.ts';

const COMPLETE = 7;
/** So many fill the log of a new database at both ends. */
const TRIPS_FOR_SIZES = 400;
const TRIPS = 1_000;
const KINDS: readonly StoreKind[] = ['memory', 'log', 'database'];

const { values } = parseArgs({ options: { rounds: { type: 'string' }, folder: { type: 'string' } } });
const rounds = Number(values.rounds ?? COMPLETE);

async function measureRound(round: number): Promise<Figures> {
  const folder = mkdtempSync(join(values.folder ?? tmpdir(), 'sotto-bench-durable-'));
  const port = await freePort();
  writeDirectory(folder, port);
  const pair = new Pair(folder, port);
  try {
    const sizes = await sizesOf(pair);
    const figures: Record<string, number> = { ...sizes.commits };
    // Who goes first rotates, so that a machine that slows down slows all of them.
    for (let n = 0; n < KINDS.length; n++) {
      const store = KINDS[(n + round) % KINDS.length] ?? 'memory';
      Object.assign(figures, named(store, await talk(pair, store, sizes)));
    }
    figures['rowsPerSecond'] = await replay(pair);
    return { ...figures, ...compared(figures) };
  } finally {
    pair.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What each kind of commit writes to the database's log. */
async function sizesOf(pair: Pair): Promise<LogSizes> {
  await pair.open('database', { isRecording: true });
  await pair.sender.obey({ type: 'one', trips: TRIPS_FOR_SIZES });
  const { sender, receiver } = await pair.close();
  const whole = Math.max(sender.sizes?.whole ?? 0, receiver.sizes?.whole ?? 0);
  return { whole, commits: { ...sender.sizes?.commits, ...receiver.sizes?.commits } };
}

async function talk(pair: Pair, store: StoreKind, sizes: LogSizes): Promise<Figures> {
  await pair.open(store, { sizes });
  const { trips, figures } = await pair.sender.obey({ type: 'one', trips: TRIPS });
  // How much a commit of many texts writes, nobody has counted.
  const flight: Answer =
    store === 'log' ? {} : await pair.sender.obey({ type: 'flight', warmUpMs: 500, measuredMs: 2_000 });
  const { sender, receiver } = await pair.close();
  return { ...figures, ...flight.figures, commitsOnPath: commitsOnPath(trips, [sender, receiver]) };
}

/** Both ends write at the same time what they wrote when they talked; the slower one counts. */
async function replay(pair: Pair): Promise<number> {
  await pair.open('database', { isRecording: true });
  const { figures } = await pair.sender.obey({ type: 'flight', warmUpMs: 500, measuredMs: 1_500 });
  await pair.close();
  const answers = await Promise.all([
    pair.sender.obey({ type: 'replay' }),
    pair.receiver.obey({ type: 'replay' }),
  ]);
  const seconds = answers.map((answer) => answer.figures?.['seconds'] ?? Number.NaN);
  return (figures?.['texts'] ?? Number.NaN) / Math.max(...seconds);
}

function compared(figures: Figures): Figures {
  const of = (key: string): number => figures[key] ?? Number.NaN;
  const syncMs = (of('log oneP50Ms') - of('memory oneP50Ms')) / COMMITS_ON_PATH;
  return {
    syncMs,
    extraSyncs: (of('database oneP50Ms') - of('memory oneP50Ms')) / syncMs,
    restMs: (of('database oneP50Ms') - of('log oneP50Ms')) / COMMITS_ON_PATH,
    flightToRows: of('database flightPerSecond') / of('rowsPerSecond'),
  };
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

const all: Figures[] = [];
for (let round = 0; round < rounds; round++) {
  process.stderr.write(`round ${round + 1} of ${rounds}\n`);
  all.push(await measureRound(round));
}
const report = describe(all);
process.stdout.write(`\n${report}`);
if (rounds >= COMPLETE) keep(all, report);
