import { expect, test } from 'vitest';
import { runSeeds } from './seeds.ts';

const SEEDS = Number(process.env['SOTTO_SEEDS'] ?? 2_000);
const FIRST = Number(process.env['SOTTO_SEED'] ?? 1);

test(`${SEEDS} worlds with cuts, crashes before and after commits, refusing and restored disks, crossing dials, rekeys and clock jumps: nothing acked is lost, nothing is stored or shown twice, order and states hold, and everything finds its end (F6, NET-14, DLV-01 to DLV-09, DLV-13, CLK-03, CRY-20)`, () => {
  const { counts, faults } = runSeeds(FIRST, SEEDS);
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
  expect(counts.cancelled).toBeGreaterThan(SEEDS / 100);
}, 300_000);
