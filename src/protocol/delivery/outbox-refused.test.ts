import { describe, expect, test } from 'vitest';
import { CodedError } from '../../base/index.ts';
import { OutboxRig, rigId } from '../../testing/outbox-rig.ts';

const NEXT_EPOCH = new Uint8Array(16).fill(2);

/** All that goes out from now on, as `seq type`. */
function drain(rig: OutboxRig): readonly string[] {
  rig.commit();
  const { progress } = rig.connect({ peerEpoch: new Uint8Array(16) });
  const sent: string[] = [];
  for (let rows = rig.send(progress); rows.length > 0; rows = rig.send(progress)) {
    sent.push(...rows.map((row) => `${row.seq} ${row.type}`));
    rig.ack(progress, rows.at(-1)?.seq ?? 0);
    rig.commit();
  }
  return sent;
}

describe('a disk that refuses', () => {
  const takeBack = (rig: OutboxRig, n: number): number => {
    const erased = rig.outbox.erase([rigId(n)], 0);
    rig.apply(erased);
    return erased.count;
  };

  test('however many texts were queued in the turn that it refused, each is taken back, and the ledger is not asked (STO-04)', () => {
    const rig = new OutboxRig();
    for (let n = 1; n <= 6_000; n++) rig.enqueue(n);
    const readings = ['outgoing', 'findOutgoing', 'standing'] as const;
    for (const reading of readings)
      rig.store[reading] = () => {
        throw new Error('it cannot be read');
      };
    let taken = 0;
    for (let n = 1; n <= 6_000; n++) taken += takeBack(rig, n);
    expect([taken, rig.outbox.waiting, rig.outbox.waitingBytes]).toEqual([6_000, 0, 0]);
    for (const reading of readings) Reflect.deleteProperty(rig.store, reading);
    expect(drain(rig).every((row) => row.endsWith('void'))).toBe(true);
  });

  test('what is committed is not kept in memory', () => {
    const rig = new OutboxRig();
    for (let n = 1; n <= 6_000; n++) {
      rig.enqueue(n);
      rig.commit();
    }
    let asked = 0;
    const find = rig.store.findOutgoing.bind(rig.store);
    rig.store.findOutgoing = (id) => {
      asked++;
      return find(id);
    };
    for (let n = 1_000; n <= 4_000; n++) expect(takeBack(rig, n)).toBe(1);
    expect(asked).toBe(3_001);
  });

  test('a text is taken back though everything was numbered anew in the same turn (DLV-09)', () => {
    const rig = OutboxRig.with(800);
    for (const n of [1, 700, 800]) rig.apply(rig.outbox.withdraw(rigId(n), 0));
    for (let n = 801; n <= 2_900; n++) rig.enqueue(n);
    rig.apply(rig.outbox.withdraw(rigId(2_000), 0));
    rig.pending.push(...rig.outbox.startEpoch(NEXT_EPOCH));
    rig.enqueue(2_901);
    for (let n = 801; n <= 2_901; n++) expect(takeBack(rig, n)).toBe(n === 2_000 ? 0 : 1);
    expect(drain(rig).filter((row) => row.endsWith('text'))).toHaveLength(797);
    expect(rig.store.sent('bob').filter(({ state }) => state === 'erased')).toHaveLength(2_100);
  });
});

describe('a ledger that cannot be read in the middle of a step changes nothing', () => {
  /** The n-th reading from now on fails, and no other one. */
  const failAt = (rig: OutboxRig, which: 'outgoing' | 'findOutgoing', nth: number): void => {
    const read = rig.store[which].bind(rig.store) as (...given: readonly unknown[]) => never;
    let left = nth;
    rig.store[which] = (...given: readonly unknown[]) => {
      if (--left === 0) throw new CodedError({ code: 'home-unusable', message: 'a bad page' });
      return read(...given);
    };
  };
  const standing = ({ outbox }: OutboxRig) => [
    outbox.waiting,
    outbox.waitingBytes,
    outbox.settled,
    outbox.sent,
  ];

  test('an ack of what is not in memory', () => {
    const rig = OutboxRig.with(1_000);
    rig.send(rig.connect().progress);
    rig.send(rig.connect({ stored: 256 }).progress);
    rig.crash();
    const { progress } = rig.connect({ stored: 512 });
    const before = standing(rig);
    failAt(rig, 'outgoing', 2);
    expect(() => rig.ack(progress, 512)).toThrow('a bad page');
    expect(standing(rig)).toEqual(before);
    expect(rig.ack(progress, 512)).toHaveLength(512);
  });

  test('deleting several', () => {
    const rig = OutboxRig.with(3_000);
    rig.crash();
    const before = standing(rig);
    failAt(rig, 'findOutgoing', 3);
    const ids = [601, 602, 603, 604].map(rigId);
    expect(() => rig.outbox.erase(ids, 0)).toThrow('a bad page');
    expect(standing(rig)).toEqual(before);
    expect(rig.outbox.erase([...ids, ...ids], 0).count).toBe(4);
  });

  test('giving up what is over', () => {
    const rig = new OutboxRig();
    for (let n = 1; n <= 3_000; n++) rig.enqueue(n, { expiresWall: 100 });
    rig.commit();
    rig.crash();
    rig.apply(rig.outbox.expire(100));
    rig.commit();
    const before = standing(rig);
    failAt(rig, 'findOutgoing', 3);
    expect(() => rig.outbox.expire(100)).toThrow('a bad page');
    expect(standing(rig)).toEqual(before);
  });
});
