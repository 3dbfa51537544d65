import { array, assert, constantFrom, integer, oneof, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CodedError, encodeUtf8 } from '../../base/index.ts';
import { encodeItem, RECORD_ITEMS_MAX, type Ready } from '../session/index.ts';
import { MemoryStore } from '../../testing/memory-store.ts';
import { Inbox } from './inbox.ts';
import type { Decision } from './message.ts';

const EPOCH = new Uint8Array(16).fill(1);
const NEXT_EPOCH = new Uint8Array(16).fill(2);
const ANEW = { type: 'peer-restarted', isFromCopy: false };

const idOf = (n: number): string => `01890a5d-ac96-774b-bcce-${n.toString(16).padStart(12, '0')}`;

function readyOf(epoch: Uint8Array, first = 1): Ready {
  const none = new Uint8Array(16);
  return {
    status: 'ok',
    clock: 0,
    maxVersion: 1,
    capabilities: 0,
    epoch,
    peerEpoch: none,
    stored: 0,
    storedId: none,
    first,
    last: 0,
  };
}
function inboxOf(first = 1): Inbox {
  const inbox = new Inbox('alice', new MemoryStore());
  inbox.onReady(readyOf(EPOCH, first));
  return inbox;
}
/** What is shown, or the code of the failure. */
function receive(
  inbox: Inbox,
  seq: number,
  id = seq,
  text = `text ${id}`,
  type = 'text',
): readonly string[] | string {
  const result = inbox.onMessage({ seq, id: idOf(id), type, timestamp: 0 }, encodeUtf8(text), 0);
  if (!result.ok) return result.failure.code;
  return result.value.effects.map((effect) =>
    effect.type === 'received' ? new TextDecoder().decode(effect.row.plaintext) : effect.type,
  );
}

test('in any order and any number of times, each message is shown once, in the sender’s order (DLV-06, DLV-07)', () => {
  assert(
    property(array(integer({ min: 1, max: 12 }), { maxLength: 60 }), (arrivals) => {
      const inbox = inboxOf();
      const shown = arrivals.flatMap((seq) => receive(inbox, seq));
      let contiguous = 0;
      while (arrivals.includes(contiguous + 1)) contiguous++;
      expect(shown).toEqual(Array.from({ length: contiguous }, (_, index) => `text ${index + 1}`));
      expect(inbox.ack(false, 0).cumulative, 'nothing above a gap is acked').toBe(contiguous);
    }),
  );
});

test('without room a new message is left to its sender, who sends it again; a repeat is told as ever (DLV-05)', () => {
  const inbox = inboxOf();
  receive(inbox, 1);
  const take = (seq: number, hasRoom: boolean) => {
    const header = { seq, id: idOf(seq), type: 'text', timestamp: 0 };
    return inbox.onMessage(header, encodeUtf8('text'), 0, hasRoom);
  };
  for (const seq of [1, 2, 3]) {
    expect(take(seq, false)).toEqual({ ok: true, value: { changes: [], effects: [], isRepeat: seq === 1 } });
  }
  const busy = [2, 3].map((seq) => ({ seq, status: 'busy' }));
  expect(inbox.ack(false, 0)).toEqual({ cumulative: 1, exceptions: busy });
  expect(take(2, true)).toMatchObject({ value: { effects: [{ type: 'received' }] } });
  expect(inbox.ack(false, 0)).toEqual({ cumulative: 2, exceptions: [] });
});

describe('one seq, one id (DLV-08)', () => {
  test('a seq that is stored is not given to a second id: not the last one, not an earlier one, not a new id', () => {
    const inbox = inboxOf();
    for (const seq of [1, 2, 3]) receive(inbox, seq);
    expect(receive(inbox, 3, 9)).toBe('message-seq-reused');
    expect(receive(inbox, 1, 9)).toBe('message-seq-reused');
    expect(receive(inbox, 2, 3)).toBe('message-seq-reused');
    expect(receive(inbox, 2, 2), 'the honest repeat').toEqual([]);
  });

  test('while a message waits for a gap the first content wins, and another id is refused', () => {
    const inbox = inboxOf();
    receive(inbox, 2, 2, 'first');
    expect(receive(inbox, 2, 2, 'second')).toEqual([]);
    expect(receive(inbox, 2, 3, 'third')).toBe('message-seq-reused');
    expect(receive(inbox, 1)).toEqual(['text 1', 'first']);
  });

  test('one id under two seqs is shown once, and both are acked', () => {
    const inbox = inboxOf();
    expect([receive(inbox, 1, 7), receive(inbox, 2, 7, 'again')]).toEqual([['text 7'], []]);
    expect(inbox.ack(false, 0).cumulative).toBe(2);
  });
});

