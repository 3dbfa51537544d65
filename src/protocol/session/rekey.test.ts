import { describe, expect, test } from 'vitest';
import type { Bytes } from '../../base/index.ts';
import type { Primitives } from '../../crypto/index.ts';
import { nativePrimitives } from '../../primitives/index.ts';
import {
  answer,
  answered,
  asked,
  at,
  codesOf,
  endOf,
  fastSeededEntropy,
  HOUR,
  inRecord,
  itemsIn,
  openPair,
  sealed,
  text,
  typesOf,
  written,
  dice,
} from '../../testing/index.ts';
import type { ConnectionInput, ConnectionOutput } from './connection-types.ts';
import type { Item } from './item.ts';
import { openRecords } from './open-records.ts';
import { REKEY_LIMITS, SessionRecords } from './rekey.ts';

const ping: Item = { type: 'ping', value: new Uint8Array(8) };
const ack: Item = { type: 'ack', ack: { cumulative: 0, exceptions: [] } };
const keyswitch: Item = { type: 'keyswitch' };
/** The plaintext of a record with REKEY1 or REKEY2, its tag and its length. */
const REKEY_FRAME = 2_048 + 16 + 2;

describe('when a key exchange begins (spec/03 "Rekey")', () => {
  test('the limits are an hour, a GiB, and 2^16 records for the record key by itself', () => {
    expect(REKEY_LIMITS).toEqual({ afterMs: 3_600_000, afterBytes: 1_073_741_824, symmetricRecords: 65_536 });
  });

  test('an hour after READY the dialler sends REKEY1, alone in its record; the listener never does', () => {
    const { dialler, listener, ofListener } = openPair();
    for (const each of [dialler, listener]) each.handle({ type: 'vigilant', on: true }, at(HOUR - 1));
    expect(itemsIn(ofListener, written(dialler.handle({ type: 'tick' }, at(HOUR - 1))))).toEqual([]);
    expect(codesOf(itemsIn(ofListener, written(dialler.handle({ type: 'tick' }, at(HOUR)))))).toEqual([
      'rekey-1',
    ]);
    expect(typesOf(listener.handle({ type: 'tick' }, at(2 * HOUR)))).not.toContain('write');
  });

  test('it is the connection’s own deadline: nothing else has to happen', () => {
    const { dialler } = openPair({ lingerMs: 10 * HOUR });
    expect(dialler.deadline()).toBe(HOUR);
  });

  test('the dialler counts the bytes of frames both ways, and begins once when they are enough', () => {
    const { dialler, ofListener } = openPair({ rekey: { afterBytes: 6 * 530 } });
    // So far: its READY and the listener's, 512 bytes with tag and length each.
    const send = (seq: number): ConnectionInput => ({ type: 'send', messages: [text(seq)] });
    expect(typesOf(dialler.handle(send(1), at(1)))).toEqual(['write']);
    expect(typesOf(dialler.handle(inRecord(ofListener, ack), at(2)))).toEqual(['ack']);
    expect(typesOf(dialler.handle(inRecord(ofListener, ack), at(3)))).toEqual(['ack']);
    expect(typesOf(dialler.handle(send(2), at(4)))).toEqual(['write', 'write']);
    expect(typesOf(dialler.handle(send(3), at(5)))).toEqual(['write']);
  });

  test('the count and the hour start again at the end of each exchange', () => {
    const { dialler, ofListener, rekey1 } = asked({ lingerMs: 10 * HOUR, rekey: { afterBytes: 10 * 530 } });
    const { rekey2, next } = answer(ofListener, rekey1);
    const done = dialler.handle(inRecord(ofListener, rekey2, keyswitch), at(HOUR + 500));
    expect(codesOf(itemsIn(ofListener, written(done)))).toEqual(['keyswitch']);
    expect(dialler.deadline()).toBe(2 * HOUR + 500);
    for (let count = 1; count < 10; count++)
      expect(typesOf(dialler.handle(inRecord(next, ack), at(HOUR + 600)))).toEqual(['ack']);
    const full = dialler.handle(inRecord(next, ack), at(HOUR + 600));
    expect(typesOf(full)).toEqual(['ack', 'write']);
    expect(codesOf(itemsIn(next, written(full)))).toEqual(['rekey-1']);
  });

  test('a full socket delays no rekey: it is one record, and one at a time', () => {
    const { dialler, ofListener } = openPair({ lingerMs: 10 * HOUR });
    dialler.handle({ type: 'congested', on: true }, at(HOUR - 1));
    expect(codesOf(itemsIn(ofListener, written(dialler.handle({ type: 'tick' }, at(HOUR)))))).toEqual([
      'rekey-1',
    ]);
    expect(typesOf(dialler.handle({ type: 'tick' }, at(HOUR + 1)))).toEqual([]);
  });
});

