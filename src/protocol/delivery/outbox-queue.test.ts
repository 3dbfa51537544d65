import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../testing/memory-store.ts';
import { OutboxRig, rigId } from '../../testing/outbox-rig.ts';

const NEXT_EPOCH = new Uint8Array(16).fill(2);

/** All that goes out on one session, as `seq type`. */
function drain(rig: OutboxRig): readonly string[] {
  const { progress } = rig.connect({ stored: rig.outbox.settled });
  const sent: string[] = [];
  for (let rows = rig.send(progress); rows.length > 0; rows = rig.send(progress)) {
    sent.push(...rows.map((row) => `${row.seq} ${row.type}`));
    rig.ack(progress, rows.at(-1)?.seq ?? 0);
    rig.commit();
  }
  return sent;
}
const states = (rig: OutboxRig): readonly string[] => rig.store.sent('bob').map((message) => message.state);

describe('the tail, which is on the disk', () => {
  test('100,000 queued messages drain in order, a few hundred of them in memory at a time (DLV-11)', () => {
    const rig = OutboxRig.with(100_000);
    const { progress } = rig.connect();
    let next = 1;
    for (let rows = rig.send(progress); rows.length > 0; rows = rig.send(progress)) {
      for (const row of rows) if (row.seq !== next++) throw new Error(`${row.seq} out of turn`);
      rig.ack(progress, next - 1);
      rig.commit();
      expect(rig.outbox.rows.length).toBeLessThanOrEqual(512);
    }
    expect(next - 1).toBe(100_000);
    expect(rig.effects).toHaveLength(100_000);
    expect([rig.outbox.isEmpty, rig.outbox.waiting, rig.outbox.waitingBytes]).toEqual([true, 0, 0]);
  });

  test('what was queued in this very turn goes out with the next one', () => {
    const rig = OutboxRig.with(512);
    const { progress } = rig.connect();
    rig.send(progress);
    for (let n = 513; n <= 600; n++) rig.enqueue(n);
    rig.ack(progress, 256);
    const taken = [...rig.outbox.take(progress, rig.time, Number.POSITIVE_INFINITY)];
    expect(taken).toHaveLength(256);
    rig.pending.push(...rig.outbox.markSent(progress, taken));
    expect(rig.ack(progress, 512)).toHaveLength(256);
    expect([rig.outbox.take(progress, rig.time, 1_000_000), progress.hasMore], 'not committed').toEqual([
      [],
      true,
    ]);
    rig.commit();
    expect(rig.send(progress)).toHaveLength(88);
  });

  test('a message withdrawn there goes out as a void, committed or not, and cannot be withdrawn twice', () => {
    const rig = OutboxRig.with(1_000);
    for (const n of [700, 900, 901]) rig.apply(rig.outbox.withdraw(rigId(n), 0));
    expect(rig.outbox.withdraw(rigId(900), 0)).toBeUndefined();
    expect(rig.outbox.waiting).toBe(997);
    rig.commit();
    rig.apply(rig.outbox.withdraw(rigId(902), 0));
    const sent = drain(rig);
    expect(sent).toHaveLength(1_000);
    expect(sent.filter((row) => row.endsWith('void'))).toEqual([
      '700 void',
      '900 void',
      '901 void',
      '902 void',
    ]);
  });

  test('a text whose commit failed is withdrawn before the disk ever saw it', () => {
    const rig = OutboxRig.with(600);
    rig.enqueue(601);
    expect(rig.outbox.withdraw(rigId(601), 0, 'erased')?.changes).toMatchObject([
      { seq: 601, outcome: 'erased' },
    ]);
    expect(rig.outbox.withdraw(rigId(601), 0)).toBeUndefined();
    expect(rig.outbox.waiting).toBe(600);
  });

  test('thousands of withdrawals one by one are all remembered', () => {
    const rig = OutboxRig.with(8_000);
    for (let n = 1_000; n < 7_000; n++) {
      rig.apply(rig.outbox.withdraw(rigId(n), 0));
      if (n % 2_500 === 0) rig.commit();
    }
    rig.commit();
    expect(drain(rig).filter((row) => row.endsWith('text'))).toHaveLength(2_000);
  });

  test('in a numbering that is not committed yet nothing is mistaken for another message (DLV-09)', () => {
    const rig = OutboxRig.with(1_000);
    rig.apply(rig.outbox.withdraw(rigId(1), 0));
    rig.commit();
    rig.crash();
    rig.pending.push(...rig.outbox.startEpoch(NEXT_EPOCH));
    expect(rig.outbox.withdraw(rigId(900), 0), 'its new seq is not known').toBeUndefined();
    rig.commit();
    expect(rig.outbox.withdraw(rigId(900), 0)?.changes).toMatchObject([{ seq: 899, epoch: NEXT_EPOCH }]);
  });
});

