import { expect, test } from 'vitest';
import { fastSeededEntropy } from '../testing/index.ts';
import { makeMessageId, MessageIds } from './message-id.ts';

test('an id is the UUIDv7 of its time and its random bits (RFC 9562 appendix A.6)', () => {
  const random = Uint8Array.of(0xfc, 0xc3, 0xd8, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f);
  expect(makeMessageId(0x017f22e279b0, random)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  expect(makeMessageId(-1, new Uint8Array(10).fill(0xff))).toBe('00000000-0000-7fff-bfff-ffffffffffff');
});

test('no two ids of one millisecond are the same, over many draws', () => {
  const ids = new MessageIds(fastSeededEntropy(1));
  expect(new Set(Array.from({ length: 5_000 }, () => ids.next(1_784_000_000_000))).size).toBe(5_000);
});