describe('the change-over', () => {
  test('the listener’s next record is under the new keys with n = 0, k = 0 and the new h; the dialler’s are the old ones until its KEYSWITCH', () => {
    const { listener, ofDialler, next } = answered();
    listener.handle({ type: 'send', messages: [text(1)] }, at(2));
    const sent = listener.handle({ type: 'send', messages: [text(2)] }, at(3));
    expect(next.opener.count).toBe(0);
    expect(() => itemsIn(ofDialler, written(sent))).toThrow('record-decrypt');
    // The dialler's direction has not changed: messages before KEYSWITCH count on in the old one.
    const before = listener.handle(inRecord(ofDialler, sealed(ofDialler, 1), sealed(ofDialler, 2)), at(4));
    expect(typesOf(before)).toEqual(['message', 'message']);
    const over = listener.handle(inRecord(ofDialler, sealed(ofDialler, 3), keyswitch), at(5));
    expect(typesOf(over)).toEqual(['message']);
    expect(typesOf(listener.handle(inRecord(next, sealed(next, 4), sealed(next, 5)), at(6)))).toEqual([
      'message',
      'message',
    ]);
    expect(endOf(listener.handle(inRecord(ofDialler, ping), at(7)))).toBe('record-decrypt');
  });

  test('what the listener sends after its KEYSWITCH opens under the new keys from their beginning, record and envelope', () => {
    const { listener, next } = answered();
    const items = itemsIn(
      next,
      written(
        listener.handle(
          { type: 'send', messages: [text(1), text(2)], ack: { cumulative: 0, exceptions: [] } },
          at(2),
        ),
      ),
    );
    expect(codesOf(items)).toEqual(['ack', 'message', 'message']);
    for (const [index, item] of items.slice(1).entries()) {
      if (item.type !== 'message') throw new Error(item.type);
      const opened = next.envelopeOpener.open(item.envelope, item.seq);
      expect(opened).toMatchObject({ ok: true, value: text(index + 1) });
    }
  });

  test('the dialler goes over with its KEYSWITCH, and reads the listener’s old keys until the listener’s', () => {
    const { dialler, ofListener, rekey1 } = asked();
    const { rekey2, next } = answer(ofListener, rekey1);
    const switched = dialler.handle(inRecord(ofListener, rekey2), at(HOUR + 1));
    expect(codesOf(itemsIn(ofListener, written(switched)))).toEqual(['keyswitch']);
    const sent = written(dialler.handle({ type: 'send', messages: [text(1)] }, at(HOUR + 2)));
    const [item] = itemsIn(next, sent);
    if (item?.type !== 'message') throw new Error('no message');
    expect(next.envelopeOpener.open(item.envelope, 1).ok).toBe(true);
    expect(
      typesOf(dialler.handle(inRecord(ofListener, sealed(ofListener, 1), keyswitch), at(HOUR + 3))),
    ).toEqual(['message']);
    expect(typesOf(dialler.handle(inRecord(next, sealed(next, 2)), at(HOUR + 4)))).toEqual(['message']);
  });

  test('messages that cross a rekey in both directions, and the next rekey, arrive in order', () => {
    const { dialler, listener } = openPair({ rekey: { afterMs: 5_000, symmetricRecords: 3 } });
    const got = { dialler: [] as number[], listener: [] as number[] };
    let rekeys = 0;
    const toListener: Bytes[] = [];
    const toDialler: Bytes[] = [];
    const take = (from: 'dialler' | 'listener', outputs: readonly ConnectionOutput[]): void => {
      expect(endOf(outputs)).toBeUndefined();
      rekeys += outputs.filter(
        (output) => output.type === 'write' && output.bytes.length === REKEY_FRAME,
      ).length;
      if (written(outputs).length > 0) (from === 'dialler' ? toListener : toDialler).push(written(outputs));
      for (const output of outputs) if (output.type === 'message') got[from].push(output.header.seq);
    };
    for (let round = 1; round <= 40; round++) {
      const now = at(1_000 * round);
      take(
        'dialler',
        dialler.handle({ type: 'send', messages: [text(2 * round - 1), text(2 * round)] }, now),
      );
      take('listener', listener.handle({ type: 'send', messages: [text(round)] }, now));
      take('dialler', dialler.handle({ type: 'tick' }, now));
      const arrived = [...toListener.splice(0), ...toDialler.splice(0).map((bytes) => [bytes] as const)];
      for (const bytes of arrived) {
        if (bytes instanceof Uint8Array) take('listener', listener.handle({ type: 'bytes', bytes }, now));
        else take('dialler', dialler.handle({ type: 'bytes', bytes: bytes[0] }, now));
      }
    }
    for (const bytes of toListener.splice(0))
      take('listener', listener.handle({ type: 'bytes', bytes }, at(41_000)));
    for (const bytes of toDialler.splice(0))
      take('dialler', dialler.handle({ type: 'bytes', bytes }, at(41_000)));
    expect(rekeys, 'REKEY1 and REKEY2, every five or six seconds').toBeGreaterThanOrEqual(12);
    expect(got.listener).toEqual(Array.from({ length: 80 }, (_, index) => index + 1));
    expect(got.dialler).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  });
});

