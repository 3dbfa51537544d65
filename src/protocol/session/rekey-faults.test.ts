import { describe, expect, test } from 'vitest';
import type { Bytes } from '../../base/index.ts';
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
  provenPair,
  rekey1Of,
  sealed,
  typesOf,
  written,
  dice,
} from '../../testing/index.ts';
import { beginRekey } from '../handshake/index.ts';
import type { Connection } from './connection.ts';
import type { ConnectionOutput } from './connection-types.ts';
import type { Item } from './item.ts';
import { type Records } from './open-records.ts';

const ping: Item = { type: 'ping', value: new Uint8Array(8) };
const keyswitch: Item = { type: 'keyswitch' };

describe('a wrong moment is item-unexpected, and told', () => {
  type Case = readonly [
    name: string,
    act: () => { victim: Connection; records: Records; outputs: readonly ConnectionOutput[] },
  ];
  const rekeyOf = (length: number): Bytes => new Uint8Array(length);
  const rekey1: Item = { type: 'rekey-1', message: rekeyOf(1_248) };
  const rekey2: Item = { type: 'rekey-2', message: rekeyOf(1_152) };
  const atDialler = (...items: readonly Item[]) => {
    const { dialler, ofListener } = openPair();
    return {
      victim: dialler,
      records: ofListener,
      outputs: dialler.handle(inRecord(ofListener, ...items), at(1)),
    };
  };
  const atListener = (...items: readonly Item[]) => {
    const { listener, ofDialler } = openPair();
    return {
      victim: listener,
      records: ofDialler,
      outputs: listener.handle(inRecord(ofDialler, ...items), at(1)),
    };
  };
  const cases: readonly Case[] = [
    ['REKEY1 at the dialler', () => atDialler(rekey1)],
    ['REKEY2 at the listener', () => atListener(rekey2)],
    ['REKEY2 that was not asked for', () => atDialler(rekey2)],
    ['KEYSWITCH at the dialler without new keys', () => atDialler(keyswitch)],
    ['KEYSWITCH at the listener without new keys', () => atListener(keyswitch)],
    [
      'KEYSWITCH at the dialler before REKEY2',
      () => {
        const { dialler, ofListener } = asked();
        const outputs = dialler.handle(inRecord(ofListener, keyswitch), at(HOUR + 1));
        return { victim: dialler, records: ofListener, outputs };
      },
    ],
    [
      'a second REKEY2',
      () => {
        const pair = asked();
        const { rekey2: good, next } = answer(pair.ofListener, pair.rekey1);
        const first = pair.dialler.handle(inRecord(pair.ofListener, good), at(HOUR + 1));
        itemsIn(pair.ofListener, written(first));
        const outputs = pair.dialler.handle(inRecord(pair.ofListener, good), at(HOUR + 1));
        return { victim: pair.dialler, records: next, outputs };
      },
    ],
    [
      'REKEY1 while one is under way',
      () => {
        const { listener, ofDialler, next } = answered();
        const outputs = listener.handle(inRecord(ofDialler, rekey1), at(2));
        return { victim: listener, records: next, outputs };
      },
    ],
    [
      'a second KEYSWITCH',
      () => {
        const { listener, ofDialler, next } = answered();
        listener.handle(inRecord(ofDialler, keyswitch), at(2));
        return {
          victim: listener,
          records: next,
          outputs: listener.handle(inRecord(next, keyswitch), at(3)),
        };
      },
    ],
    [
      'KEYSWITCH with a PING behind it in its record',
      () => {
        const { listener, ofDialler, next } = answered();
        const outputs = listener.handle(inRecord(ofDialler, keyswitch, ping), at(2));
        return { victim: listener, records: next, outputs };
      },
    ],
  ];
  test.each(cases)('%s', (_, act) => {
    const { victim, records, outputs } = act();
    expect(endOf(outputs)).toBe('item-unexpected');
    expect(codesOf(itemsIn(records, written(outputs)))).toEqual(['close protocol-error']);
    expect(victim.phase).toBe('closed');
  });

  test('what stood before it in its record has acted', () => {
    const { listener, ofDialler, next } = answered();
    const outputs = listener.handle(inRecord(ofDialler, sealed(ofDialler, 1), keyswitch, ping), at(2));
    expect(typesOf(outputs)).toEqual(['message', 'write', 'end', 'closed']);
    expect(codesOf(itemsIn(next, written(outputs)))).toEqual(['close protocol-error']);
  });

  test('a rekey item before READY ends the connection without a word', () => {
    const { dialler, listener, ofDialler, ofListener } = provenPair();
    for (const item of [rekey1, rekey2, keyswitch]) {
      const fresh = item === rekey1 ? { dialler, listener, ofDialler, ofListener } : provenPair();
      const outputs = fresh.listener.handle(inRecord(fresh.ofDialler, item), at(1));
      expect([typesOf(outputs), endOf(outputs)]).toEqual([['closed'], 'item-unexpected']);
      const others = fresh.dialler.handle(inRecord(fresh.ofListener, item), at(1));
      expect([typesOf(others), endOf(others)]).toEqual([['closed'], 'item-unexpected']);
    }
  });
});

describe('bad bytes are rekey-failed, and told', () => {
  test.each([0, 31, 32, 700, 1_231, 1_232, 1_247])('REKEY1 with byte %i changed', (index) => {
    const { listener, ofDialler } = openPair();
    const begun = beginRekey({ ...dice, ...ofDialler.rekey });
    const message = changed(begun.rekey1, index);
    const outputs = listener.handle(inRecord(ofDialler, { type: 'rekey-1', message }), at(1));
    expect(endOf(outputs)).toBe('rekey-failed');
    expect(codesOf(itemsIn(ofDialler, written(outputs)))).toEqual(['close protocol-error']);
  });
  test.each([0, 31, 32, 700, 1_135, 1_136, 1_151])('REKEY2 with byte %i changed', (index) => {
    const { dialler, ofListener, rekey1 } = asked();
    const { rekey2 } = answer(ofListener, rekey1);
    if (rekey2.type !== 'rekey-2') throw new Error(rekey2.type);
    const message = changed(rekey2.message, index);
    const outputs = dialler.handle(
      inRecord(ofListener, { type: 'rekey-2', message }, keyswitch),
      at(HOUR + 1),
    );
    expect(endOf(outputs)).toBe('rekey-failed');
    expect(codesOf(itemsIn(ofListener, written(outputs)))).toEqual(['close protocol-error']);
  });
  test('a REKEY1 of the exchange before is bound to other keys (CRY-04)', () => {
    const { listener, ofDialler, next } = answered();
    listener.handle(inRecord(ofDialler, keyswitch), at(2));
    const old = beginRekey({ ...dice, ...ofDialler.rekey });
    expect(endOf(listener.handle(inRecord(next, rekey1Of(old)), at(3)))).toBe('rekey-failed');
  });
});

function changed(bytes: Bytes, index: number): Bytes {
  const copy = bytes.slice();
  copy[index]! ^= 0x40;
  return copy;
}
