import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeededDice } from '../fuzz/dice.ts';
import { Pair } from './pair.ts';
import type { FlipJob, FlipOutcome } from './flip-worker.ts';

/** Everything of a home that lasts. */
const FILES = ['sotto.db', 'sotto.db-wal', 'key', 'recovery'] as const;
const TEXTS = 240;

export interface FlipsResult {
  readonly flips: number;
  /** It said so: at the start, or when it was read. */
  readonly detected: number;
  /** Nothing of what was stored had changed. */
  readonly harmless: number;
  /** Whole messages at the end were gone: the peer's cursor shows that. */
  readonly shortened: number;
  /** The faults: what must be 0. */
  readonly altered: number;
  readonly gap: number;
  readonly crashed: number;
  readonly otherKey: number;
  readonly notSetAside: number;
  readonly notes: readonly string[];
}

/** One bit anywhere in a home that nobody uses; then it is opened, and everything in it read, twice (STO-07, F7). */
export async function flips(count: number, seed: number): Promise<FlipsResult> {
  const dice = new SeededDice(seed);
  const folder = mkdtempSync(join(tmpdir(), 'sotto-flips-'));
  try {
    const { port, directory } = await makeHome(folder);
    const jobs: FlipJob[] = Array.from({ length: count }, () => {
      const file = dice.pick(FILES.filter((name) => existsSync(join(folder, 'home', name))));
      const offset = dice.below(statSync(join(folder, 'home', file)).size);
      return { file, offset, bit: dice.below(8) };
    });
    return tally(await work(jobs, { folder, port, directory }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Bob's home after a talk that ended with kill -9: with a WAL that no checkpoint has emptied. */
async function makeHome(folder: string): Promise<{ readonly port: number; readonly directory: string }> {
  await using pair = await Pair.open();
  await pair.startAll();
  for (let said = 0; said < TEXTS; said += 8) {
    pair.sayAll('alice', 6);
    pair.sayAll('bob', 2);
    for (const name of pair.names) await pair.drained(name);
  }
  await pair.program('bob').kill();
  cpSync(pair.home('bob'), join(folder, 'home'), { recursive: true });
  const directory = join(folder, 'directory.json');
  writeFileSync(directory, readFileSync(pair.place.directory), { mode: 0o600 });
  return { port: pair.place.port('bob'), directory };
}

/** Another process opens them: SQLite itself might crash. Whatever it does not answer has crashed it. */
async function work(
  jobs: readonly FlipJob[],
  setting: { readonly folder: string; readonly port: number; readonly directory: string },
): Promise<readonly FlipOutcome[]> {
  const outcomes: FlipOutcome[] = [];
  while (outcomes.length < jobs.length) {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'flip-worker.ts'), JSON.stringify(setting)],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.stdin.on('error', () => undefined);
    child.stdin.end(JSON.stringify(jobs.slice(outcomes.length)));
    await once(child, 'close');
    for (const line of said.trim().split('\n'))
      if (line !== '') outcomes.push(JSON.parse(line) as FlipOutcome);
    const job = jobs[outcomes.length];
    if (job) outcomes.push({ ...job, result: 'crashed', detail: 'the process ended' });
  }
  return outcomes;
}

function tally(outcomes: readonly FlipOutcome[]): FlipsResult {
  const count = (result: FlipOutcome['result']): number =>
    outcomes.filter((outcome) => outcome.result === result).length;
  const good: readonly string[] = ['detected', 'harmless', 'shortened'];
  const bad = outcomes.filter(({ result }) => !good.includes(result));
  return {
    flips: outcomes.length,
    detected: count('detected'),
    harmless: count('harmless'),
    shortened: count('shortened'),
    altered: count('altered'),
    gap: count('gap'),
    crashed: count('crashed'),
    otherKey: count('other-key'),
    notSetAside: count('not-set-aside'),
    notes: bad
      .slice(0, 20)
      .map(({ file, offset, bit, result, detail }) => `${result} ${file} ${offset}.${bit}: ${detail}`),
  };
}