describe('epochs (DLV-09)', () => {
  test('a new epoch starts at 1, is said, and shows no id a second time', () => {
    const inbox = inboxOf();
    for (const seq of [1, 2, 3]) receive(inbox, seq);
    expect(inbox.onReady(readyOf(NEXT_EPOCH)).effects).toEqual([ANEW]);
    expect(inbox.readyFields).toMatchObject({ peerEpoch: NEXT_EPOCH, stored: 0, storedId: undefined });
    expect([receive(inbox, 1, 3), receive(inbox, 2, 4)]).toEqual([[], ['text 4']]);
    expect(inbox.ack(false, 0).cumulative).toBe(2);
  });

  test('a gap is said when the epoch is known, and only then', () => {
    const stranger = new Inbox('alice', new MemoryStore());
    expect(stranger.onReady(readyOf(EPOCH, 5)).effects).toEqual([]);
    expect(stranger.onReady(readyOf(EPOCH, 8)).effects).toEqual([{ type: 'missing', count: 3 }]);
    expect(stranger.onReady(readyOf(NEXT_EPOCH, 3)).effects).toEqual([ANEW]);
    expect(receive(stranger, 3)).toEqual(['text 3']);
  });

  test('our own READY says what was stored before the gap was skipped, so that the sender learns of its loss', () => {
    const inbox = inboxOf();
    receive(inbox, 1);
    const known = { peerEpoch: EPOCH, stored: 1, storedId: idOf(1) };
    expect(inbox.onReady(readyOf(EPOCH, 5)).fields).toEqual(known);
    expect(inbox.readyFields.stored, 'on the next session').toBe(4);
    const anew = { peerEpoch: NEXT_EPOCH, stored: 0, storedId: undefined };
    expect(inbox.onReady(readyOf(NEXT_EPOCH, 3)).fields).toEqual(anew);
  });

  test('what waited behind a gap is shown when the peer says that the gap stays', () => {
    const inbox = inboxOf();
    receive(inbox, 1);
    receive(inbox, 4);
    expect(inbox.onReady(readyOf(EPOCH, 4)).effects.map((effect) => effect.type)).toEqual([
      'missing',
      'received',
    ]);
    expect(inbox.readyFields.stored).toBe(4);
  });
});

describe('what is refused', () => {
  test('an over-long text, an empty one and half a character are refused for good, an unknown type is unsupported (FRM-08)', () => {
    const inbox = inboxOf();
    expect(receive(inbox, 1, 1, 'x'.repeat(32_769))).toEqual([]);
    expect(receive(inbox, 2, 2, '')).toEqual([]);
    inbox.onMessage({ seq: 3, id: idOf(3), type: 'text', timestamp: 0 }, Uint8Array.of(0xff), 0);
    expect(receive(inbox, 4, 4, '{}', 'reaction')).toEqual([]);
    expect(receive(inbox, 5)).toEqual(['text 5']);
    const exceptions = [
      { seq: 1, status: 'refused' },
      { seq: 2, status: 'refused' },
      { seq: 3, status: 'refused' },
      { seq: 4, status: 'unsupported' },
    ];
    expect(inbox.ack(true, 0)).toEqual({ cumulative: 5, exceptions });
    expect(inbox.ack(false, 5).exceptions, 'said once a session').toEqual([]);
    expect(inbox.ack(true, 0).exceptions, 'and again in the next one’s first ack').toEqual(exceptions);
    inbox.onReady(readyOf(EPOCH, 4));
    expect(inbox.ack(true, 0).exceptions, 'until the peer has settled it').toEqual([exceptions[3]]);
  });

  test('as many refusals as a sender may have under way are told, in an ack that fits its record, also after a restart', () => {
    const store = new MemoryStore();
    const inbox = new Inbox('alice', store);
    const all = [inbox.onReady(readyOf(EPOCH)).changes];
    for (let seq = 1; seq <= 512; seq++) {
      const header = { id: idOf(seq), seq, type: 'text', timestamp: 0 };
      const decided = inbox.onMessage(header, new Uint8Array(0), 0);
      if (decided.ok) all.push(decided.value.changes);
    }
    store.commit(all.flat());
    for (const each of [inbox, new Inbox('alice', store, store.standing('alice')?.inbox)]) {
      const ack = each.ack(true, 0);
      expect(ack.exceptions.map(({ seq }) => seq)).toEqual(
        Array.from({ length: 512 }, (_, index) => index + 1),
      );
      expect(encodeItem({ type: 'ack', ack }).length).toBeLessThan(RECORD_ITEMS_MAX);
    }
  });

  test('a void is stored and not shown', () => {
    const inbox = inboxOf();
    expect([receive(inbox, 1, 1, '{}', 'void'), inbox.ack(false, 0)]).toEqual([
      [],
      { cumulative: 1, exceptions: [] },
    ]);
  });

  test('behind a gap 256 messages wait; what is more is told to come later, in an ack that fits its record', () => {
    const inbox = inboxOf();
    for (let seq = 2; seq <= 20_000; seq++) expect(receive(inbox, seq)).toEqual([]);
    const ack = inbox.ack(false, 0);
    expect(ack.exceptions[0]).toEqual({ seq: 258, status: 'busy' });
    expect(encodeItem({ type: 'ack', ack }).length).toBeLessThan(RECORD_ITEMS_MAX);
    expect(receive(inbox, 1)).toHaveLength(257);
    expect(receive(inbox, 258)).toEqual(['text 258']);
  });

  test('behind a gap a megabyte waits, however few messages that is', () => {
    const inbox = inboxOf();
    for (let seq = 2; seq <= 60; seq++) receive(inbox, seq, seq, 'x'.repeat(30_000));
    expect(inbox.ack(false, 0).exceptions[0]).toEqual({ seq: 36, status: 'busy' });
    expect(receive(inbox, 1)).toHaveLength(35);
  });
});

