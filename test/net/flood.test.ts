import { expect, test } from 'vitest';
import { flood } from './flood/flood.ts';

/** Places before the proof, two pinned peers, and one of them may just be coming while its last connection goes. */
const SOCKETS_MAX = 64 + 2 + 2;

test('10,000 hostile connections from 200 addresses: whoever is pinned gets through, and nothing of them is left (NET-05, NET-06, ENV-06)', async () => {
  const { attack, before, during, after, cold, messages, sent } = await flood({
    total: 10_000,
    perSecond: 2_000,
  });
  expect(attack.opened).toBe(10_000);
  expect(attack.connected).toBeGreaterThan(5_000);
  expect(cold.length).toBeGreaterThan(0);
  expect(messages.length).toBeGreaterThan(0);
  expect(after.received).toBe(sent);
  expect(during.socketsMax).toBeLessThanOrEqual(SOCKETS_MAX);
  expect(after.sockets).toBe(before.sockets);
  expect(after.otherHandles).toBe(before.otherHandles);
}, 300_000);
