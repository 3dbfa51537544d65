import { expect, test } from 'vitest';
import { flips } from './flips.ts';
import { refill } from './refill.ts';

const seed = Number(process.env['SOTTO_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

test(
  'one flipped bit in a home of 240 messages is detected or does no harm, 40 times: nothing altered is shown, nothing crashes (STO-07)',
  { timeout: 300_000 },
  async () => {
    const { notes, ...result } = await flips(40, seed);
    expect(result, `seed ${seed}: ${notes.join('; ')}`).toMatchObject({
      flips: 40,
      altered: 0,
      gap: 0,
      crashed: 0,
      otherKey: 0,
      notSetAside: 0,
    });
    expect(result.detected, `seed ${seed}`).toBeGreaterThan(0);
  },
);

test(
  'what a flipped bit took from the receiver comes back from its peer, four times (STO-07)',
  { timeout: 300_000 },
  async () => {
    const { notes, ...result } = await refill(4, seed);
    expect(result, `seed ${seed}: ${notes.join('; ')}`).toMatchObject({
      flips: 4,
      notStarted: 0,
      lost: 0,
      altered: 0,
      duplicates: 0,
    });
  },
);
