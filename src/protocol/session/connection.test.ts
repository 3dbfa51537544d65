import { describe, expect, test } from 'vitest';
import { concatBytes, type Bytes } from '../../base/index.ts';
import {
  at,
  beginPair,
  endOf,
  inRecord,
  openPair,
  prefaceBytes,
  provenPair,
  READY,
  typesOf,
  written,
  type ProvenPair,
} from '../../testing/index.ts';
import type { Item } from './item.ts';
import { REKEY_LIMITS } from './rekey.ts';

const ready: Item = { type: 'ready', ready: READY };
const ping: Item = { type: 'ping', value: new Uint8Array(8) };
const close: Item = { type: 'close', close: { code: 'done', lastSeq: 0 } };
const ack: Item = { type: 'ack', ack: { cumulative: 0, exceptions: [] } };

/** Proven or open, and the other side of each speaks through raw records. */
const proven = (lingerMs = 60_000) => spokenTo(provenPair({ lingerMs }));
const open = (lingerMs = 60_000) => spokenTo(openPair({ lingerMs }));
function spokenTo({ dialler, listener, ofDialler, ofListener }: ProvenPair) {
  return {
    dialler,
    listener,
    openAnswer: (body: Bytes) => ofDialler.opener.open(body),
    toDialler: (...items: readonly Item[]) => inRecord(ofListener, ...items),
    toListener: (...items: readonly Item[]) => inRecord(ofDialler, ...items),
  };
}

describe('READY (PROTOCOL §5, FRM-07)', () => {
  test.each([
    ['an ack', ack],
    ['a ping', ping],
    ['a CLOSE', close],
  ])('%s before READY ends the connection without a word', (_, item) => {
    const { dialler, listener, toDialler, toListener } = proven();
    const outputs = dialler.handle(toDialler(item, ready), at(1));
    expect([typesOf(outputs), endOf(outputs)]).toEqual([['closed'], 'item-unexpected']);
    const others = listener.handle(toListener(item), at(1));
    expect([typesOf(others), endOf(others)]).toEqual([['closed'], 'item-unexpected']);
  });

  test('a second READY is told as a protocol error, in the same record or in a later one', () => {
    const { dialler, toDialler } = proven();
    const outputs = dialler.handle(toDialler(ready, ready), at(1));
    expect([typesOf(outputs), endOf(outputs)]).toEqual([
      ['peer-ready', 'write', 'end', 'closed'],
      'item-unexpected',
    ]);
    const later = open();
    expect(endOf(later.listener.handle(later.toListener(ready), at(1)))).toBe('item-unexpected');
  });

  test('the listener says nothing and reads nothing on before its owner has answered the dialler’s READY', () => {
    const { listener, toListener } = proven();
    expect(typesOf(listener.handle(toListener(ready, ack), at(1)))).toEqual(['peer-ready']);
    expect(
      listener.handle({ type: 'send', messages: [], ack: { cumulative: 0, exceptions: [] } }, at(1)),
    ).toEqual([]);
    expect(listener.handle(toListener(ping), at(1))).toEqual([]);
    expect(listener.allowance).toBe('none');
    expect(typesOf(listener.handle({ type: 'ready', ready: READY }, at(2)))).toEqual([
      'write',
      'ack',
      'write',
    ]);
  });

  test('the dialler says one record more before the listener’s READY, not two', () => {
    const { dialler } = proven();
    const header = { timestamp: 0, id: '01890a5d-ac96-774b-bcce-b302099a8057', seq: 1, type: 'text' };
    const send = { type: 'send', messages: [{ header, plaintext: Uint8Array.of(97) }] } as const;
    expect(dialler.allowance).toBe('early');
    expect(typesOf(dialler.handle(send, at(1)))).toEqual(['write']);
    expect(dialler.allowance).toBe('none');
    expect(dialler.handle(send, at(1))).toEqual([]);
  });
});

test('what follows a broken rule in the same bytes is not read any more', () => {
  const { dialler, toDialler } = proven();
  const bytes = concatBytes(...[ready, ready, ping].map((item) => toDialler(item).bytes));
  const outputs = dialler.handle({ type: 'bytes', bytes }, at(1));
  expect([typesOf(outputs), endOf(outputs)]).toEqual([
    ['peer-ready', 'write', 'end', 'closed'],
    'item-unexpected',
  ]);
});

