import { expect, test } from 'vitest';
import type { Failure } from '../../base/index.ts';
import { MemoryStore } from '../../testing/memory-store.ts';
import { OutboxRig, rigId } from '../../testing/outbox-rig.ts';
import type { OutboxStanding } from './ledger.ts';
import { QUEUE_BYTES_MAX, QUEUE_MESSAGES_MAX, WINDOW_BYTES_MAX, WINDOW_MESSAGES_MAX } from './limits.ts';
import { Outbox } from './outbox.ts';

const EPOCH = new Uint8Array(16);
const EMPTY: OutboxStanding = {
  epoch: EPOCH,
  assigned: 0,
  sent: 0,
  settled: 0,
  settledId: undefined,
  waiting: 0,
  waitingBytes: 0,
  nextExpiryWall: undefined,
};

/** An empty text, or the code of the failure. */
function refusalOf(standing: Partial<OutboxStanding>, bytes = 1): string {
  return failureOf(standing, bytes)?.code ?? '';
}
function failureOf(standing: Partial<OutboxStanding>, bytes = 1): Failure | undefined {
  const outbox = new Outbox('bob', new MemoryStore(), EPOCH, { ...EMPTY, ...standing });
  const plaintext = new Uint8Array(bytes);
  const queued = outbox.enqueue({ id: rigId(1), type: 'text', plaintext, timestamp: 0 });
  return queued.ok ? undefined : queued.failure;
}

test('at most 1,000,000 messages and 1 GiB wait for one contact', () => {
  expect(refusalOf({ assigned: QUEUE_MESSAGES_MAX - 1 })).toBe('');
  expect(refusalOf({ assigned: QUEUE_MESSAGES_MAX })).toBe('queue-full');
  expect(refusalOf({ assigned: QUEUE_MESSAGES_MAX, settled: 1 }), 'an ack makes room').toBe('');
  expect(refusalOf({ waitingBytes: QUEUE_BYTES_MAX - 512 - 10 }, 10)).toBe('');
  expect(refusalOf({ waitingBytes: QUEUE_BYTES_MAX - 512 - 10 }, 11)).toBe('queue-full');
});

test('a full queue says what fills it: withdrawn messages keep their numbers, not their bytes', () => {
  const withdrawn = failureOf({ assigned: QUEUE_MESSAGES_MAX, waiting: 0 });
  expect(withdrawn?.message).toBe(
    'Not queued: 1000000 messages already wait for bob, 1000000 of them withdrawn.',
  );
  expect(withdrawn?.hint).toContain('makes no room');
  const waiting = failureOf({ assigned: QUEUE_MESSAGES_MAX, waiting: QUEUE_MESSAGES_MAX });
  expect(waiting?.message).toBe('Not queued: 1000000 messages already wait for bob.');
  const long = failureOf({ assigned: 40, waiting: 30, waitingBytes: QUEUE_BYTES_MAX });
  expect(long?.message).toContain(
    '30 messages already wait for bob, and this one makes them more than 1 GiB',
  );
  expect(long?.hint).toContain('withdraw some');
});

test('at most 256 messages of a session are unacknowledged, then each ack lets as many through as it settles', () => {
  const rig = OutboxRig.with(1_000);
  const { progress } = rig.connect();
  expect(rig.send(progress)).toHaveLength(WINDOW_MESSAGES_MAX);
  expect(rig.send(progress)).toEqual([]);
  rig.ack(progress, 100);
  expect(rig.send(progress).map((row) => row.seq)).toEqual(
    Array.from({ length: 100 }, (_, index) => 257 + index),
  );
});

test('at most 1 MiB of a session is unacknowledged', () => {
  const rig = new OutboxRig();
  for (let n = 1; n <= 200; n++) rig.enqueue(n, { plaintext: new Uint8Array(32_768) });
  rig.commit();
  const { progress } = rig.connect();
  const bytes = rig.send(progress).reduce((sum, row) => sum + row.plaintext.length + 512, 0);
  expect(bytes).toBeLessThanOrEqual(WINDOW_BYTES_MAX);
  expect(bytes).toBeGreaterThan(WINDOW_BYTES_MAX - 40_000);
  expect(rig.send(progress)).toEqual([]);
});

test('in memory are at most 512 messages or 2 MiB, however many wait (DLV-11)', () => {
  const rig = OutboxRig.with(20_000);
  expect(rig.outbox.rows).toHaveLength(512);
  const long = new OutboxRig();
  for (let n = 1; n <= 500; n++) long.enqueue(n, { plaintext: new Uint8Array(32_768) });
  long.commit();
  expect(long.outbox.rows).toHaveLength(64);
  long.crash();
  expect(long.outbox.rows).toHaveLength(64);
});

test('sessions that die before an ack do not send further than memory has room for', () => {
  const rig = OutboxRig.with(2_000);
  for (let stored = 0; stored < 1_500; stored += 256) rig.send(rig.connect({ stored }).progress);
  expect(rig.outbox.sent).toBe(512);
  const { progress } = rig.connect({ stored: 512 });
  expect(rig.ack(progress, 512)).toHaveLength(512);
});

test('an ack of what was never sent settles nothing, though it is queued (FRM-07, DLV-12)', () => {
  const rig = OutboxRig.with(3);
  const { progress } = rig.connect();
  expect(rig.ack(progress, 1)).toEqual([]);
  rig.send(progress, 520);
  expect(rig.outbox.sent).toBe(1);
  expect(rig.ack(progress, 2)).toEqual([]);
  expect(rig.ack(progress, 1)).toHaveLength(1);
  expect(rig.outbox.waiting).toBe(2);
});

test('withdrawing and beginning new epochs leaks no room in the queue', () => {
  const rig = new OutboxRig();
  for (let round = 1; round <= 20; round++) {
    for (let n = 1; n <= 1_000; n++) rig.enqueue(round * 1_000 + n);
    expect(rig.outbox.withdrawAll(0).count).toBe(1_000);
    rig.outbox.startEpoch(new Uint8Array(16).fill(round));
  }
  expect([rig.outbox.waiting, rig.outbox.waitingBytes, rig.outbox.isEmpty]).toEqual([0, 0, true]);
});
