import { expect, test } from 'vitest';
import { StandstillWatch } from './clock.ts';

const SECOND = 1_000;

test('a machine that slept and a program that was stopped are noticed; a busy one and a slow clock are not (CLK-04, CLK-05)', () => {
  const watch = new StandstillWatch();
  const looks: readonly (readonly [monotonic: number, wall: number, stood: boolean, why: string])[] = [
    [0, 0, false, 'the first look'],
    [4 * SECOND, 4 * SECOND, false, 'in time'],
    [12 * SECOND, 12 * SECOND, false, 'a turn of eight seconds'],
    [16 * SECOND, 20 * SECOND, false, 'the clock is set by four seconds'],
    [20 * SECOND, 8 * 3_600 * SECOND, true, 'suspended for eight hours'],
    [24 * SECOND, 8 * 3_600 * SECOND + 4 * SECOND, false, 'and on'],
    [324 * SECOND, 8 * 3_600 * SECOND + 304 * SECOND, true, 'stopped for five minutes'],
    [328 * SECOND, 0, true, 'the clock is set back'],
    [332 * SECOND, 4 * SECOND, false, 'and on'],
  ];
  for (const [monotonic, wall, stood, why] of looks) expect(watch.look({ monotonic, wall }), why).toBe(stood);
  watch.forget();
  expect(watch.look({ monotonic: 9_999 * SECOND, wall: 0 }), 'nobody had to look').toBe(false);
});
