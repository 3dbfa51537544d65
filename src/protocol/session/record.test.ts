import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes, decodeHex, encodeHex, type Bytes } from '../../base/index.ts';
import { nativePrimitives as primitives } from '../../primitives/index.ts';
import { decodeItem, encodeItem, itemLength, type Item } from './item.ts';
import { deriveSessionKeys } from './key-schedule.ts';
import {
  paddedLength,
  RECORD_ITEMS_MAX,
  RECORD_PLAINTEXT_MAX,
  RecordOpener,
  RecordSealer,
  SYMMETRIC_REKEY_RECORDS,
} from './record.ts';

interface Vectors {
  readonly keys: { readonly sessionSecret: string; readonly derived: Readonly<Record<string, string>> };
  readonly padding: readonly { readonly items: number; readonly plaintext: number }[];
  readonly items: readonly {
    readonly name: string;
    readonly itemType: number;
    readonly body: string;
    readonly item?: unknown;
    readonly failure?: string;
  }[];
  readonly records: readonly {
    readonly name: string;
    readonly key: string;
    readonly count: number;
    readonly body: string;
    readonly items?: unknown;
    readonly isPadded?: boolean;
    readonly failure?: string;
  }[];
  readonly rekey: {
    readonly key: string;
    readonly next: string;
    readonly items: unknown;
    readonly records: readonly { readonly count: number; readonly body: string }[];
  };
}

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../spec/vectors/03-session.json'), 'utf8'),
) as Vectors;

const KEY = new Uint8Array(32).fill(0x11);
const PING: Item = { type: 'ping', value: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) };

/** An item as the vectors write it: bytes in hex. */
function written(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, member: unknown) => {
      const bytes = member as { readonly type?: unknown; readonly data?: readonly number[] } | null;
      if (member instanceof Uint8Array) return encodeHex(member);
      // A Buffer turns itself into this before a replacer sees it.
      return bytes?.type === 'Buffer' ? encodeHex(Uint8Array.from(bytes.data ?? [])) : member;
    }),
  );
}

function nonce(count: bigint): Bytes {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setBigUint64(4, count, true);
  return bytes;
}

function rekeyed(key: Bytes): Bytes {
  return chacha20poly1305(key, nonce(2n ** 64n - 1n))
    .encrypt(new Uint8Array(32))
    .slice(0, 32);
}

function openPlaintext(plaintext: Bytes) {
  return new RecordOpener(primitives, KEY).open(chacha20poly1305(KEY, nonce(0n)).encrypt(plaintext));
}

const seqs = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 });
const counts = fc.maxSafeNat();
const acks = fc
  .tuple(counts, fc.uniqueArray(seqs, { maxLength: 20 }), fc.boolean())
  .map(([cumulative, list, isRefused]) => ({
    cumulative,
    exceptions: [...list]
      .sort((a, b) => a - b)
      .map((seq) => ({
        seq,
        status:
          seq > cumulative ? ('busy' as const) : isRefused ? ('refused' as const) : ('unsupported' as const),
      })),
  }));
const items: fc.Arbitrary<Item> = fc.oneof(
  fc.record({
    type: fc.constant('message' as const),
    seq: seqs,
    envelope: fc.uint8Array({ maxLength: 900 }),
  }),
  fc.record({
    type: fc.constantFrom('ping' as const, 'pong' as const),
    value: fc.uint8Array({ minLength: 8, maxLength: 8 }),
  }),
  acks.map((ack) => ({ type: 'ack' as const, ack })),
  fc
    .record({ code: fc.constantFrom('done' as const, 'rolled-back' as const), lastSeq: counts })
    .map((close) => ({ type: 'close' as const, close })),
  fc
    .record({
      status: fc.constantFrom('ok' as const, 'key-pending' as const, 'refused' as const),
      clock: counts,
      maxVersion: fc.integer({ min: 1, max: 255 }),
      capabilities: fc.nat(0xffff_ffff),
      epoch: bytes16,
      peerEpoch: bytes16,
      stored: counts,
      storedId: bytes16,
      first: counts,
      last: counts,
    })
    .map((ready) => ({ type: 'ready' as const, ready })),
);