describe('withdrawing all', () => {
  test('what never left becomes a void in one change, what left stays (DLV-13)', () => {
    const rig = OutboxRig.with(2_000);
    const { progress } = rig.connect();
    rig.send(progress);
    rig.ack(progress, 100);
    const withdrawn = rig.outbox.withdrawAll(7);
    rig.apply(withdrawn);
    expect(withdrawn).toMatchObject({
      count: 1_744,
      changes: [{ type: 'outbox-void-range', first: 257, last: 2_000, outcome: 'cancelled', atWall: 7 }],
    });
    expect(rig.outbox.waiting).toBe(156);
    rig.enqueue(2_001);
    expect(rig.outbox.withdrawAll(7)).toMatchObject({ count: 1 });
    rig.enqueue(2_002);
    rig.commit();
    const sent = drain(rig).filter((row) => row.endsWith('text'));
    expect(sent).toHaveLength(157);
    expect(sent.at(-1)).toBe('2002 text');
  });

  test('nothing to withdraw is no change', () => {
    const rig = OutboxRig.with(0);
    expect(rig.outbox.withdrawAll(0)).toEqual({ changes: [], effects: [], count: 0 });
  });
});

describe('erasing', () => {
  test('a message that left is gone as well: it goes out as a void from then on', () => {
    const rig = OutboxRig.with(600);
    rig.send(rig.connect().progress);
    const erased = rig.outbox.erase([rigId(2), rigId(2), rigId(599), rigId(9_999)], 0);
    rig.apply(erased);
    rig.commit();
    expect(erased.count).toBe(2);
    expect(rig.store.sent('bob').filter((message) => message.text === '')).toHaveLength(2);
    expect(drain(rig).filter((row) => row.endsWith('void'))).toEqual(['2 void', '599 void']);
  });

  test('a whole conversation is', () => {
    const rig = OutboxRig.with(600);
    const { progress } = rig.connect();
    rig.send(progress);
    rig.ack(progress, 10);
    const erased = rig.outbox.eraseAll(0);
    rig.apply(erased);
    rig.commit();
    expect([erased.count, rig.outbox.waiting, rig.outbox.waitingBytes]).toEqual([590, 0, 0]);
    expect(new Set(drain(rig).map((row) => row.split(' ')[1]))).toEqual(new Set(['void']));
    expect(rig.effects.filter((effect) => effect.type === 'delivered')).toHaveLength(10);
  });

  test('what was read for a repair is read again after something was erased', () => {
    const rig = OutboxRig.with(40);
    const first = rig.connect().progress;
    rig.send(first);
    rig.ack(first, 40);
    rig.commit();
    const { progress } = rig.connect();
    rig.send(progress, 520);
    let readings = 0;
    rig.store.outgoing = (...range) => {
      readings++;
      return MemoryStore.prototype.outgoing.apply(rig.store, range);
    };
    rig.send(progress, 520);
    expect(readings, 'one page holds them all').toBe(0);
    rig.outbox.erase([rigId(20)], 0);
    rig.send(progress, 520);
    expect(readings).toBe(1);
  });
});

