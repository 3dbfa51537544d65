import { expect, test } from 'vitest';
import { runSeeds } from './seeds.ts';

const SEEDS = Number(process.env['SOTTO_SEEDS'] ?? 2_000);
const FIRST = Number(process.env['SOTTO_SEED'] ?? 1);

test(`${SEEDS} worlds of two peers with cuts, delays, crossing dials, rekeys and clock jumps end with both having exactly what was sent, in order (F6, NET-14, DLV-01, DLV-07, CRY-20)`, () => {
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
}, 180_000);
