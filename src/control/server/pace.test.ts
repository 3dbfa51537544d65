import { expect, test } from 'vitest';
import { Pace } from './pace.ts';

test('what local programs ask is done at once, but so long at a time that the loop goes round (CTL-03, ENV-03)', async () => {
  const pace = new Pace();
  let rounds = 0;
  const count = (): void => {
    rounds += 1;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  await Promise.all([pace.time(), pace.time(), pace.time()]);
  expect(rounds).toBe(0);
  for (let round = 1; round <= 5; round++) {
    const begunAt = performance.now();
    while (performance.now() - begunAt < 15);
    const all = [pace.time(), pace.time()];
    await Promise.all(all);
    expect(rounds).toBeGreaterThanOrEqual(round);
  }
  clearImmediate(next);
});
