import { describe, expect, test } from 'vitest';
import {
  answer,
  answered,
  asked,
  at,
  codesOf,
  endOf,
  HOUR,
  inRecord,
  itemsIn,
  openPair,
  rekey1Of,
  typesOf,
  written,
  dice,
} from '../../testing/index.ts';
import { beginRekey } from '../handshake/index.ts';
import type { ConnectionInput } from './connection-types.ts';
import type { Item } from './item.ts';

const ping: Item = { type: 'ping', value: new Uint8Array(8) };
const ack: Item = { type: 'ack', ack: { cumulative: 0, exceptions: [] } };
const close: Item = { type: 'close', close: { code: 'done', lastSeq: 0 } };
const keyswitch: Item = { type: 'keyswitch' };

describe('60 s for an exchange, whatever else comes', () => {
  test('the dialler, from REKEY1 to the listener’s KEYSWITCH', () => {
    const { dialler, ofListener, rekey1 } = asked();
    const { rekey2 } = answer(ofListener, rekey1);
    dialler.handle(inRecord(ofListener, rekey2), at(HOUR + 30_000));
    dialler.handle(inRecord(ofListener, ping), at(HOUR + 59_999));
    expect(dialler.handle({ type: 'tick' }, at(HOUR + 59_999))).toEqual([]);
    const outputs = dialler.handle({ type: 'tick' }, at(HOUR + 60_000));
    expect([typesOf(outputs), endOf(outputs)]).toEqual([['closed'], 'rekey-timeout']);
  });
  test('the listener, from REKEY2 to the dialler’s KEYSWITCH', () => {
    const { listener, ofDialler } = answered();
    expect(listener.deadline()).toBe(60_001);
    listener.handle(inRecord(ofDialler, ping), at(60_000));
    expect(listener.deadline()).toBe(60_001);
    const outputs = listener.handle({ type: 'tick' }, at(60_001));
    expect([typesOf(outputs), endOf(outputs)]).toEqual([['closed'], 'rekey-timeout']);
  });
  test('an exchange that is done has no deadline left, at either side', () => {
    const { listener, ofDialler } = answered();
    listener.handle(inRecord(ofDialler, keyswitch), at(2));
    expect(listener.deadline()).toBe(120_002);
    const { dialler, ofListener, rekey1 } = asked({ lingerMs: 10 * HOUR });
    const { rekey2 } = answer(ofListener, rekey1);
    dialler.handle(inRecord(ofListener, rekey2, keyswitch), at(HOUR + 2));
    expect(dialler.deadline()).toBe(2 * HOUR + 2);
  });
});

describe('CLOSE and a rekey cross', () => {
  test('the dialler said CLOSE after REKEY1: it follows the listener to the new keys to read its last acks, and says nothing more', () => {
    const { dialler, ofListener, rekey1 } = asked();
    dialler.handle({ type: 'close', code: 'done' }, at(HOUR + 1));
    const { rekey2, next } = answer(ofListener, rekey1);
    expect(dialler.handle(inRecord(ofListener, rekey2, keyswitch), at(HOUR + 2))).toEqual([]);
    expect(dialler.deadline(), 'the deadline of CLOSE').toBe(HOUR + 1 + 5_000);
    const outputs = dialler.handle(inRecord(next, ack, close), at(HOUR + 3));
    expect([typesOf(outputs), endOf(outputs)]).toEqual([['ack', 'peer-close', 'closed'], 'as agreed']);
  });
  test('the dialler’s REKEY1 crosses the listener’s CLOSE: the listener reads over it, and both end under the old keys', () => {
    const { listener, ofDialler } = openPair();
    const begun = beginRekey({ ...dice, ...ofDialler.rekey });
    listener.handle({ type: 'close', code: 'done' }, at(1));
    expect(listener.handle(inRecord(ofDialler, rekey1Of(begun)), at(2))).toEqual([]);
    const outputs = listener.handle(inRecord(ofDialler, ack, close), at(3));
    expect([typesOf(outputs), endOf(outputs)]).toEqual([['ack', 'peer-close', 'closed'], 'as agreed']);

    const { dialler, ofListener } = asked();
    dialler.handle(inRecord(ofListener, close), at(HOUR + 1));
    const answers = dialler.handle({ type: 'close', code: 'done' }, at(HOUR + 2));
    expect(codesOf(itemsIn(ofListener, written(answers)))).toEqual(['close done']);
  });
  test('the listener said CLOSE after its KEYSWITCH: it takes the dialler’s and reads on', () => {
    const { listener, ofDialler, next } = answered();
    listener.handle({ type: 'close', code: 'done' }, at(2));
    listener.handle(inRecord(ofDialler, keyswitch), at(3));
    const outputs = listener.handle(inRecord(next, ack, close), at(4));
    expect([typesOf(outputs), endOf(outputs)]).toEqual([['ack', 'peer-close', 'closed'], 'as agreed']);
  });
  test('who heard CLOSE begins none, and forgets the one that was under way', () => {
    const { dialler, ofListener } = openPair({ rekey: { afterBytes: 2_500 } });
    dialler.handle(inRecord(ofListener, close), at(1));
    const send: ConnectionInput = { type: 'send', messages: [], ack: { cumulative: 0, exceptions: [] } };
    for (let count = 0; count < 4; count++) expect(typesOf(dialler.handle(send, at(2)))).toEqual(['write']);
    expect(dialler.deadline()).toBe(5_001);

    const { listener, ofDialler, next } = answered();
    listener.handle(inRecord(ofDialler, close), at(2));
    expect(listener.deadline()).toBe(5_002);
    const last = listener.handle(send, at(3));
    expect(codesOf(itemsIn(next, written(last))), 'its own direction stays on the new keys').toEqual(['ack']);
    expect(endOf(listener.handle(inRecord(ofDialler, keyswitch), at(4)))).toBe('item-unexpected');
  });
  test('a REKEY1, REKEY2 or KEYSWITCH after its sender’s CLOSE is item-unexpected', () => {
    const { listener, ofDialler } = openPair();
    listener.handle(inRecord(ofDialler, close), at(1));
    const begun = beginRekey({ ...dice, ...ofDialler.rekey });
    expect(endOf(listener.handle(inRecord(ofDialler, rekey1Of(begun)), at(2)))).toBe('item-unexpected');
    for (const build of [(rekey2: Item) => rekey2, () => keyswitch]) {
      const { dialler, ofListener, rekey1 } = asked();
      dialler.handle(inRecord(ofListener, close), at(HOUR + 1));
      const { rekey2 } = answer(ofListener, rekey1);
      expect(endOf(dialler.handle(inRecord(ofListener, build(rekey2)), at(HOUR + 2)))).toBe(
        'item-unexpected',
      );
    }
  });
  test('who said CLOSE begins none', () => {
    const { dialler, ofListener } = openPair({ rekey: { afterBytes: 2_500 } });
    expect(typesOf(dialler.handle({ type: 'close', code: 'done' }, at(1)))).toEqual(['write', 'end']);
    for (let count = 0; count < 4; count++)
      expect(typesOf(dialler.handle(inRecord(ofListener, ack), at(2)))).toEqual(['ack']);
  });
});