describe('keys', () => {
  test('the seven keys are the vectors’', () => {
    const keys = deriveSessionKeys(primitives, decodeHex(vectors.keys.sessionSecret)!);
    const { recI2R, recR2I, encI2R, encR2I, macI2R, macR2I, rekey } = keys;
    expect([recI2R, recR2I, encI2R, encR2I, macI2R, macR2I, rekey].map(encodeHex)).toEqual(
      ['rec I>R', 'rec R>I', 'enc I>R', 'enc R>I', 'mac I>R', 'mac R>I', 'rekey'].map(
        (label) => vectors.keys.derived[label],
      ),
    );
  });
});

describe('items', () => {
  test.each(vectors.items)('$name (FRM-06)', ({ itemType, body, item, failure }) => {
    const bytes = decodeHex(body)!;
    const result = decodeItem(itemType, bytes);
    expect(result.ok ? written(result.value) : result.failure.code).toEqual(item ?? failure);
    if (!result.ok) return;
    expect(encodeHex(encodeItem(result.value)).slice(6)).toBe(body);
    if (result.value.type === 'message') return;
    for (let length = 0; length < bytes.length; length++) {
      const isShorterAck = result.value.type === 'ack' && length >= 8 && (length - 8) % 9 === 0;
      expect(decodeItem(itemType, bytes.subarray(0, length)).ok).toBe(isShorterAck);
    }
    expect(decodeItem(itemType, concatBytes(bytes, Uint8Array.of(0)))).toMatchObject({
      failure: { code: 'item-body' },
    });
  });

  test('what is encoded decodes to the same, and its length is known before', () => {
    fc.assert(
      fc.property(items, (item) => {
        const encoded = encodeItem(item);
        expect(itemLength(item)).toBe(encoded.length);
        expect(decodeItem(encoded[0]!, encoded.subarray(3))).toEqual({ ok: true, value: item });
      }),
    );
  });

  test('any body of any type is a value or a failure, and what decodes has one encoding', () => {
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 120 }),
      fc.uint8Array({ minLength: 86, maxLength: 86 }),
      fc.uint8Array({ minLength: 8, maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.nat(255), body, (type, bytes) => {
        const result = decodeItem(type, bytes);
        const seen = result.ok ? encodeHex(encodeItem(result.value)).slice(6) : result.failure.code;
        expect([encodeHex(bytes), 'item-unknown', 'item-body']).toContain(seen);
      }),
      { numRuns: 500 },
    );
  });

  test('an epoch outlives the record it came in', () => {
    const body = decodeHex(vectors.items[0]!.body)!;
    const result = decodeItem(0x05, Buffer.from(body.buffer));
    body.fill(0);
    expect(written(result.ok && result.value)).toEqual(vectors.items[0]!.item);
  });

  test('our own malformed items are a bug', () => {
    const busyBelow = { cumulative: 5, exceptions: [{ seq: 4, status: 'busy' as const }] };
    expect(() => encodeItem({ type: 'message', seq: 0, envelope: new Uint8Array(1) })).toThrow(RangeError);
    expect(() => encodeItem({ type: 'ping', value: new Uint8Array(7) })).toThrow(RangeError);
    expect(() => encodeItem({ type: 'ack', ack: busyBelow })).toThrow(RangeError);
  });
});

