import { spawnSync } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Faults } from './book.ts';
import type { Entry } from './lines.ts';
import { Pair } from './pair.ts';

const preload = spawnSync('faketime', ['-f', '+0', 'sh', '-c', 'printf %s "$LD_PRELOAD"'], {
  encoding: 'utf8',
});

/** libfaketime, which stands between a program and its clock. */
export const hasFaketime: boolean = preload.status === 0 && preload.stdout !== '';

export interface ClocksResult {
  readonly faults: Faults;
  readonly notes: readonly string[];
  /** What each said about the other's clock, ms. */
  readonly skews: readonly number[];
  readonly received: readonly Entry[];
}

/** Alice's wall clock is another one from her start on, and jumps to each further offset while both talk (CLK-01, CLK-03). */
export async function talkWithClock(offsets: readonly string[]): Promise<ClocksResult> {
  await using pair = await Pair.open();
  const file = join(pair.place.folder, 'clock');
  const [first = '+0', ...jumps] = offsets;
  setClock(file, first);
  await pair.start('bob');
  await pair.start('alice', {
    wrapper: [
      'env',
      `LD_PRELOAD=${preload.stdout}`,
      `FAKETIME_TIMESTAMP_FILE=${file}`,
      'FAKETIME_NO_CACHE=1',
      'DONT_FAKE_MONOTONIC=1',
    ],
  });
  await talk(pair);
  for (const offset of jumps) {
    setClock(file, offset);
    await talk(pair);
  }
  const faults = await pair.settle();
  const skews = pair.reports.flatMap(({ report }) => (report.type === 'skew' ? [report.skewMs] : []));
  const { entries } = await pair.program('bob').ask('history');
  return { faults, notes: pair.book.notes, skews, received: entries };
}

/** One side stands still for a time, as a closed laptop does (CLK-04, CLK-05). */
export async function talkWithStandstill(forMs: number): Promise<{
  readonly faults: Faults;
  readonly notes: readonly string[];
  /** From the continuation until everything of before had arrived. */
  readonly resumedAfterMs: number;
}> {
  await using pair = await Pair.open();
  await pair.startAll();
  await talk(pair);
  const bob = pair.program('bob');
  bob.signal('SIGSTOP');
  pair.sayAll('alice', 5);
  await pause(forMs);
  pair.sayAll('alice', 5);
  bob.signal('SIGCONT');
  const continued = performance.now();
  await pair.drained('alice');
  const resumedAfterMs = performance.now() - continued;
  pair.sayAll('bob', 3);
  return { faults: await pair.settle(), notes: pair.book.notes, resumedAfterMs };
}

async function talk(pair: Pair): Promise<void> {
  for (const name of pair.names) pair.sayAll(name, 4);
  for (const name of pair.names) await pair.drained(name);
}

function setClock(path: string, offset: string): void {
  writeFileSync(`${path}.new`, `${offset}\n`);
  renameSync(`${path}.new`, path);
}
