import { describe, expect, test } from 'vitest';
import { encodeUtf8 } from '../../base/index.ts';
import { OutboxRig, RIG_EPOCH, rigId } from '../../testing/outbox-rig.ts';
import { idToBytes } from '../envelope/index.ts';
import { BUSY_PAUSE_MS } from './limits.ts';
import type { OutboxRow } from './message.ts';

const NEXT_EPOCH = new Uint8Array(16).fill(2);
const STRANGE_EPOCH = new Uint8Array(16).fill(7);

const seqs = (rows: readonly OutboxRow[]): readonly number[] => rows.map((row) => row.seq);
const numbers = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('what goes out', () => {
  test('a session sends what the peer’s READY says it lacks, and nothing twice (DLV-01)', () => {
    const rig = OutboxRig.with(5);
    const first = rig.connect();
    expect(seqs(rig.send(first.progress))).toEqual([1, 2, 3, 4, 5]);
    expect(rig.send(first.progress)).toEqual([]);
    const second = rig.connect({ stored: 3, storedId: idToBytes(rigId(3)) });
    expect(seqs(rig.send(second.progress))).toEqual([4, 5]);
    expect(rig.ack(second.progress, 5), 'READY has settled nothing').toHaveLength(5);
  });

  test('a program that crashed sends again what was not acked, and nothing else (DLV-02, DLV-03, DLV-04)', () => {
    const rig = OutboxRig.with(5);
    const { progress } = rig.connect();
    rig.send(progress);
    rig.ack(progress, 2);
    rig.commit();
    rig.enqueue(6);
    rig.crash();
    expect([rig.outbox.sent, rig.outbox.settled, rig.outbox.waiting], '6 was never kept').toEqual([5, 2, 3]);
    expect(seqs(rig.send(rig.connect({ stored: 2, storedId: idToBytes(rigId(2)) }).progress))).toEqual([
      3, 4, 5,
    ]);
  });

  test('what went out early is not sent again after READY, whatever was added meanwhile', () => {
    const rig = OutboxRig.with(2);
    const progress = rig.outbox.newProgress(0);
    expect(rig.announce(progress)).toBe(1);
    expect(seqs(rig.send(progress))).toEqual([1, 2]);
    rig.enqueue(3);
    rig.ready(progress, { peerEpoch: new Uint8Array(16) });
    expect(seqs(rig.send(progress))).toEqual([3]);
    expect(rig.outbox.isInFlight(progress)).toBe(true);
    rig.ack(progress, 3);
    expect(rig.outbox.isInFlight(progress)).toBe(false);
  });

  test('what left early only, to a peer whose status was not 0, is queued as before (DLV-13)', () => {
    const rig = OutboxRig.with(2);
    const progress = rig.outbox.newProgress(0);
    rig.send(progress);
    expect(rig.outbox.withdraw(rigId(1), 0), 'it may be there').toBeUndefined();
    rig.pending.push(...rig.outbox.forgetEarly(progress));
    rig.commit();
    expect(rig.store.sent('bob').map((message) => message.state)).toEqual(['queued', 'queued']);
    expect(rig.outbox.withdraw(rigId(1), 0)).toBeDefined();
  });

  test('what left early on one session and for good on another one stays sent', () => {
    const rig = OutboxRig.with(2);
    const refused = rig.outbox.newProgress(0);
    rig.send(refused);
    rig.send(rig.connect().progress);
    expect(rig.outbox.forgetEarly(refused)).toEqual([]);
    expect(rig.outbox.sent).toBe(2);
  });

  test('a peer that knows another epoch of ours holds nothing of this one (DLV-09)', () => {
    const rig = OutboxRig.with(2);
    const { progress, failure } = rig.connect({ peerEpoch: NEXT_EPOCH, stored: 40 });
    expect(failure).toBe('');
    expect(seqs(rig.send(progress))).toEqual([1, 2]);
  });

  test('a busy peer is asked again from the first message it had no room for, five seconds later', () => {
    const rig = OutboxRig.with(4);
    const { progress } = rig.connect();
    rig.send(progress);
    rig.ack(progress, 1, [{ seq: 3, status: 'busy' }]);
    rig.now = BUSY_PAUSE_MS - 1;
    expect(rig.send(progress)).toEqual([]);
    rig.now = BUSY_PAUSE_MS;
    expect(seqs(rig.send(progress))).toEqual([3, 4]);
  });

  test('READY’s epoch is committed before it is said, once', () => {
    const rig = new OutboxRig();
    rig.announce(rig.outbox.newProgress(0));
    rig.commit();
    expect(rig.store.standing('bob')?.outbox?.epoch).toEqual(RIG_EPOCH);
    rig.announce(rig.outbox.newProgress(0));
    expect(rig.pending).toEqual([]);
  });
});

