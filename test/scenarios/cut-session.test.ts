import { expect, test } from 'vitest';
import { cutAt, homesOfFriends, lengths } from './cut-at-every-byte.ts';

test('a cut at every byte of a session, in both directions, leaves a pair that repairs itself without a person (NET-18, FRM-02)', () => {
  const homes = homesOfFriends();
  const total = lengths(homes);
  for (const direction of [0, 1] as const) {
    for (let bytes = 0; bytes <= total[direction]; bytes++) cutAt(homes, direction, bytes);
  }
  console.log(`figure session-cuts=${total[0] + total[1] + 2}`);
  expect(Math.min(...total)).toBeGreaterThan(2_000);
}, 300_000);
