import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeHex, encodeUtf8, type Bytes } from '../../base/index.ts';
import { nativePrimitives as primitives } from '../../primitives/index.ts';
import { encodeHeader, type EnvelopeHeader } from './header.ts';
import { idFromBytes } from './index.ts';
import { decodeLayout, encodeLayout } from './layout.ts';
import { readLayout } from './read-layout.ts';

const RUNS = 3_000;

const id = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(idFromBytes);
const time = fc.oneof(fc.nat(), fc.integer({ min: 0, max: 8.64e15 }));
const header: fc.Arbitrary<EnvelopeHeader> = fc.record(
  {
    timestamp: time,
    id,
    seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    type: fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/),
    replyTo: id,
    group: id,
    expires: time,
  },
  { requiredKeys: ['timestamp', 'id', 'seq', 'type'] },
);
const envelope = fc
  .tuple(header, fc.integer({ min: 0, max: 0xffff_ffff }), fc.uint8Array({ maxLength: 50 }))
  .map(([fields, crc, ciphertext]) =>
    encodeLayout({
      headerText: encodeHeader(fields, crc),
      message: primitives.encodeBase64(ciphertext),
      hmacType: 'HMAC-SHA256',
      hmacValue: `${'A'.repeat(43)}=`,
      encType: 'AES-256-CTR',
    }),
  );
/** What tempts a reader of one layout: other spellings, other types, pieces of the layout itself. */
const SCRAPS = [
  `0 00 1 - .0 e3 ${'9'.repeat(17)} 8640000000000001 4294967296 null true {} [] " \\ \\" \\u0041 } { , : A z = ==== é`,
  `\n \u0000 \uFEFF ","message":" ,"type":"text" ,"group":" ,"expires":0 ,"__proto__":1 HMAC-SHA512`,
];
const scrap = fc.constantFrom('', ' ', ...SCRAPS.join(' ').split(' '));

function expectSame(bytes: Bytes): void {
  expect(readLayout(primitives, bytes)).toEqual(decodeLayout(primitives, bytes));
}

test('what was written is read, and as JSON would be', () => {
  fc.assert(
    fc.property(envelope, (text) => {
      expect(readLayout(primitives, encodeUtf8(text)).ok).toBe(true);
      expectSame(encodeUtf8(text));
    }),
    { numRuns: RUNS },
  );
});

test('whatever is changed in an envelope, reader and definition agree on value and code (JSN-10)', () => {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    drop: fc.nat({ max: 3 }),
    scrap,
  });
  fc.assert(
    fc.property(envelope, fc.array(change, { minLength: 1, maxLength: 3 }), (text, changes) => {
      let changed = text;
      for (const { at, drop, scrap: piece } of changes) {
        const offset = Math.floor(at * changed.length);
        changed = changed.slice(0, offset) + piece + changed.slice(offset + drop);
      }
      expectSame(encodeUtf8(changed));
    }),
    { numRuns: RUNS },
  );
});

test('one field that is something else is refused alike (JSN-05, JSN-08)', () => {
  const field = fc.constantFrom(
    'crc',
    'timestamp',
    'id',
    'seq',
    'type',
    'reply_to',
    'group',
    'expires',
    'message',
  );
  fc.assert(
    fc.property(envelope, field, scrap, (text, name, value) => {
      const changed = text.replace(new RegExp(`("${name}":"?)[^",}]*`), (_, start: string) => start + value);
      expectSame(encodeUtf8(changed));
    }),
    { numRuns: RUNS },
  );
});

test('any byte of an envelope that is another byte is read alike (JSN-06)', () => {
  fc.assert(
    fc.property(envelope, fc.nat(), fc.nat({ max: 255 }), (text, at, byte) => {
      const bytes = encodeUtf8(text);
      bytes[at % bytes.length] = byte;
      expectSame(bytes);
    }),
    { numRuns: RUNS },
  );
});

test('the published cases are read alike', () => {
  const path = join(import.meta.dirname, '../../../spec/vectors/04-envelope.json');
  const { cases } = JSON.parse(readFileSync(path, 'utf8')) as {
    readonly cases: readonly {
      readonly envelopes: readonly { readonly envelope?: string; readonly envelopeHex?: string }[];
    }[];
  };
  const envelopes = cases.flatMap((each) => each.envelopes);
  expect(envelopes.length).toBeGreaterThan(100);
  for (const { envelope: text, envelopeHex } of envelopes) {
    expectSame(text === undefined ? decodeHex(envelopeHex!)! : encodeUtf8(text));
  }
});