describe('what is wiped', () => {
  test('the session secret and six keys when they are imported; the rekey key when it has made new ones, or at the end', () => {
    const imported: Bytes[] = [];
    const psks: Bytes[] = [];
    const noting: Primitives = {
      ...nativePrimitives,
      chaCha20Poly1305: (key) => (imported.push(key), nativePrimitives.chaCha20Poly1305(key)),
      aes256Ctr: (key) => (imported.push(key), nativePrimitives.aes256Ctr(key)),
      hmacSha256Key: (key) => (imported.push(key), nativePrimitives.hmacSha256Key(key)),
      hmacSha256: (key, ...parts) => {
        psks.push(...parts.filter((part) => isRekeyKey(part)));
        return nativePrimitives.hmacSha256(key, ...parts);
      },
    };
    const established = () => ({
      handshakeHash: new Uint8Array(32).fill(7),
      sessionSecret: new Uint8Array(32).fill(9),
    });
    const known = openRecords(nativePrimitives, 'initiator', established());
    const isRekeyKey = (part: Bytes): boolean =>
      part.length === 32 && part.every((byte, index) => byte === known.rekey.psk[index]);
    const options = { primitives: noting, entropy: fastSeededEntropy(1), limits: REKEY_LIMITS };
    const proof = established();
    const initiator = new SessionRecords({ ...options, role: 'initiator' }, proof);
    expect(imported).toHaveLength(6);
    expect([proof.sessionSecret, ...imported].every(isZero)).toBe(true);

    const responder = new SessionRecords({ ...options, role: 'responder' }, established());
    const rekey1 = initiator.begin();
    if (rekey1?.type !== 'rekey-1') throw new Error('none was begun');
    const answer = responder.take(rekey1, true);
    if (!answer.ok || answer.value[0]?.type !== 'rekey-2') throw new Error('no answer');
    expect(psks).toHaveLength(2);
    expect(psks.map(isZero), 'the responder is done with it').toEqual([false, true]);
    initiator.take(answer.value[0], false);
    expect(psks.map(isZero)).toEqual([true, true]);
    expect(
      imported.filter((key) => !isZero(key)),
      'nothing of the exchange is left either',
    ).toEqual([]);
  });

  test('a session that ends in the middle of an exchange forgets both sets of keys', () => {
    const make = () => ({ handshakeHash: new Uint8Array(32), sessionSecret: new Uint8Array(32).fill(9) });
    const options = { ...dice, limits: REKEY_LIMITS };
    const initiator = new SessionRecords({ ...options, role: 'initiator' }, make());
    const responder = new SessionRecords({ ...options, role: 'responder' }, make());
    const rekey1 = initiator.begin();
    if (rekey1?.type !== 'rekey-1') throw new Error('none was begun');
    const answer = responder.take(rekey1, true);
    if (!answer.ok || answer.value[0]?.type !== 'rekey-2') throw new Error('no answer');
    const { value } = answer;
    responder.seal(value);
    for (const records of [initiator, responder]) {
      records.wipe();
      expect(() => records.seal([ping])).toThrow('wiped');
      expect(() => records.open(new Uint8Array(100))).toThrow('wiped');
    }
    expect(initiator.take(value[0] as typeof rekey1, false)).toMatchObject({
      failure: { code: 'rekey-failed' },
    });
  });
});

const isZero = (bytes: Bytes): boolean => bytes.every((byte) => byte === 0);
