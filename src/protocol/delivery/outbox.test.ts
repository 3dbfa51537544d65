import { describe, expect, test } from 'vitest';
import { encodeUtf8 } from '../../base/index.ts';
import { idToBytes } from '../envelope/index.ts';
import type { Ready } from '../session/index.ts';
import { BUSY_PAUSE_MS, Outbox, QUEUE_BYTES_MAX } from './outbox.ts';

const EPOCH = new Uint8Array(16).fill(1);
const NEXT_EPOCH = new Uint8Array(16).fill(2);
const UNLIMITED = Number.POSITIVE_INFINITY;

const idOf = (n: number): string => `01890a5d-ac96-774b-bcce-${n.toString(16).padStart(12, '0')}`;
const seqs = (rows: readonly { readonly seq: number }[]): readonly number[] => rows.map((row) => row.seq);

function outboxOf(count: number): Outbox {
  const outbox = new Outbox('bob', EPOCH);
  for (let n = 1; n <= count; n++) enqueue(outbox, n);
  return outbox;
}
function enqueue(outbox: Outbox, n: number, bytes = 4): boolean {
  const plaintext = new Uint8Array(bytes).fill(97);
  return outbox.enqueue({ id: idOf(n), type: 'text', plaintext, timestamp: n }).ok;
}
function sessionOf(outbox: Outbox, holds: Partial<Ready> = {}) {
  const progress = outbox.newProgress();
  const result = outbox.onReady(progress, readyOf(holds));
  return { progress, result };
}
function readyOf(fields: Partial<Ready>): Ready {
  return {
    status: 'ok',
    clock: 0,
    maxVersion: 1,
    capabilities: 0,
    epoch: new Uint8Array(16).fill(9),
    peerEpoch: EPOCH,
    stored: 0,
    storedId: new Uint8Array(16),
    first: 1,
    last: 0,
    ...fields,
  };
}
function send(outbox: Outbox, progress: ReturnType<Outbox['newProgress']>, now = 0) {
  const rows = outbox.take(progress, now, UNLIMITED);
  outbox.markSent(progress, rows);
  return seqs(rows);
}
const ack = (
  cumulative: number,
  exceptions: { seq: number; status: 'refused' | 'busy' | 'unsupported' }[] = [],
) => ({
  cumulative,
  exceptions,
});

describe('what goes out', () => {
  test('a peer that has skipped what was settled before its time names no id, and that is no roll-back', () => {
    const outbox = outboxOf(5);
    const first = sessionOf(outbox);
    send(outbox, first.progress);
    outbox.onAck(first.progress, ack(4), 0);
    const { progress, result } = sessionOf(outbox, { stored: 4, storedId: new Uint8Array(16) });
    expect(result.ok).toBe(true);
    expect(send(outbox, progress)).toEqual([5]);
  });

  test('a session sends what the peer’s READY says it lacks, and nothing twice (DLV-01)', () => {
    const outbox = outboxOf(5);
    const first = sessionOf(outbox);
    expect(send(outbox, first.progress)).toEqual([1, 2, 3, 4, 5]);
    expect(send(outbox, first.progress)).toEqual([]);
    const second = sessionOf(outbox, { stored: 3, storedId: idToBytes(idOf(3)) });
    expect(send(outbox, second.progress)).toEqual([4, 5]);
  });

  test('what went out early is not sent again after READY, whatever was added meanwhile', () => {
    const outbox = outboxOf(2);
    const progress = outbox.newProgress();
    expect(send(outbox, progress)).toEqual([1, 2]);
    enqueue(outbox, 3);
    outbox.onReady(progress, readyOf({ peerEpoch: new Uint8Array(16) }));
    expect(send(outbox, progress)).toEqual([3]);
    expect(outbox.isInFlight(progress)).toBe(true);
  });

  test('a peer that knows another epoch of ours holds nothing of this one (DLV-09)', () => {
    const outbox = outboxOf(2);
    const { progress, result } = sessionOf(outbox, { peerEpoch: NEXT_EPOCH, stored: 40 });
    expect(result.ok).toBe(true);
    expect(send(outbox, progress)).toEqual([1, 2]);
  });

  test('a busy peer is asked again from the first message it had no room for, five seconds later', () => {
    const outbox = outboxOf(4);
    const { progress } = sessionOf(outbox);
    send(outbox, progress);
    outbox.onAck(progress, ack(1, [{ seq: 3, status: 'busy' }]), 1_000);
    expect(send(outbox, progress, 1_000 + BUSY_PAUSE_MS - 1)).toEqual([]);
    expect(send(outbox, progress, 1_000 + BUSY_PAUSE_MS)).toEqual([3, 4]);
  });

  test('a withdrawn message keeps its seq and id as a void; what has left cannot be withdrawn (PROTOCOL §7)', () => {
    const outbox = outboxOf(3);
    expect(outbox.withdraw(idOf(2))?.changes).toHaveLength(1);
    expect(outbox.withdraw(idOf(2)), 'twice').toBeUndefined();
    const { progress } = sessionOf(outbox);
    const rows = outbox.take(progress, 0, UNLIMITED);
    expect(rows.map(({ seq, id, type }) => [seq, id, type])).toEqual([
      [1, idOf(1), 'text'],
      [2, idOf(2), 'void'],
      [3, idOf(3), 'text'],
    ]);
    expect(rows[1]?.plaintext).toEqual(encodeUtf8('{}'));
    outbox.markSent(progress, rows);
    expect(outbox.withdraw(idOf(3))).toBeUndefined();
    expect(outbox.onAck(progress, ack(3), 0).effects).toEqual([
      { type: 'delivered', id: idOf(1) },
      { type: 'delivered', id: idOf(3) },
    ]);
    expect(outbox.isEmpty).toBe(true);
  });
});

