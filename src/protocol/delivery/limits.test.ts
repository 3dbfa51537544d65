import { expect, test } from 'vitest';
import { WINDOW_BYTES_MAX, WINDOW_MESSAGES_MAX } from './limits.ts';
import { Outbox, QUEUE_BYTES_MAX } from './outbox.ts';

const UNLIMITED = Number.POSITIVE_INFINITY;

function outboxOf(
  count: number,
  bytes: number,
): { readonly outbox: Outbox; readonly queued: number; readonly refused: string } {
  const outbox = new Outbox('bob', new Uint8Array(16));
  let queued = 0;
  let refused = '';
  for (let i = 0; i < count; i++) {
    const id = `01890a5d-ac96-774b-bcce-${i.toString(16).padStart(12, '0')}`;
    const row = outbox.enqueue({ id, type: 'text', plaintext: new Uint8Array(bytes), timestamp: 0 });
    if (row.ok) queued++;
    else refused = row.failure.code;
  }
  return { outbox, queued, refused };
}

test('at most 8 MiB wait for one contact, and an ack makes room again', () => {
  const { outbox, queued, refused } = outboxOf(1_000, 32_768);
  expect(refused).toBe('queue-full');
  expect(queued).toBe(Math.floor(QUEUE_BYTES_MAX / (32_768 + 512)));
  const progress = outbox.newProgress();
  outbox.markSent(progress, outbox.take(progress, 0, UNLIMITED));
  outbox.onAck(progress, { cumulative: 1, exceptions: [] }, 0);
  const id = '01890a5d-ac96-774b-bcce-ffffffffffff';
  const again = outbox.enqueue({ id, type: 'text', plaintext: new Uint8Array(32_768), timestamp: 0 });
  expect(again.ok).toBe(true);
});

test('at most 256 messages of a session are unacknowledged, then each ack lets as many through as it settles', () => {
  const { outbox } = outboxOf(1_000, 10);
  const progress = outbox.newProgress();
  const first = outbox.take(progress, 0, UNLIMITED);
  expect(first).toHaveLength(WINDOW_MESSAGES_MAX);
  outbox.markSent(progress, first);
  expect(outbox.take(progress, 0, UNLIMITED)).toEqual([]);
  outbox.onAck(progress, { cumulative: 100, exceptions: [] }, 0);
  const next = outbox.take(progress, 0, UNLIMITED);
  expect(next.map((row) => row.seq)).toEqual(Array.from({ length: 100 }, (_, index) => 257 + index));
});

test('at most 1 MiB of a session is unacknowledged', () => {
  const { outbox } = outboxOf(200, 32_768);
  const progress = outbox.newProgress();
  const bytes = outbox.take(progress, 0, UNLIMITED).reduce((sum, row) => sum + row.plaintext.length + 512, 0);
  expect(bytes).toBeLessThanOrEqual(WINDOW_BYTES_MAX);
  expect(bytes).toBeGreaterThan(WINDOW_BYTES_MAX - 40_000);
  expect(outbox.take(progress, 0, UNLIMITED)).toEqual([]);
});

test('an ack of what was never sent settles nothing, though it is queued (FRM-07, DLV-12)', () => {
  const { outbox } = outboxOf(3, 10);
  const progress = outbox.newProgress();
  const [first] = outbox.take(progress, 0, UNLIMITED);
  expect(outbox.onAck(progress, { cumulative: 1, exceptions: [] }, 0).effects).toEqual([]);
  outbox.markSent(progress, first ? [first] : []);
  expect(outbox.onAck(progress, { cumulative: 2, exceptions: [] }, 0).effects).toEqual([]);
  expect(outbox.onAck(progress, { cumulative: 1, exceptions: [] }, 0).effects).toHaveLength(1);
  expect(outbox.rows).toHaveLength(2);
});