test('a new epoch is news, unless the peer’s epochs last one start only', () => {
  const ready = readyOf(NEXT_EPOCH);
  expect(inboxOf().onReady(ready).effects).toEqual([ANEW]);
  expect(inboxOf().onReady({ ...ready, capabilities: 1 }).effects).toEqual([]);
});

test('a peer of a new epoch that names a message of ours has come back from a copy', () => {
  const copy = { ...readyOf(NEXT_EPOCH), stored: 4, storedId: new Uint8Array(16).fill(4) };
  expect(inboxOf().onReady(copy).effects).toEqual([{ type: 'peer-restarted', isFromCopy: true }]);
  // A new store has both from our own READY.
  const anew = { ...copy, stored: 4, storedId: new Uint8Array(16), peerEpoch: EPOCH };
  expect(inboxOf().onReady(anew).effects).toEqual([ANEW]);
});

describe('a program that is started anew (DLV-01, DLV-02)', () => {
  /** A receiver that commits each step, and dies after it. */
  class Receiver {
    readonly store = new MemoryStore();
    inbox = this.open();
    open(): Inbox {
      return new Inbox('alice', this.store, this.store.standing('alice')?.inbox);
    }
    perform(decision: Decision): readonly string[] {
      this.store.commit(decision.changes);
      this.inbox = this.open();
      return decision.effects.map((effect) => effect.type);
    }
    ready(epoch: Uint8Array, first = 1): readonly string[] {
      return this.perform(this.inbox.onReady(readyOf(epoch, first)));
    }
    message(seq: number, id = seq, type = 'text'): readonly string[] | string {
      const header = { seq, id: idOf(id), type, timestamp: 0 };
      const result = this.inbox.onMessage(header, encodeUtf8(`text ${id}`), 0);
      return result.ok ? this.perform(result.value) : result.failure.code;
    }
  }

  test('goes on where it stood: the cursor, refusals, and which id had which seq', () => {
    const receiver = new Receiver();
    receiver.ready(EPOCH);
    expect([1, 2].map((seq) => receiver.message(seq))).toEqual([['received'], ['received']]);
    expect(receiver.message(3, 3, 'reaction')).toEqual([]);
    expect(receiver.inbox.ack(true, 0)).toEqual({
      cumulative: 3,
      exceptions: [{ seq: 3, status: 'unsupported' }],
    });
    expect(receiver.inbox.readyFields).toEqual({ peerEpoch: EPOCH, stored: 3, storedId: idOf(3) });
    expect(receiver.message(2), 'the honest repeat').toEqual([]);
    expect(receiver.message(2, 9)).toBe('message-seq-reused');
    expect(receiver.message(2, 1)).toBe('message-seq-reused');
  });

  test('shows no id a second time, in whatever epoch and however late it comes (DLV-06, DLV-10)', () => {
    const receiver = new Receiver();
    receiver.ready(EPOCH);
    for (let seq = 1; seq <= 20; seq++) receiver.message(seq);
    receiver.message(21, 21, 'void');
    expect(receiver.ready(NEXT_EPOCH)).toEqual(['peer-restarted']);
    const again = Array.from({ length: 21 }, (_, index) => receiver.message(index + 1));
    expect(again.flat()).toEqual([]);
    expect(receiver.message(22)).toEqual(['received']);
    expect(receiver.store.received('alice')).toHaveLength(21);
  });

  test('takes once more what it lost, from where its cursor stands', () => {
    const receiver = new Receiver();
    receiver.ready(EPOCH, 4);
    expect([4, 5, 6].map((seq) => receiver.message(seq))).toEqual([['received'], ['received'], ['received']]);
  });

  test('what is skipped is kept too', () => {
    const receiver = new Receiver();
    receiver.ready(EPOCH);
    receiver.message(1);
    expect(receiver.ready(EPOCH, 5)).toEqual(['missing']);
    expect(receiver.inbox.readyFields).toEqual({ peerEpoch: EPOCH, stored: 4, storedId: undefined });
  });
});