describe('acks', () => {
  test('an ack settles in order, refusals of each kind with their own code', () => {
    const outbox = outboxOf(3);
    const { progress } = sessionOf(outbox);
    send(outbox, progress);
    const { effects } = outbox.onAck(
      progress,
      ack(3, [
        { seq: 1, status: 'refused' },
        { seq: 2, status: 'unsupported' },
      ]),
      0,
    );
    expect(effects).toMatchObject([
      { type: 'given-up', id: idOf(1), outcome: 'refused', reason: { code: 'message-refused' } },
      { type: 'given-up', id: idOf(2), outcome: 'refused', reason: { code: 'message-unsupported' } },
      { type: 'delivered', id: idOf(3) },
    ]);
  });

  test('an ack of what never left, was never numbered, or is settled already changes nothing (DLV-12, DLV-13)', () => {
    const outbox = outboxOf(300);
    const { progress } = sessionOf(outbox);
    expect(send(outbox, progress)).toHaveLength(256);
    for (const forged of [257, 300, 301, Number.MAX_SAFE_INTEGER]) {
      expect(outbox.onAck(progress, ack(forged), 0), `ack of ${forged}`).toEqual({
        changes: [],
        effects: [],
      });
    }
    expect(outbox.onAck(progress, ack(256), 0).effects).toHaveLength(256);
    expect(outbox.onAck(progress, ack(256), 0).effects).toEqual([]);
    expect(outbox.rows).toHaveLength(44);
  });
});

describe('a peer that remembers more than we do', () => {
  test.each([
    ['a seq that we never assigned', { stored: 6 }],
    ['another message under the last seq it holds', { stored: 3, storedId: idToBytes(idOf(99)) }],
  ])('%s: we were rolled back (DLV-09)', (_, holds) => {
    const { result } = sessionOf(outboxOf(5), holds);
    expect(result.ok ? '' : result.failure.code).toBe('rolled-back');
  });

  test('a new epoch numbers the unsettled from 1, keeps their ids, drops the withdrawn and frees their place (DLV-09)', () => {
    const outbox = outboxOf(4);
    const { progress } = sessionOf(outbox);
    send(outbox, progress);
    outbox.onAck(progress, ack(1), 0);
    enqueue(outbox, 5);
    outbox.withdraw(idOf(5));
    enqueue(outbox, 6);
    outbox.startEpoch(NEXT_EPOCH);
    expect(outbox.rows.map(({ seq, id }) => [seq, id])).toEqual([
      [1, idOf(2)],
      [2, idOf(3)],
      [3, idOf(4)],
      [4, idOf(6)],
    ]);
    expect(outbox.readyFields).toEqual({ epoch: NEXT_EPOCH, first: 1, last: 4 });
    expect(outbox.withdraw(idOf(2)), 'it left in the old epoch').toBeUndefined();
    expect(enqueue(outbox, 7)).toBe(true);
    expect(outbox.rows.at(-1)?.seq).toBe(5);
  });

  test('withdrawing and beginning new epochs leaks no room in the queue', () => {
    const outbox = outboxOf(0);
    for (let round = 0; round < 20; round++) {
      for (let n = 0; n < 1_000; n++) {
        enqueue(outbox, n + 1);
        outbox.withdraw(idOf(n + 1));
      }
      outbox.startEpoch(NEXT_EPOCH);
    }
    const fitting = Math.floor(QUEUE_BYTES_MAX / (1_024 + 512));
    for (let n = 1; n <= fitting; n++) expect(enqueue(outbox, n, 1_024), `message ${n}`).toBe(true);
    expect(enqueue(outbox, 0, 1_024)).toBe(false);
  });
});

describe('an envelope that the peer finds bad', () => {
  test('three times: the first message it lacks is failed and goes on as a void; the others stay', () => {
    const outbox = outboxOf(2);
    for (let time = 1; time <= 3; time++) {
      const { progress } = sessionOf(outbox);
      expect(send(outbox, progress)).toEqual([1, 2]);
      const { effects } = outbox.onBadEnvelope(progress);
      expect(effects.map((effect) => effect.type)).toEqual(time === 3 ? ['given-up'] : []);
    }
    expect(outbox.rows.map((row) => row.type)).toEqual(['void', 'text']);
  });

  test('a peer that complains of what this session has not sent is not believed', () => {
    const outbox = outboxOf(2);
    for (let time = 1; time <= 5; time++) {
      const { progress } = sessionOf(outbox);
      expect(outbox.onBadEnvelope(progress)).toEqual({ changes: [], effects: [] });
    }
    expect(outbox.rows.map((row) => row.type)).toEqual(['text', 'text']);
  });
});
