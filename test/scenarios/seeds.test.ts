import { expect, test } from 'vitest';
import { runSeed } from './seeds.ts';

const SEEDS = Number(process.env['SOTTO_SEEDS'] ?? 2_000);
const FIRST = Number(process.env['SOTTO_SEED'] ?? 1);

test(`${SEEDS} worlds of two peers with cuts, delays and simultaneous dials end with both having exactly what was sent, in order (F6, NET-14, DLV-01, DLV-07)`, () => {
  let connections = 0;
  let cuts = 0;
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const outcome = runSeed(seed);
    connections += outcome.connections;
    cuts += outcome.cuts;
    expect(outcome.isSettled, `seed ${seed} settles`).toBe(true);
    expect(outcome.received.bob, `seed ${seed}, at bob`).toEqual(outcome.sent.alice);
    expect(outcome.received.alice, `seed ${seed}, at alice`).toEqual(outcome.sent.bob);
  }
  console.log(
    `figure worlds=${SEEDS} seeds=${FIRST}..${FIRST + SEEDS - 1} connections=${connections} cuts=${cuts}`,
  );
  expect(cuts).toBeGreaterThan(SEEDS / 10);
}, 180_000);