describe('the end (PROTOCOL §5)', () => {
  test('who says CLOSE reads acks until the peer’s CLOSE, answers no ping, and takes no message', () => {
    const { dialler, toDialler } = open();
    expect(typesOf(dialler.handle({ type: 'close', code: 'done' }, at(1)))).toEqual(['write', 'end']);
    expect(dialler.handle({ type: 'close', code: 'done' }, at(1)), 'once').toEqual([]);
    expect(typesOf(dialler.handle(toDialler(ack, ping), at(2)))).toEqual(['ack']);
    const message: Item = { type: 'message', seq: 1, envelope: Uint8Array.of(1) };
    expect(dialler.handle(toDialler(message), at(3))).toEqual([]);
    const outputs = dialler.handle(toDialler(close), at(4));
    expect([typesOf(outputs), endOf(outputs)]).toEqual([['peer-close', 'closed'], 'as agreed']);
  });

  test('who hears CLOSE still acks, whether or not the stream has ended, then closes; a message after it is an error', () => {
    for (const isEnded of [false, true]) {
      const { listener, toListener } = open();
      expect(typesOf(listener.handle(toListener(close), at(1)))).toEqual(['peer-close']);
      expect(isEnded ? listener.handle({ type: 'ended' }, at(1)) : []).toEqual([]);
      const send = { type: 'send', messages: [], ack: { cumulative: 0, exceptions: [] } } as const;
      expect(typesOf(listener.handle(send, at(2)))).toEqual(['write']);
      const outputs = listener.handle({ type: 'close', code: 'done' }, at(2));
      expect([typesOf(outputs), endOf(outputs)]).toEqual([['write', 'end', 'closed'], 'as agreed']);
    }
    const { listener, toListener } = open();
    listener.handle(toListener(close), at(1));
    const message: Item = { type: 'message', seq: 1, envelope: Uint8Array.of(1) };
    expect(endOf(listener.handle(toListener(message), at(2)))).toBe('item-unexpected');
  });

  test('an end of stream without CLOSE is truncated; after our own CLOSE it is the end; nobody waits longer than 5 s', () => {
    expect(endOf(open().dialler.handle({ type: 'ended' }, at(1)))).toBe('truncated');
    const { dialler } = open();
    dialler.handle({ type: 'close', code: 'done' }, at(1_000));
    expect(dialler.deadline()).toBe(6_000);
    expect(endOf(dialler.handle({ type: 'tick' }, at(6_000)))).toBe('as agreed');
    const { listener, toListener } = open();
    listener.handle(toListener(close), at(2_000));
    expect(listener.deadline()).toBe(7_000);
    expect(endOf(listener.handle({ type: 'tick' }, at(7_000)))).toBe('as agreed');
  });

  test('a record that does not decrypt ends an open session in silence: it is not the peer’s word (CRY-16)', () => {
    const { dialler, toDialler } = open();
    const replayed = toDialler(ping);
    expect(typesOf(dialler.handle({ ...replayed, bytes: replayed.bytes.slice() }, at(1)))).toEqual(['write']);
    const outputs = dialler.handle(replayed, at(2));
    expect([typesOf(outputs), endOf(outputs)]).toEqual([['closed'], 'record-decrypt']);
  });
});

describe('deadlines are absolute (NET-01, NET-02, NET-03)', () => {
  test.each([
    ['nothing', 0],
    ['one byte every 300 ms', 8],
  ])('a listener that gets %s has ended after 3 s', (_, count) => {
    const { listener } = beginPair();
    const bytes = prefaceBytes(2);
    for (let index = 0; index < count; index++) {
      listener.handle({ type: 'bytes', bytes: bytes.subarray(index, index + 1) }, at(index * 300));
    }
    expect(listener.deadline()).toBe(3_000);
    expect(endOf(listener.handle({ type: 'tick' }, at(3_000)))).toBe('handshake-timeout');
  });

  test('the whole handshake has 10 s on both sides, READY among it, however slowly it trickles', () => {
    const { dialler, listener, toListener } = proven();
    listener.handle({ type: 'bytes', bytes: toListener(ready).bytes.subarray(0, 100) }, at(9_000));
    expect([dialler.deadline(), listener.deadline()]).toEqual([10_000, 10_000]);
    expect(endOf(dialler.handle({ type: 'tick' }, at(10_000)))).toBe('handshake-timeout');
    expect(endOf(listener.handle({ type: 'tick' }, at(10_000)))).toBe('handshake-timeout');
  });

  test('a frame that was begun in an open session has 30 s, whatever trickles in', () => {
    const { listener, toListener } = open();
    const { bytes } = toListener(ping);
    for (let index = 0; index < 29; index++) {
      listener.handle({ type: 'bytes', bytes: bytes.slice(index, index + 1) }, at(1_000 + index * 1_000));
    }
    expect(listener.deadline()).toBe(31_000);
    expect(endOf(listener.handle({ type: 'tick' }, at(31_000)))).toBe('frame-timeout');
  });
});