describe('acks', () => {
  test('an ack settles in order, refusals of each kind with their own code', () => {
    const rig = OutboxRig.with(3);
    const { progress } = rig.connect();
    rig.send(progress);
    const effects = rig.ack(progress, 3, [
      { seq: 1, status: 'refused' },
      { seq: 2, status: 'unsupported' },
    ]);
    expect(effects).toMatchObject([
      { type: 'given-up', id: rigId(1), outcome: 'refused', reason: { code: 'message-refused' } },
      { type: 'given-up', id: rigId(2), outcome: 'refused', reason: { code: 'message-unsupported' } },
      { type: 'delivered', id: rigId(3), timestamp: 3 },
    ]);
    expect(rig.pending).toMatchObject([
      { type: 'outbox-settle', seq: 3, id: rigId(3), refused: [{ seq: 1 }, { seq: 2 }] },
    ]);
  });

  test('an ack of what never left, was never numbered, or is settled already changes nothing (DLV-12, DLV-13)', () => {
    const rig = OutboxRig.with(300);
    const { progress } = rig.connect();
    expect(rig.send(progress)).toHaveLength(256);
    for (const forged of [257, 300, 301, Number.MAX_SAFE_INTEGER])
      expect(rig.ack(progress, forged), `ack of ${forged}`).toEqual([]);
    expect(rig.pending).toEqual([]);
    expect(rig.ack(progress, 256)).toHaveLength(256);
    expect(rig.ack(progress, 256)).toEqual([]);
    expect(rig.outbox.waiting).toBe(44);
  });

  test('an ack is committed as the key’s that gave it', () => {
    const rig = OutboxRig.with(1);
    const { progress } = rig.connect();
    rig.send(progress);
    const key = new Uint8Array(32).fill(8);
    rig.ack(progress, 1, [], key);
    expect(rig.pending).toMatchObject([{ type: 'outbox-settle', key }]);
  });
});

describe('a peer that remembers more than we do', () => {
  test.each([
    ['a seq that we never assigned', { stored: 6 }],
    ['another message under the last seq it holds', { stored: 3, storedId: idToBytes(rigId(99)) }],
  ])('%s: we were rolled back (DLV-09)', (_, holds) => {
    expect(OutboxRig.with(5).connect(holds).failure).toBe('rolled-back');
  });

  test('another message under a seq that is settled, or far down the queue: also then (DLV-09)', () => {
    const rig = OutboxRig.with(2_000);
    const { progress } = rig.connect();
    rig.send(progress);
    rig.ack(progress, 200);
    rig.commit();
    for (const stored of [7, 200, 1_999]) {
      expect(rig.connect({ stored, storedId: idToBytes(rigId(3_000)) }).failure, `at ${stored}`).toBe(
        'rolled-back',
      );
      // What never left cannot be there, unless this store was put back to an earlier state.
      const isForgotten = stored === 1_999 ? 'rolled-back' : '';
      expect(rig.connect({ stored, storedId: idToBytes(rigId(stored)) }).failure, `at ${stored}`).toBe(
        isForgotten,
      );
    }
  });

  test('a new epoch numbers the unsettled from 1, keeps their ids, drops the withdrawn and frees their place (DLV-09)', () => {
    const rig = OutboxRig.with(4);
    const { progress } = rig.connect();
    rig.send(progress);
    rig.ack(progress, 1);
    rig.enqueue(5);
    rig.apply(rig.outbox.withdraw(rigId(5), 0));
    rig.enqueue(6);
    rig.pending.push(...rig.outbox.startEpoch(NEXT_EPOCH));
    expect(rig.outbox.rows.map(({ seq, id }) => [seq, id])).toEqual([
      [1, rigId(2)],
      [2, rigId(3)],
      [3, rigId(4)],
      [4, rigId(6)],
    ]);
    expect(rig.outbox.withdraw(rigId(2), 0), 'it left in the old epoch').toBeUndefined();
    expect(rig.outbox.withdraw(rigId(6), 0)).toBeDefined();
    rig.enqueue(7);
    rig.commit();
    expect(rig.outbox.rows.at(-1)?.seq).toBe(5);
    const mine = rig.outbox.newProgress(0);
    expect(rig.outbox.readyFields(mine, new Uint8Array(32), 0).fields).toEqual({
      epoch: NEXT_EPOCH,
      first: 1,
      last: 5,
    });
  });
});

