import { describe, expect, test } from 'vitest';
import {
  approvePending,
  mayEnrol,
  openRepairWindow,
  settleEnrol,
  settleSession,
  TrustBook,
} from './trust.ts';
import type { TrustRecord } from './pin.ts';

const key = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const NOW = 1_700_000_000_000;
const WINDOW_MS = 600_000;

function bookOf(...records: readonly TrustRecord[]): TrustBook {
  return new TrustBook(records);
}
function enrol(
  record: TrustRecord,
  n: number,
  role: 'initiator' | 'responder' = 'responder',
  ...others: TrustRecord[]
) {
  const proven = { username: record.username, key: key(n), psk: key(100 + n), role } as const;
  return settleEnrol(bookOf(record, ...others), proven, NOW);
}

const bob: TrustRecord = { username: 'bob' };
const met = enrol(bob, 1)!.record;
const friend = settleSession(met, NOW);
const waiting = enrol(friend, 2)!.record;

describe('who may enrol', () => {
  test.each([
    ['P1: a name without a pin', bob, 1, true],
    ['P3: the pinned key, unconfirmed', met, 1, true],
    ['P2, P3: the pinned key, confirmed', friend, 1, false],
    ['P3: in a repair window', openRepairWindow(friend, NOW), 1, true],
    ['P3: after a repair window', openRepairWindow(friend, NOW - WINDOW_MS), 1, false],
    ['P4: another key', friend, 2, true],
    ['P4: the key that waits, again', waiting, 2, true],
    ['P4: a third key', waiting, 3, false],
  ])('%s', (_, record, n, expected) => {
    expect(mayEnrol(bookOf(record), 'bob', key(n), NOW)).toBe(expected);
  });

  test('P5: a key that is pinned or waits under another name may not', () => {
    expect(mayEnrol(bookOf(waiting), 'carol', key(1), NOW)).toBe(false);
    expect(mayEnrol(bookOf(waiting), 'carol', key(2), NOW)).toBe(false);
    expect(mayEnrol(bookOf(waiting), 'carol', key(3), NOW)).toBe(true);
  });
});

describe('what a completed enrol does', () => {
  test('P1: it pins, unconfirmed; P2: a session confirms for good', () => {
    expect(met.pin).toMatchObject({ key: key(1), confirmed: false, verified: 'none', createdWall: NOW });
    expect(friend.pin).toMatchObject({ key: key(1), confirmed: true });
  });

  test('P4: another key waits and leaves the pin alone; a third counts for nothing, in either role', () => {
    expect(waiting.pin).toEqual(friend.pin);
    expect(waiting.pending?.key).toEqual(key(2));
    expect([enrol(waiting, 3), enrol(waiting, 3, 'initiator')]).toEqual([undefined, undefined]);
    expect(enrol(waiting, 2)?.verdict).toBe('key-pending');
  });

  test('P5: it counts for nothing when the key belongs to another name, in either role', () => {
    const carol: TrustRecord = { username: 'carol' };
    expect(enrol(carol, 1, 'initiator', waiting)).toBeUndefined();
    expect(enrol(carol, 2, 'responder', waiting)).toBeUndefined();
  });

  test('P3: the dialler keeps a psk that was confirmed meanwhile; a repair window is used up', () => {
    expect(enrol(friend, 1, 'initiator')).toBeUndefined();
    expect(enrol(openRepairWindow(friend, NOW), 1, 'initiator')?.verdict).toBe('ok');
    const repaired = enrol(openRepairWindow(friend, NOW), 1)!.record;
    expect(repaired.repairUntilWall).toBeUndefined();
    expect(repaired.pin).toMatchObject({ confirmed: false, createdWall: NOW });
  });

  test('an approval makes the waiting key the pin, unconfirmed, and remembers the old one, sixteen at most', () => {
    let record = approvePending(waiting, NOW + 1);
    expect(record.pin).toMatchObject({
      key: key(2),
      confirmed: false,
      verified: 'approved',
      formerKeys: [{ key: key(1), untilWall: NOW + 1 }],
    });
    expect(record.pending).toBeUndefined();
    expect(approvePending(record, NOW)).toBe(record);
    for (let n = 3; n < 40; n++) record = approvePending(enrol(record, n)!.record, NOW);
    expect(record.pin?.formerKeys.map((former) => former.key[0])).toEqual(
      Array.from({ length: 16 }, (_, i) => 38 - i),
    );
  });
});

test('“last seen” is exact to a minute: until then a further session changes, and so writes, nothing', () => {
  expect(settleSession(friend, NOW + 59_999)).toBe(friend);
  expect(settleSession(friend, NOW + 60_000).pin?.lastSeenWall).toBe(NOW + 60_000);
  expect(settleSession(friend, NOW - 1).pin?.lastSeenWall, 'a clock that was set back').toBe(NOW - 1);
  expect(settleSession(met, NOW).pin?.confirmed, 'a confirmation is written at once').toBe(true);
});