describe('heartbeat and linger (PROTOCOL §5, NET-09)', () => {
  test('a vigilant side pings each 15 s of silence and gives up at 45 s; any record starts the count again', () => {
    const { dialler, toDialler } = open();
    dialler.handle({ type: 'vigilant', on: true }, at(1_000));
    expect(dialler.deadline()).toBe(16_000);
    expect(typesOf(dialler.handle({ type: 'tick' }, at(16_000)))).toEqual(['write']);
    dialler.handle(toDialler({ type: 'pong', value: new Uint8Array(8) }), at(17_000));
    expect(dialler.deadline()).toBe(32_000);
    for (const moment of [32_000, 47_000]) {
      expect(dialler.deadline()).toBe(moment);
      expect(typesOf(dialler.handle({ type: 'tick' }, at(moment)))).toEqual(['write']);
    }
    expect(dialler.deadline()).toBe(62_000);
    expect(endOf(dialler.handle({ type: 'tick' }, at(62_000)))).toBe('peer-silent');
  });

  test('idle: the dialler after its linger without work, the listener after 120 s without a record, neither while vigilant', () => {
    const { dialler, listener, toListener } = open(10_000);
    expect([dialler.deadline(), listener.deadline()]).toEqual([10_000, 120_000]);
    listener.handle(toListener(ping), at(100_000));
    expect(listener.deadline()).toBe(220_000);
    expect(typesOf(dialler.handle({ type: 'tick' }, at(10_000)))).toEqual(['idle']);
    expect(dialler.deadline(), 'said once').toBe(REKEY_LIMITS.afterMs);
    dialler.handle({ type: 'vigilant', on: true }, at(20_000));
    expect(dialler.deadline()).toBe(35_000);
  });
});

test('however many PINGs come at once, one PONG answers them, and none goes to a full socket for 60 s (NET-08)', () => {
  const { listener, toListener, openAnswer } = open();
  const many = Array.from({ length: 5_000 }, (_, index): Item => ({
    type: 'ping',
    value: Uint8Array.of(0, 0, 0, 0, 0, 0, index >> 8, index & 0xff),
  }));
  const answer = listener.handle(toListener(...many), at(1));
  expect(typesOf(answer)).toEqual(['write']);
  expect(openAnswer(written(answer).subarray(2))).toMatchObject({
    value: [{ type: 'pong', value: Uint8Array.of(0, 0, 0, 0, 0, 0, 0x13, 0x87) }],
  });
  listener.handle({ type: 'congested', on: true }, at(2));
  expect(listener.handle(toListener(ping), at(3))).toEqual([]);
  expect(typesOf(listener.handle({ type: 'congested', on: false }, at(4)))).toEqual(['write']);
  listener.handle({ type: 'congested', on: true }, at(5));
  expect(listener.deadline()).toBe(60_005);
  expect(endOf(listener.handle({ type: 'tick' }, at(60_005)))).toBe('peer-silent');
});

test('after a standstill the peer is asked at once and has 5 s; what came late counts from then (CLK-04, CLK-05)', () => {
  const { dialler, toDialler } = open();
  dialler.handle({ type: 'vigilant', on: true }, at(2_000));
  // Five minutes during which nothing ran: without the probe the next tick would call the peer silent.
  expect(typesOf(dialler.handle({ type: 'probe' }, at(302_000)))).toEqual(['write']);
  expect(typesOf(dialler.handle({ type: 'tick' }, at(302_000)))).toEqual([]);
  expect(dialler.deadline()).toBe(307_000);
  dialler.handle(toDialler({ type: 'pong', value: new Uint8Array(8) }), at(306_999));
  expect(dialler.deadline()).toBe(321_999);
  dialler.handle({ type: 'probe' }, at(310_000));
  expect(endOf(dialler.handle({ type: 'tick' }, at(315_000)))).toBe('peer-silent');
});

test('a session runs on across the rekey after 65,536 records, whose answers cross it as well (CRY-15)', () => {
  const { listener, toListener, openAnswer } = open();
  for (let index = 1; index < 65_540; index++) {
    const answer = openAnswer(written(listener.handle(toListener(ping), at(1))).subarray(2));
    if (!answer.ok || answer.value[0]?.type !== 'pong') throw new Error(`record ${index} is not answered`);
  }
  expect(listener.phase).toBe('open');
});
