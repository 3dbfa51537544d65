import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodeUtf8, encodeUtf8, Secret, type Bytes } from '../../src/base/index.ts';
import type { Change, Store } from '../../src/engine/index.ts';
import { ROW_BYTES } from '../../src/protocol/delivery/index.ts';
import {
  ALL,
  DAY,
  EPOCH,
  KEY,
  NEXT_EPOCH,
  NEXT_PEER_EPOCH,
  NOW,
  OTHER_KEY,
  PEER_EPOCH,
  cancel,
  cancelRange,
  cursor,
  idOf,
  pass,
  peer,
  put,
  puts,
  receive,
  renumber,
  rowOf,
  sent,
  settle,
} from './contract-changes.ts';

/** A store under test: `reopen` is a new program on the same data. */
export interface OpenedStore {
  readonly store: Store;
  reopen(): OpenedStore | Promise<OpenedStore>;
  close(): void | Promise<void>;
}

/** What every store must do, whatever it stands on. */
export function describeStoreContract(name: string, open: () => OpenedStore | Promise<OpenedStore>): void {
  describe(`a store keeps what it is told: ${name}`, () => {
    let opened: OpenedStore;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(async () => {
      await opened.close();
    });

    const commit = (...changes: readonly Change[]): void => {
      opened.store.commit(changes);
    };
    /** Now, after the same changes again, and for the next program. */
    const always = async (changes: readonly Change[], check: (store: Store) => void): Promise<void> => {
      opened.store.commit(changes);
      check(opened.store);
      opened.store.commit(changes);
      check(opened.store);
      opened = await opened.reopen();
      check(opened.store);
    };
    const outbox = (store: Store) => {
      const standing = store.standing(peer)?.outbox;
      if (!standing) throw new Error('nothing is known of the outbox');
      return standing;
    };
    const inbox = (store: Store) => {
      const standing = store.standing(peer)?.inbox;
      if (!standing) throw new Error('nothing is known of the inbox');
      return standing;
    };
    const page = (
      store: Store,
      range: { epoch?: Bytes; after?: number; upTo?: number; limit?: number } = {},
    ): readonly string[] =>
      store
        .outgoing(peer, { epoch: EPOCH, after: 0, upTo: 1_000_000, limit: 1_000, ...range })
        .map(({ seq, id, type, plaintext }) => `${seq} ${type} ${decodeUtf8(plaintext)} ${id.slice(-2)}`);

    test('nothing is known of a stranger, and an unknown id stands nowhere', () => {
      const { store } = opened;
      expect(store.standing('nobody')).toBeUndefined();
      expect(store.correspondents()).toEqual([]);
      expect(page(store)).toEqual([]);
      expect(store.findOutgoing(idOf(1))).toBeUndefined();
      expect(store.seqOfIncoming(peer, idOf(1))).toBeUndefined();
      expect(store.expiring(peer, NOW, 10)).toEqual({ rows: [], nextWall: undefined });
      expect(store.repairableFrom(peer, KEY, ALL)).toBeUndefined();
    });

    describe('outgoing', () => {
      test('queued messages stand in order, with everything that they are (DLV-04)', async () => {
        const answer = put(2, 2, {
          replyTo: idOf(9),
          expiresWall: NOW + DAY,
          plaintext: encodeUtf8('héllo'),
        });
        await always([put(1), answer], (store) => {
          expect(page(store)).toEqual(['1 text text 1 01', '2 text héllo 02']);
          const [, row] = store.outgoing(peer, { epoch: EPOCH, after: 0, upTo: 2, limit: 2 });
          expect(row).toMatchObject({ replyTo: idOf(9), timestamp: NOW + 2, expiresWall: NOW + DAY });
          expect(outbox(store)).toMatchObject({
            epoch: EPOCH,
            assigned: 2,
            sent: 0,
            settled: 0,
            settledId: undefined,
            waiting: 2,
            waitingBytes: 2 * ROW_BYTES + 'text 1'.length + encodeUtf8('héllo').length,
            nextExpiryWall: NOW + DAY,
          });
          expect(store.findOutgoing(idOf(2))).toEqual({ peer, seq: 2 });
        });
      });

      test('an epoch that only READY has named is kept as well', async () => {
        await always([renumber(EPOCH, EPOCH)], (store) => {
          expect(outbox(store)).toMatchObject({ epoch: EPOCH, assigned: 0, settled: 0, waiting: 0 });
        });
      });

      test('pages have both ends and a limit, and another numbering is empty', () => {
        commit(...puts(10));
        const seqs = (range: Parameters<typeof page>[1]) =>
          page(opened.store, range).map((row) => Number(row.split(' ')[0]));
        expect(seqs({ after: 3, upTo: 6 })).toEqual([4, 5, 6]);
        expect(seqs({ after: 3, limit: 2 })).toEqual([4, 5]);
        expect(seqs({ after: 10 })).toEqual([]);
        expect(seqs({ epoch: NEXT_EPOCH })).toEqual([]);
      });

      test('contacts do not see one another’s messages', async () => {
        const other: Change = { type: 'outbox-put', peer: 'carol', epoch: NEXT_EPOCH, row: rowOf(1, 7) };
        await always([put(1), other], (store) => {
          expect(page(store)).toEqual(['1 text text 1 01']);
          expect(store.standing('carol')?.outbox).toMatchObject({ epoch: NEXT_EPOCH, assigned: 1 });
          expect(store.findOutgoing(idOf(7))).toEqual({ peer: 'carol', seq: 1 });
          expect([...store.correspondents()].sort()).toEqual([peer, 'carol']);
        });
      });

      test('how far messages have left is a mark, and what left early is taken back', async () => {
        await always([...puts(3), sent(3), sent(1)], (store) => {
          expect(outbox(store)).toMatchObject({ sent: 1, waiting: 3 });
        });
      });

      test('a withdrawn message keeps its seq and id, and nothing else', async () => {
        await always([...puts(3), cancel(2)], (store) => {
          expect(page(store)).toEqual(['1 text text 1 01', '2 void {} 02', '3 text text 3 03']);
          expect(outbox(store)).toMatchObject({
            assigned: 3,
            waiting: 2,
            waitingBytes: 2 * ('text 1'.length + ROW_BYTES),
          });
        });
      });

      test('a range is withdrawn as a whole, as far as it is unsettled, and another id is not touched (DLV-13)', async () => {
        const changes = [...puts(6), sent(2), settle(2), cancel(3, 9), cancelRange(1, 5)];
        await always(changes, (store) => {
          expect(page(store).map((row) => row.split(' ')[1])).toEqual([
            'text',
            'text',
            'void',
            'void',
            'void',
            'text',
          ]);
          expect(outbox(store)).toMatchObject({ assigned: 6, settled: 2, waiting: 1 });
        });
      });

      test('an ack settles everything up to it, once (DLV-13)', async () => {
        await always([...puts(4), sent(3), settle(3, { refused: [2] }), settle(1)], (store) => {
          expect(outbox(store)).toMatchObject({
            assigned: 4,
            sent: 3,
            settled: 3,
            settledId: idOf(3),
            waiting: 1,
            waitingBytes: 'text 4'.length + ROW_BYTES,
          });
          expect(store.findOutgoing(idOf(3))).toBeUndefined();
          expect(store.findOutgoing(idOf(4))).toEqual({ peer, seq: 4 });
        });
      });

      test('what is settled cannot be withdrawn any more (DLV-13)', async () => {
        await always([...puts(2), sent(2), settle(2), cancel(2)], (store) => {
          expect(page(store)[1]).toBe('2 text text 2 02');
        });
      });

      test('a new numbering begins at 1 with what is unsettled and not withdrawn, in the same order (DLV-09)', async () => {
        await always([...puts(5), sent(3), settle(1), cancel(4), renumber()], (store) => {
          expect(page(store)).toEqual([]);
          expect(page(store, { epoch: NEXT_EPOCH })).toEqual([
            '1 text text 2 02',
            '2 text text 3 03',
            '3 text text 5 05',
          ]);
          expect(outbox(store)).toMatchObject({
            epoch: NEXT_EPOCH,
            assigned: 3,
            sent: 2,
            settled: 0,
            settledId: undefined,
            waiting: 3,
          });
          expect(store.findOutgoing(idOf(5))).toEqual({ peer, seq: 3 });
          expect(store.repairableFrom(peer, KEY, ALL)).toBeUndefined();
        });
      });

      test('what names a former numbering changes nothing', () => {
        commit(...puts(3), renumber());
        commit(put(4), sent(3), settle(3), cancel(1), cancelRange(1, 3), renumber());
        expect(outbox(opened.store)).toMatchObject({
          epoch: NEXT_EPOCH,
          assigned: 3,
          sent: 0,
          settled: 0,
          waiting: 3,
        });
        expect(page(opened.store, { epoch: NEXT_EPOCH })[0]).toBe('1 text text 1 01');
      });

      test('a message that is queued anew has its old id and a new seq, and waits again', async () => {
        await always([put(1), sent(1), settle(1), put(2, 1)], (store) => {
          expect(page(store, { after: 1 })).toEqual(['2 text text 1 01']);
          expect(store.findOutgoing(idOf(1))).toEqual({ peer, seq: 2 });
          expect(outbox(store)).toMatchObject({ assigned: 2, settled: 1, waiting: 1 });
        });
      });

      test('what never left and is over comes in order, with the time of the next one', () => {
        const inDays = (days: number) => ({ expiresWall: NOW + days * DAY });
        commit(put(1, 1, inDays(1)), put(2, 2, inDays(1)), put(3), put(4, 4, inDays(2)));
        commit(put(5, 5, inDays(1)), put(6, 6, inDays(9)), sent(1), cancel(2));
        const over = (days: number, limit = 10) => {
          const { rows, nextWall } = opened.store.expiring(peer, NOW + days * DAY, limit);
          return { seqs: rows.map((row) => row.seq), nextWall };
        };
        expect(over(0)).toEqual({ seqs: [], nextWall: NOW + DAY });
        expect(over(1)).toEqual({ seqs: [5], nextWall: NOW + 2 * DAY });
        expect(over(2)).toEqual({ seqs: [4, 5], nextWall: NOW + 9 * DAY });
        expect(over(2, 1).seqs).toHaveLength(1);
        expect(over(10)).toEqual({ seqs: [4, 5, 6], nextWall: undefined });
      });
    });

    describe('repair', () => {
      const range = (sinceWall: number, limit = 1_000) => ({ sinceWall, limit });

      test('is offered to the key that acked, and to no other', () => {
        commit(...puts(6), sent(6), settle(2), settle(5, { key: OTHER_KEY }));
        expect(opened.store.repairableFrom(peer, KEY, ALL)).toBeUndefined();
        expect(opened.store.repairableFrom(peer, OTHER_KEY, ALL)).toBe(3);
        commit(settle(6, { key: KEY }));
        expect(opened.store.repairableFrom(peer, KEY, ALL)).toBe(6);
        expect(opened.store.repairableFrom(peer, OTHER_KEY, ALL)).toBeUndefined();
      });

      test('reaches back so far and to so many', async () => {
        commit(...puts(10), sent(10), settle(4, { atWall: NOW - 8 * DAY }));
        await always([settle(7, { atWall: NOW - DAY }), settle(9)], (store) => {
          expect(store.repairableFrom(peer, KEY, ALL)).toBe(1);
          expect(store.repairableFrom(peer, KEY, range(NOW - 7 * DAY))).toBe(5);
          expect(store.repairableFrom(peer, KEY, range(NOW))).toBe(8);
          expect(store.repairableFrom(peer, KEY, range(NOW + 1))).toBeUndefined();
          expect(store.repairableFrom(peer, KEY, range(0, 3))).toBe(7);
        });
      });

      test('has all the messages, withdrawn ones as a void', async () => {
        await always([...puts(3), cancel(2), sent(3), settle(3)], (store) => {
          expect(store.repairableFrom(peer, KEY, ALL)).toBe(1);
          expect(page(store, { upTo: 3 })).toEqual(['1 text text 1 01', '2 void {} 02', '3 text text 3 03']);
        });
      });
    });

    describe('incoming', () => {
      test('each message moves the cursor, and is known by its id for ever (DLV-01)', async () => {
        await always([cursor(0), receive(1), receive(2, 7), pass(3, 5)], (store) => {
          expect(inbox(store)).toEqual({
            epoch: PEER_EPOCH,
            stored: 3,
            storedId: idOf(5),
            largestId: idOf(7),
            refusals: [],
          });
          expect([1, 7, 5, 9].map((n) => store.seqOfIncoming(peer, idOf(n)))).toEqual([1, 2, 3, undefined]);
          expect(store.seqOfIncoming('carol', idOf(1))).toBeUndefined();
        });
      });

      test('what can no longer come is skipped', async () => {
        await always([cursor(4)], (store) => {
          expect(inbox(store)).toMatchObject({ stored: 4, storedId: undefined });
        });
        commit(receive(5), cursor(9));
        expect(inbox(opened.store)).toMatchObject({ stored: 9, storedId: undefined, largestId: idOf(5) });
      });

      test('refusals are remembered in order, until the peer numbers anew', async () => {
        await always([cursor(0), pass(1, 1, 'refused'), receive(2), pass(3, 3, 'unsupported')], (store) => {
          expect(inbox(store).refusals).toEqual([
            { seq: 1, status: 'refused' },
            { seq: 3, status: 'unsupported' },
          ]);
        });
        commit(cursor(0, NEXT_PEER_EPOCH));
        expect(inbox(opened.store).refusals).toEqual([]);
      });

      test('as many refusals as a peer may not have heard of are remembered', async () => {
        const seqs = Array.from({ length: 600 }, (_, index) => index + 1);
        await always([cursor(0), ...seqs.map((seq) => pass(seq, seq, 'refused'))], (store) => {
          expect(
            inbox(store)
              .refusals.map(({ seq }) => seq)
              .slice(-512),
          ).toEqual(seqs.slice(-512));
        });
      });

      test('ids of an earlier epoch are known, but at no seq (DLV-09)', async () => {
        commit(cursor(0), receive(1), pass(2), receive(3));
        await always([cursor(0, NEXT_PEER_EPOCH), pass(1, 3), receive(2, 4)], (store) => {
          expect(inbox(store)).toMatchObject({ epoch: NEXT_PEER_EPOCH, stored: 2, largestId: idOf(4) });
          expect([1, 2, 3, 4].map((n) => store.seqOfIncoming(peer, idOf(n)))).toEqual([0, 0, 1, 2]);
        });
      });

      test('one id under a second seq stands at the second one', async () => {
        await always([cursor(0), receive(1, 7), pass(2, 7)], (store) => {
          expect(store.seqOfIncoming(peer, idOf(7))).toBe(2);
        });
      });

      test('a commit says where it has put what came, in the order in which it came', () => {
        commit(cursor(0), receive(1), receive(2));
        const first = opened.store.positionOf(peer, idOf(1)) ?? 0;
        expect(first).toBeGreaterThan(0);
        expect(opened.store.positionOf(peer, idOf(2))).toBeGreaterThan(first);
        expect(opened.store.positionOf(peer, idOf(9))).toBeUndefined();
        commit(receive(1), receive(2));
        expect(opened.store.positionOf(peer, idOf(1)), 'the same once more').toBe(first);
      });

      test('the same id goes both ways without harm', async () => {
        await always([cursor(0), receive(1), put(1)], (store) => {
          expect(store.seqOfIncoming(peer, idOf(1))).toBe(1);
          expect(store.findOutgoing(idOf(1))).toEqual({ peer, seq: 1 });
        });
      });
    });

    test('everything of a turn is there together: trust, guesses, who reached us, what was shown', async () => {
      const trust: Change = {
        type: 'trust',
        record: {
          username: peer,
          pin: {
            key: KEY,
            psk: new Secret(new Uint8Array(32).fill(8)),
            confirmed: true,
            createdWall: NOW,
            lastSeenWall: NOW,
            verified: 'none',
            minVersion: 1,
            formerKeys: [],
          },
        },
      };
      const guesses: Change = { type: 'guesses', guesses: { buckets: new Map(), names: new Map() } };
      const changes: readonly Change[] = [
        trust,
        guesses,
        { type: 'reached-us', peer, atWall: NOW },
        cursor(0),
        receive(1),
        { type: 'shown', peer, id: idOf(1) },
        put(1),
      ];
      await always(changes, (store) => {
        expect(inbox(store).stored).toBe(1);
        expect(outbox(store).assigned).toBe(1);
      });
    });
  });
}