describe('expiry', () => {
  const at = (expiresWall: number) => ({ expiresWall });

  test('what never left is given up when its time is over; what left is not (DLV-13)', () => {
    const rig = new OutboxRig();
    rig.nowWall = 50;
    rig.enqueue(1, at(100));
    rig.commit();
    rig.send(rig.connect().progress);
    rig.enqueue(2, at(100));
    rig.enqueue(3);
    rig.enqueue(4, at(200));
    rig.commit();
    expect(rig.outbox.nextExpiryWall).toBe(100);
    expect(rig.apply(rig.outbox.expire(100))).toMatchObject([
      { type: 'given-up', id: rigId(2), outcome: 'expired', reason: { code: 'expired' } },
    ]);
    rig.commit();
    expect(states(rig)).toEqual(['sent', 'expired', 'queued', 'queued']);
    rig.apply(rig.outbox.expire(100));
    expect(rig.outbox.nextExpiryWall).toBe(200);
    expect(rig.apply(rig.outbox.expire(200))).toHaveLength(1);
    rig.commit();
    expect(rig.outbox.expire(200)).toEqual({ changes: [], effects: [] });
    expect(rig.outbox.nextExpiryWall).toBeUndefined();
    expect(drain(rig)).toEqual(['1 text', '2 void', '3 text', '4 void']);
  });

  test('thousands expire some at a time, those on the disk too, each once, and none is forgotten', () => {
    const rig = new OutboxRig();
    for (let n = 1; n <= 3_000; n++) rig.enqueue(n, at(100));
    rig.commit();
    rig.crash();
    let turns = 0;
    expect(rig.apply(rig.outbox.expire(100)), 'those in memory at once').toHaveLength(512);
    rig.commit();
    while ((rig.outbox.nextExpiryWall ?? Number.POSITIVE_INFINITY) <= 100) {
      expect(rig.apply(rig.outbox.expire(100)).length).toBeLessThanOrEqual(64);
      rig.commit();
      turns++;
    }
    expect(turns).toBeGreaterThan(30);
    expect(rig.effects).toHaveLength(3_000);
    expect(rig.outbox.waiting).toBe(0);
  });

  test('what is not committed yet expires too: else it would leave with the turn that queues it', () => {
    const rig = new OutboxRig();
    rig.enqueue(1, at(100));
    expect(rig.apply(rig.outbox.expire(150))).toHaveLength(1);
    rig.commit();
    expect(drain(rig)).toEqual(['1 void']);
  });

  test('in the tail, what is not committed yet expires once it is', () => {
    const rig = OutboxRig.with(600);
    rig.enqueue(601, at(100));
    expect(rig.apply(rig.outbox.expire(150))).toEqual([]);
    expect(rig.outbox.nextExpiryWall).toBe(100);
    rig.commit();
    expect(rig.apply(rig.outbox.expire(150))).toHaveLength(1);
  });

  test('what comes into memory only while records are packed does not leave after its time', () => {
    const rig = new OutboxRig();
    rig.nowWall = 50;
    const plaintext = new Uint8Array(60_000);
    for (let n = 1; n <= 80; n++) rig.enqueue(n, { ...at(100), plaintext });
    rig.commit();
    const { progress } = rig.connect();
    rig.nowWall = 100;
    while ((rig.outbox.nextExpiryWall ?? Number.POSITIVE_INFINITY) <= 100 || progress.hasMore) {
      rig.apply(rig.outbox.expire(100));
      expect(rig.send(progress).every((row) => row.type === 'void')).toBe(true);
    }
    expect(rig.effects).toHaveLength(80);
  });

  test('what left early and counts as queued again expires after all', () => {
    const rig = new OutboxRig();
    rig.nowWall = 50;
    rig.enqueue(1, at(100));
    const progress = rig.outbox.newProgress(0);
    rig.announce(progress);
    rig.send(progress);
    rig.nowWall = 100;
    for (let turn = 0; turn < 2; turn++) expect(rig.apply(rig.outbox.expire(100)), 'it has left').toEqual([]);
    expect(rig.outbox.nextExpiryWall).toBeUndefined();
    rig.pending.push(...rig.outbox.forgetEarly(progress));
    expect(rig.outbox.nextExpiryWall).toBe(100);
    expect(rig.apply(rig.outbox.expire(100))).toHaveLength(1);
    rig.commit();
    expect(drain(rig)).toEqual(['1 void']);
  });

  test('while the disk refuses, it is not asked without end', () => {
    const rig = new OutboxRig();
    for (let n = 1; n <= 700; n++) rig.enqueue(n, at(100));
    rig.commit();
    for (let turn = 0; turn < 3; turn++) rig.apply(rig.outbox.expire(100));
    expect(rig.effects).toHaveLength(512);
    expect(rig.outbox.nextExpiryWall).toBe(1_100);
  });
});
