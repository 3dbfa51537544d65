import { expect, test } from 'vitest';
import { onThreads } from '../long/threads.ts';
import { runSeeds, type SeedsResult } from './seeds.ts';
import { addCounts, NO_COUNTS } from './seeds-counts.ts';
import type { SeedsJob } from './seeds-worker.ts';

const SEEDS = Number(process.env['SOTTO_SEEDS'] ?? 2_000);
const FIRST = Number(process.env['SOTTO_SEED'] ?? 1);
const SLICE = 50;

/** A few in this very thread, where a debugger finds them. */
async function play(): Promise<SeedsResult> {
  if (SEEDS <= SLICE) return runSeeds(FIRST, SEEDS);
  const jobs: SeedsJob[] = [];
  for (let done = 0; done < SEEDS; done += SLICE)
    jobs.push({ first: FIRST + done, count: Math.min(SLICE, SEEDS - done) });
  let counts = NO_COUNTS;
  const faults: string[] = [];
  await onThreads(new URL('seeds-worker.ts', import.meta.url), jobs, (answer) => {
    const result = answer as SeedsResult;
    counts = addCounts(counts, result.counts);
    faults.push(...result.faults);
  });
  return { counts, faults };
}

test(`${SEEDS} worlds with cuts, crashes before and after commits, refusing, unreadable and restored disks, crossing dials, rekeys, clock jumps, early expiry, removed contacts and texts queued twice: nothing acked is lost, nothing is stored or shown twice, order and states hold, and everything finds its end (F6, NET-14, DLV-01 to DLV-09, DLV-13, CLK-03, CRY-20)`, async () => {
  const { counts, faults } = await play();
  const figures = Object.entries(counts).map(([name, count]) => `${name}=${count}`);
  console.log(`figure worlds=${SEEDS} seeds=${FIRST}..${FIRST + SEEDS - 1} ${figures.join(' ')}`);
  expect(faults).toEqual([]);
  if (SEEDS < 100) return; // A few worlds need not have some of everything.
  expect(counts.cuts).toBeGreaterThan(SEEDS / 10);
  expect(counts.crossings).toBeGreaterThan(SEEDS / 10);
  expect(counts.exchanges).toBeGreaterThan(SEEDS);
  expect(counts.steps).toBeGreaterThan(SEEDS);
  expect(counts.clockJumps).toBeGreaterThan(SEEDS);
  expect(counts.crashes).toBeGreaterThan(SEEDS);
  expect(counts.refusals).toBeGreaterThan(SEEDS / 10);
  expect(counts.rollbacks).toBeGreaterThan(SEEDS / 100);
  expect(counts.expired).toBeGreaterThan(SEEDS / 100);
  expect(counts.resent).toBeGreaterThan(SEEDS / 10);
  expect(counts.rejected).toBeGreaterThan(SEEDS / 10);
  expect(counts.removals).toBeGreaterThan(SEEDS / 100);
  expect(counts.cancelled).toBeGreaterThan(SEEDS / 100);
}, 600_000);
