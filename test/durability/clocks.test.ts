import { expect, test } from 'vitest';
import { NO_FAULTS } from './book.ts';
import { hasFaketime, talkWithClock, talkWithStandstill } from './clocks.ts';

const DAY_MS = 86_400_000;

if (!hasFaketime) console.warn('left out: other clocks need faketime');

test.runIf(hasFaketime).each([
  ['400 days ahead', '+400d', 400 * DAY_MS],
  ['30 years behind', '-30y', -30 * 365 * DAY_MS],
])(
  'a peer whose clock is %s is understood; both times are kept, and the difference is told (CLK-01)',
  { timeout: 300_000 },
  async (_, offset, aheadMs) => {
    const { faults, notes, skews, received } = await talkWithClock([offset]);
    expect(faults, notes.join('; ')).toEqual(NO_FAULTS);
    const theirs = received.filter(({ author }) => author === 'alice');
    expect(theirs.length).toBe(4);
    for (const { writtenAtWall, storedAtWall } of theirs) {
      expect(Math.abs(writtenAtWall - storedAtWall - aheadMs)).toBeLessThan(10 * DAY_MS);
      expect(Math.abs(storedAtWall - Date.now())).toBeLessThan(DAY_MS);
    }
    // Each is said to be where it is by the other one.
    expect(skews.some((skew) => Math.abs(skew - aheadMs) < 10 * DAY_MS)).toBe(true);
    expect(skews.some((skew) => Math.abs(skew + aheadMs) < 10 * DAY_MS)).toBe(true);
  },
);

test.runIf(hasFaketime)(
  'a clock that jumps forward and back while both talk refuses and mixes up nothing (CLK-03)',
  { timeout: 300_000 },
  async () => {
    const { faults, notes } = await talkWithClock(['+0', '+2d', '-400d', '+20y', '+0']);
    expect(faults, notes.join('; ')).toEqual(NO_FAULTS);
  },
);

test(
  'who stood still for ten seconds gets what came meanwhile, once (CLK-04)',
  { timeout: 300_000 },
  async () => {
    const { faults, notes, resumedAfterMs } = await talkWithStandstill(10_000);
    expect(faults, notes.join('; ')).toEqual(NO_FAULTS);
    // Long before silence would have ended the session.
    expect(resumedAfterMs).toBeLessThan(60_000);
  },
);