describe('repair', () => {
  /** Ten messages, all delivered a day ago. */
  function delivered(count = 10): OutboxRig {
    const rig = OutboxRig.with(count);
    const { progress } = rig.connect();
    for (let to = 0; to < count;) {
      to = rig.send(progress).at(-1)?.seq ?? count;
      rig.ack(progress, to);
      rig.commit();
    }
    rig.nowWall += 86_400_000;
    rig.now += 86_400_000;
    rig.effects.splice(0);
    return rig;
  }

  test('what the peer had acked and lost goes out once more, before the rest, and the person is told', () => {
    const rig = delivered();
    rig.enqueue(11);
    const { progress } = rig.connect({ stored: 6, storedId: idToBytes(rigId(6)) });
    expect(rig.effects).toEqual([{ type: 'lost-by-peer', count: 4, resent: 4 }]);
    expect(seqs(rig.send(progress))).toEqual([7, 8, 9, 10, 11]);
    expect(rig.outbox.isInFlight(progress)).toBe(true);
    expect(rig.ack(progress, 8), 'they are delivered already (DLV-13)').toEqual([]);
    expect(rig.outbox.isInFlight(progress)).toBe(true);
    expect(rig.ack(progress, 11)).toEqual([{ type: 'delivered', id: rigId(11), timestamp: 11 }]);
    expect(rig.outbox.isInFlight(progress)).toBe(false);
  });

  test('a peer whose database is a new one gets everything that may be repaired', () => {
    const rig = delivered();
    const { progress } = rig.connect({ peerEpoch: new Uint8Array(16) });
    expect(seqs(rig.send(progress))).toEqual(numbers(1, 10));
    expect(rig.effects).toEqual([{ type: 'lost-by-peer', count: 10, resent: 10 }]);
  });

  test('another key gets nothing of what was acked, and first says so', () => {
    const rig = delivered();
    rig.enqueue(11);
    const progress = rig.outbox.newProgress(rig.now);
    expect(rig.announce(progress, new Uint8Array(32).fill(99))).toBe(11);
    rig.ready(progress, { peerEpoch: STRANGE_EPOCH });
    expect(seqs(rig.send(progress))).toEqual([11]);
    expect(rig.effects).toEqual([{ type: 'lost-by-peer', count: 10, resent: 0 }]);
  });

  test('at most 1,000 go out by themselves, paged, and no more than the window allows at once', () => {
    const rig = delivered(1_500);
    const progress = rig.outbox.newProgress(rig.now);
    expect(rig.announce(progress)).toBe(501);
    rig.ready(progress, { peerEpoch: new Uint8Array(16) });
    expect(rig.effects).toEqual([{ type: 'lost-by-peer', count: 1_500, resent: 1_000 }]);
    const resent: number[] = [];
    for (let rows = rig.send(progress); rows.length > 0; rows = rig.send(progress)) {
      expect(rows.length).toBeLessThanOrEqual(256);
      resent.push(...seqs(rows));
      rig.ack(progress, resent.at(-1) ?? 0);
    }
    expect(resent).toEqual(numbers(501, 1_500));
  });

  test('what went out early waits at the peer for the repair, and does not go out twice', () => {
    const rig = delivered(400);
    for (const n of [401, 402, 403]) rig.enqueue(n);
    const progress = rig.outbox.newProgress(rig.now);
    rig.announce(progress);
    expect(seqs(rig.send(progress))).toEqual([401, 402, 403]);
    rig.enqueue(404);
    rig.ready(progress, { stored: 100, storedId: idToBytes(rigId(100)) });
    expect(seqs(rig.send(progress))).toEqual(numbers(101, 353));
    rig.ack(progress, 353);
    expect(seqs(rig.send(progress))).toEqual([...numbers(354, 400), 404]);
    expect(rig.ack(progress, 404)).toHaveLength(4);
    expect(rig.outbox.isInFlight(progress)).toBe(false);
  });

  test('after seven days nothing does', () => {
    const rig = delivered();
    rig.nowWall += 6 * 86_400_000;
    expect(rig.announce(rig.outbox.newProgress(rig.now))).toBe(1);
    rig.nowWall += 1;
    expect(rig.announce(rig.outbox.newProgress(rig.now))).toBe(11);
  });

  test('what a peer shows from its memory alone comes to it as void the second time', () => {
    const rig = delivered(3);
    rig.enqueue(4);
    const { progress } = rig.connect({ peerEpoch: new Uint8Array(16), capabilities: 1 });
    expect(rig.send(progress).map((row) => [row.id, row.type])).toEqual([
      [rigId(1), 'void'],
      [rigId(2), 'void'],
      [rigId(3), 'void'],
      [rigId(4), 'text'],
    ]);
    expect(rig.effects).toEqual([]);
  });

  test('an ack that overtook the peer’s READY on another connection is no loss', () => {
    const rig = OutboxRig.with(3);
    const carrier = rig.connect().progress;
    rig.send(carrier);
    const second = rig.outbox.newProgress(rig.now);
    rig.now += 1;
    rig.ack(carrier, 3);
    rig.commit();
    rig.effects.splice(0);
    rig.announce(second);
    rig.ready(second, { stored: 1, storedId: idToBytes(rigId(1)) });
    expect(rig.effects).toEqual([]);
  });

  test('a busy peer gets a repair again from where it had no room', () => {
    const rig = delivered();
    const { progress } = rig.connect({ stored: 2, storedId: idToBytes(rigId(2)) });
    rig.send(progress);
    rig.ack(progress, 4, [{ seq: 6, status: 'busy' }]);
    rig.now += BUSY_PAUSE_MS;
    expect(seqs(rig.send(progress))).toEqual([6, 7, 8, 9, 10]);
  });

  test('a message that was queued anew has its id and a new seq', () => {
    const rig = delivered(2);
    rig.enqueue(1);
    rig.commit();
    const { progress } = rig.connect({ stored: 2, storedId: idToBytes(rigId(2)) });
    expect(rig.send(progress).map(({ seq, id }) => [seq, id])).toEqual([[3, rigId(1)]]);
  });
});