test('however often it dies, with or without its last commit, each message is kept once and in order (DLV-01, DLV-02, DLV-03)', () => {
  const arrival = oneof(
    { weight: 8, arbitrary: integer({ min: 1, max: 12 }) },
    { weight: 1, arbitrary: constantFrom('dies before its commit', 'dies after it', 'meets a new epoch') },
  );
  assert(
    property(array(arrival, { maxLength: 60 }), (arrivals) => {
      const store = new MemoryStore();
      const open = (): Inbox => new Inbox('alice', store, store.standing('alice')?.inbox);
      let epoch = 1;
      const ready = (): void => store.commit(inbox.onReady(readyOf(new Uint8Array(16).fill(epoch))).changes);
      let inbox = open();
      ready();
      for (const [index, each] of arrivals.entries()) {
        if (typeof each === 'number') {
          const header = { seq: each, id: idOf(each), type: 'text', timestamp: 0 };
          const result = inbox.onMessage(header, encodeUtf8(`text ${each}`), 0);
          if (!result.ok) throw new Error(result.failure.code);
          if (arrivals[index + 1] !== 'dies before its commit') store.commit(result.value.changes);
          continue;
        }
        if (each === 'meets a new epoch') epoch++;
        else inbox = open();
        ready();
      }
      const kept = store.received('alice');
      expect(kept).toEqual(kept.map((_, index) => `text ${index + 1}`));
      expect(inbox.ack(false, 0).cumulative).toBeLessThanOrEqual(kept.length);
      for (let seq = 1; seq <= 12; seq++) receive(inbox, seq);
      expect(inbox.ack(false, 0).cumulative).toBe(12);
    }),
  );
});

test('an id that came long ago is looked up, a new one is not (DLV-10)', () => {
  const store = new MemoryStore();
  const asked: string[] = [];
  store.seqOfIncoming = (_, id) => {
    asked.push(id);
    return MemoryStore.prototype.seqOfIncoming.call(store, 'alice', id);
  };
  const inbox = new Inbox('alice', store);
  const commit = (decision: Decision) => store.commit(decision.changes);
  commit(inbox.onReady(readyOf(EPOCH)));
  const take = (seq: number, id = seq): number => {
    const result = inbox.onMessage({ seq, id: idOf(id), type: 'text', timestamp: 0 }, encodeUtf8('text'), 0);
    if (!result.ok) throw new Error(result.failure.code);
    commit(result.value);
    return result.value.effects.length;
  };
  // In pairs that are the wrong way round, as ids of one millisecond are.
  for (let seq = 1; seq <= 20_000; seq++) take(seq, seq % 2 === 0 ? seq - 1 : seq + 1);
  expect(asked).toEqual([]);
  expect(take(20_001, 2), 'the first one again').toBe(0);
  expect(asked).toEqual([idOf(2)]);
});

test('a ledger that cannot be read in the middle of a step changes nothing: what is acked is there (DLV-05)', () => {
  const store = new MemoryStore();
  let lookups = 0;
  store.seqOfIncoming = () => {
    if (++lookups === 2) throw new CodedError({ code: 'home-unusable', message: 'The disk cannot be read.' });
    return undefined;
  };
  const standing = { epoch: EPOCH, stored: 0, storedId: undefined, largestId: idOf(99), refusals: [] };
  const inbox = new Inbox('alice', store, standing);
  expect(receive(inbox, 2)).toEqual([]);
  expect(() => receive(inbox, 1)).toThrow('cannot be read');
  expect([inbox.ack(true, 0).cumulative, inbox.readyFields.stored]).toEqual([0, 0]);
  expect(receive(inbox, 1)).toEqual(['text 1', 'text 2']);
});