describe('records', () => {
  test.each(vectors.records)('$name', ({ key, count, body, items, isPadded, failure }) => {
    const opener = new RecordOpener(primitives, decodeHex(key)!, count);
    const result = opener.open(decodeHex(body)!);
    expect(result.ok ? written(result.value) : result.failure.code).toEqual(items ?? failure);
    if (!result.ok) return;
    const sealer = new RecordSealer(primitives, decodeHex(key)!, count);
    expect(encodeHex(sealer.seal(result.value)) === body).toBe(isPadded);
    expect(opener.count).toBe(count + 1);
  });

  test.each(vectors.padding)('$items bytes of items make $plaintext of plaintext', ({ items, plaintext }) => {
    expect(paddedLength(items)).toBe(plaintext);
  });

  test('a padding never shrinks, and nothing is padded beyond 57,344', () => {
    for (let length = 1, last = 512; length <= RECORD_ITEMS_MAX; length++) {
      const padded = paddedLength(length);
      expect(padded >= length && padded >= last).toBe(true);
      last = padded;
    }
    expect(() => paddedLength(RECORD_ITEMS_MAX + 1)).toThrow(RangeError);
  });

  test('many items go through many records, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.array(items, { minLength: 1, maxLength: 8 }), { maxLength: 5 }), (records) => {
        const sealer = new RecordSealer(primitives, KEY);
        const opener = new RecordOpener(primitives, KEY);
        for (const record of records) {
          const opened = opener.open(sealer.seal(record));
          expect(written(opened)).toEqual(written({ ok: true, value: record }));
        }
      }),
    );
  });

  test('the largest plaintext that fits a frame opens', () => {
    const envelope = new Uint8Array(RECORD_PLAINTEXT_MAX - 11).fill(0x20);
    expect(openPlaintext(encodeItem({ type: 'message', seq: 1, envelope })).ok).toBe(true);
  });

  test('any plaintext is items or a failure, and no failure lets an item through (FRM-05)', () => {
    const tail = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(fc.array(items, { maxLength: 2 }), tail, (head, tail) => {
        const result = openPlaintext(concatBytes(...head.map(encodeItem), tail));
        expect(Object.keys(result)).toEqual(['ok', result.ok ? 'value' : 'failure']);
      }),
      { numRuns: 500 },
    );
  });

  test('a record replayed, dropped or in another order does not decrypt (CRY-16)', () => {
    const sealer = new RecordSealer(primitives, KEY);
    const [first, second, third] = [sealer.seal([PING]), sealer.seal([PING]), sealer.seal([PING])];
    const opener = new RecordOpener(primitives, KEY);
    const decrypt = { failure: { code: 'record-decrypt' } };
    expect(opener.open(second)).toMatchObject(decrypt);
    expect(opener.open(first).ok).toBe(true);
    expect(opener.open(first)).toMatchObject(decrypt);
    expect(opener.open(third)).toMatchObject(decrypt);
  });

  test('a record without items is our own bug, and a wiped key seals and opens nothing', () => {
    const sealer = new RecordSealer(primitives, KEY);
    const opener = new RecordOpener(primitives, KEY);
    expect(() => sealer.seal([])).toThrow(RangeError);
    const body = sealer.seal([PING]);
    sealer.wipe();
    opener.wipe();
    expect(() => sealer.seal([PING])).toThrow('wiped');
    expect(() => opener.open(body)).toThrow('wiped');
  });
});

describe('the counter', () => {
  test('record 65,536 uses the key of Noise’s REKEY, after 65,536 records under the first', () => {
    const sealer = new RecordSealer(primitives, KEY);
    const opener = new RecordOpener(primitives, KEY);
    for (let count = 0; count < SYMMETRIC_REKEY_RECORDS - 1; count++) opener.open(sealer.seal([PING]));
    const plaintext = new Uint8Array(512);
    plaintext.set(encodeItem(PING));
    for (const [count, key] of [
      [65_535n, KEY],
      [65_536n, rekeyed(KEY)],
      [65_537n, rekeyed(KEY)],
    ] as const) {
      const body = sealer.seal([PING]);
      expect(encodeHex(body)).toBe(encodeHex(chacha20poly1305(key, nonce(count)).encrypt(plaintext)));
      expect(opener.open(body).ok).toBe(true);
    }
    expect([sealer.count, opener.count]).toEqual([65_538, 65_538]);
  });

  test('the vectors’ records before and after two rekeys open', () => {
    const { key, next, items, records } = vectors.rekey;
    expect(encodeHex(rekeyed(decodeHex(key)!))).toBe(next);
    for (const [at, start] of [
      [0, key],
      [2, next],
    ] as const) {
      const opener = new RecordOpener(primitives, decodeHex(start)!, records[at]!.count);
      for (const { count, body } of records.slice(at, at + 2)) {
        expect(opener.count).toBe(count);
        expect(written(opener.open(decodeHex(body)!))).toEqual({ ok: true, value: items });
      }
    }
  });

  test('it passes 2^32 whole and stops before 2^53 - 1 (CRY-15)', () => {
    const low = new RecordSealer(primitives, KEY, 2 ** 32 + 5);
    const plaintext = new Uint8Array(512);
    plaintext.set(encodeItem(PING));
    const expected = chacha20poly1305(KEY, nonce(2n ** 32n + 5n)).encrypt(plaintext);
    expect(encodeHex(low.seal([PING]))).toBe(encodeHex(expected));
    const last = new RecordSealer(primitives, KEY, Number.MAX_SAFE_INTEGER - 1);
    const opener = new RecordOpener(primitives, KEY, Number.MAX_SAFE_INTEGER - 1);
    const body = last.seal([PING]);
    expect(opener.open(body).ok).toBe(true);
    expect(() => last.seal([PING])).toThrow(expect.objectContaining({ code: 'counter-exhausted' }));
    expect(opener.open(body)).toMatchObject({ failure: { code: 'counter-exhausted' } });
  });
});