describe('an envelope that the peer finds bad', () => {
  test('three times: the first message it lacks is failed and goes on as a void; the others stay', () => {
    const rig = OutboxRig.with(2);
    for (let time = 1; time <= 3; time++) {
      const { progress } = rig.connect();
      expect(seqs(rig.send(progress))).toEqual([1, 2]);
      const effects = rig.apply(rig.outbox.onBadEnvelope(progress, 0));
      expect(effects.map((effect) => effect.type)).toEqual(time === 3 ? ['given-up'] : []);
    }
    expect(rig.outbox.rows.map((row) => row.type)).toEqual(['void', 'text']);
  });

  test('a peer that complains of what this session has not sent is not believed', () => {
    const rig = OutboxRig.with(2);
    for (let time = 1; time <= 5; time++) {
      const { progress } = rig.connect();
      expect(rig.outbox.onBadEnvelope(progress, 0)).toEqual({ changes: [], effects: [] });
    }
    expect(rig.outbox.rows.map((row) => row.type)).toEqual(['text', 'text']);
  });

  test('a repaired one goes out as a void after three times, and stays delivered (DLV-13)', () => {
    const rig = OutboxRig.with(2);
    const { progress } = rig.connect();
    rig.send(progress);
    rig.ack(progress, 2);
    rig.commit();
    const types = () => {
      const again = rig.connect().progress;
      const sent = rig.send(again).map((row) => row.type);
      expect(rig.apply(rig.outbox.onBadEnvelope(again, 0))).toEqual([]);
      return sent;
    };
    expect([types(), types(), types(), types()].at(-1)).toEqual(['void', 'text']);
    expect(rig.store.sent('bob').map((message) => message.state)).toEqual(['delivered', 'delivered']);
  });
});

test('a withdrawn message keeps its seq and id as a void; what has left cannot be withdrawn (PROTOCOL §7)', () => {
  const rig = OutboxRig.with(3);
  expect(rig.outbox.withdraw(rigId(2), 0)?.changes).toHaveLength(1);
  expect(rig.outbox.withdraw(rigId(2), 0), 'twice').toBeUndefined();
  const { progress } = rig.connect();
  const rows = rig.send(progress);
  expect(rows.map(({ seq, id, type }) => [seq, id, type])).toEqual([
    [1, rigId(1), 'text'],
    [2, rigId(2), 'void'],
    [3, rigId(3), 'text'],
  ]);
  expect(rows[1]?.plaintext).toEqual(encodeUtf8('{}'));
  expect(rig.outbox.withdraw(rigId(3), 0)).toBeUndefined();
  expect(rig.ack(progress, 3)).toMatchObject([
    { type: 'delivered', id: rigId(1) },
    { type: 'delivered', id: rigId(3) },
  ]);
  expect(rig.outbox.isEmpty).toBe(true);
});
