import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { describe, expect, test } from 'vitest';
import { encodeHex, type Bytes } from '../../base/index.ts';
import { nativePrimitives } from '../../primitives/index.ts';
import { encodeItem, type Item } from './item.ts';
import { RecordOpener, RecordSealer } from './record.ts';

const KEY = Uint8Array.from({ length: 32 }, (_, index) => index);
const PING: Item = { type: 'ping', value: new Uint8Array(8) };

/** spec/03 a second time: the record of this n under this key. */
function slowRecord(key: Bytes, count: bigint): string {
  const plaintext = new Uint8Array(512);
  plaintext.set(encodeItem(PING));
  return encodeHex(chacha20poly1305(key, nonceOf(count)).encrypt(plaintext));
}
function slowStep(key: Bytes): Bytes {
  return chacha20poly1305(key, nonceOf(2n ** 64n - 1n))
    .encrypt(new Uint8Array(32))
    .slice(0, 32);
}
function nonceOf(count: bigint): Bytes {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setBigUint64(4, count, true);
  return nonce;
}

describe('the record counter near its edges, by setting it (CRY-15)', () => {
  test.each([
    ['2^16', 2 ** 16],
    ['2 · 2^16', 2 ** 17],
    ['65,535 · 2^16', 65_535 * 2 ** 16],
    ['2^32', 2 ** 32],
    ['2^32 + 2^16', 2 ** 32 + 2 ** 16],
    ['2^48', 2 ** 48],
    ['2^53 − 2^16', 2 ** 53 - 2 ** 16],
  ])('the key steps between record %s − 1 and that one, and nowhere near it else', (_, edge) => {
    const sealer = new RecordSealer(nativePrimitives, KEY, edge - 2);
    const opener = new RecordOpener(nativePrimitives, KEY, edge - 2);
    for (const [offset, key] of [
      [-2, KEY],
      [-1, KEY],
      [0, slowStep(KEY)],
      [1, slowStep(KEY)],
    ] as const) {
      const body = sealer.seal([PING]);
      expect(encodeHex(body), `record ${edge} ${offset}`).toBe(
        slowRecord(key, BigInt(edge) + BigInt(offset)),
      );
      expect(opener.open(body).ok).toBe(true);
    }
  });

  test('2^53 − 2 is the last number: neither side seals or opens one more', () => {
    const sealer = new RecordSealer(nativePrimitives, KEY, 2 ** 53 - 2);
    const opener = new RecordOpener(nativePrimitives, KEY, 2 ** 53 - 2);
    const body = sealer.seal([PING]);
    expect(encodeHex(body)).toBe(slowRecord(KEY, 2n ** 53n - 2n));
    expect(opener.open(body).ok).toBe(true);
    expect(() => sealer.seal([PING])).toThrow(expect.objectContaining({ code: 'counter-exhausted' }));
    expect(opener.open(body)).toMatchObject({ failure: { code: 'counter-exhausted' } });
  });

  test('another number of records a step holds for both sides alike', () => {
    const sealer = new RecordSealer(nativePrimitives, KEY, 0, 3);
    const opener = new RecordOpener(nativePrimitives, KEY, 0, 3);
    const unlike = new RecordOpener(nativePrimitives, KEY, 0, 4);
    const bodies = Array.from({ length: 10 }, () => sealer.seal([PING]));
    expect(bodies.map((body) => opener.open(body).ok)).toEqual(Array.from(bodies, () => true));
    expect(bodies.slice(0, 4).map((body) => unlike.open(body).ok)).toEqual([true, true, true, false]);
  });
});
