import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Bytes, hex, unhex, utf8 } from './bytes.ts';
import { type EnvelopeDirection, openEnvelope, sealEnvelope } from './envelope.ts';
import type { Header } from './envelope-json.ts';
import { readItem } from './items.ts';
import { nextRecordKey, sessionKeys } from './keys.ts';
import { open } from './noise.ts';
import { openRecord, paddedLength, readItems } from './records.ts';
import { Refused, unwatched } from './refused.ts';

interface SessionVectors {
  readonly keys: { readonly sessionSecret: string; readonly derived: Readonly<Record<string, string>> };
  readonly padding: readonly { readonly items: number; readonly plaintext: number }[];
  readonly items: readonly {
    readonly name: string;
    readonly itemType: number;
    readonly body: string;
    readonly failure?: string;
  }[];
  readonly records: readonly {
    readonly name: string;
    readonly key: string;
    readonly count: number;
    readonly body: string;
    readonly items?: readonly unknown[];
    readonly failure?: string;
  }[];
  readonly rekey: {
    readonly key: string;
    readonly next: string;
    readonly afterNext: string;
    readonly records: readonly { readonly count: number; readonly body: string }[];
  };
}

interface EnvelopeVectors {
  readonly handshakeHash: string;
  readonly encKeys: Readonly<Record<string, string>>;
  readonly macKeys: Readonly<Record<string, string>>;
  readonly cases: readonly {
    readonly name: string;
    readonly direction: 1 | 2;
    readonly envelopes: readonly {
      readonly itemSeq: number;
      readonly envelope?: string;
      readonly envelopeHex?: string;
      readonly header?: Omit<Header, 'crc' | 'reply_to'> & { readonly replyTo?: string };
      readonly plaintext?: string;
      readonly failure?: string;
    }[];
  }[];
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../spec/vectors/${name}`, import.meta.url), 'utf8'));

/** The code of the refusal, or ok. */
function codeOf(work: () => unknown): string {
  try {
    work();
    return 'ok';
  } catch (error) {
    if (error instanceof Refused) return error.code;
    throw error;
  }
}

const session = read('03-session.json') as SessionVectors;

test('the reference derives the keys and pads as spec/vectors/03-session.json', () => {
  const keys = Object.entries(sessionKeys(unhex(session.keys.sessionSecret)));

  expect(Object.fromEntries(keys.map(([name, key]) => [name, hex(key)]))).toStrictEqual(session.keys.derived);
  for (const { items, plaintext } of session.padding) expect(paddedLength(items)).toBe(plaintext);
});

test('the reference judges each item of spec/vectors/03-session.json', () => {
  for (const { name, itemType, body, failure } of session.items) {
    expect([name, codeOf(() => readItem({ type: itemType, body: unhex(body) }))]).toStrictEqual([
      name,
      failure ?? 'ok',
    ]);
  }
});

test('the reference judges each record of spec/vectors/03-session.json', () => {
  for (const { name, key, count, body, items, failure } of session.records) {
    const read = () => openInForce(unhex(key), BigInt(count), unhex(body)).map(readItem).length;

    expect([name, codeOf(read)]).toStrictEqual([name, failure ?? 'ok']);
    expect(failure === undefined ? read() : undefined).toBe(items?.length);
  }
});

/** The key is the one in force for that record: nothing is to be replaced first. */
function openInForce(key: Bytes, n: bigint, body: Bytes) {
  if (n < 2n ** 16n || n >= 2n ** 53n - 1n) return openRecord(key, n, body);
  return readItems(open(key, n, new Uint8Array(0), body)!);
}

test('the reference replaces the record key by itself as spec/vectors/03-session.json', () => {
  const { key, next, afterNext, records } = session.rekey;

  expect(hex(nextRecordKey(unhex(key)))).toBe(next);
  expect(hex(nextRecordKey(unhex(next)))).toBe(afterNext);
  for (const { count, body } of records)
    expect(openRecord(unhex(key), BigInt(count), unhex(body))).toHaveLength(1);
});

const envelopes = read('04-envelope.json') as EnvelopeVectors;

test.each(envelopes.cases)(
  'the reference judges the envelope of spec/vectors/04-envelope.json: $name',
  (vector) => {
    const fresh = (): EnvelopeDirection => ({
      h: unhex(envelopes.handshakeHash),
      dir: vector.direction,
      enc: unhex(envelopes.encKeys[vector.direction]!),
      mac: unhex(envelopes.macKeys[vector.direction]!),
      k: 0n,
      position: 0,
    });
    const [opening, sealing] = [fresh(), fresh()];

    for (const { itemSeq, envelope, envelopeHex, header, plaintext, failure } of vector.envelopes) {
      const bytes = envelope === undefined ? unhex(envelopeHex!) : utf8(envelope);
      expect(codeOf(() => openEnvelope(opening, BigInt(itemSeq), bytes))).toBe(failure ?? 'ok');
      if (header === undefined || plaintext === undefined) continue;
      const { replyTo, group, expires, ...rest } = header;
      const written = {
        ...rest,
        ...(replyTo !== undefined && { reply_to: replyTo }),
        ...(group !== undefined && { group }),
        ...(expires !== undefined && { expires }),
      };
      expect(hex(sealEnvelope(sealing, { header: written, plaintext: unhex(plaintext) }, unwatched))).toBe(
        hex(bytes),
      );
    }
  },
);
