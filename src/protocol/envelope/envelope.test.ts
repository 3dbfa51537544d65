import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeHex, encodeHex, encodeUtf8, ERROR_CODES, type Bytes } from '../../base/index.ts';
import { nativePrimitives as primitives } from '../../primitives/index.ts';
import {
  ENVELOPE_BYTES_MAX,
  EnvelopeOpener,
  EnvelopeSealer,
  idFromBytes,
  idToBytes,
  parseMessageId,
  PLAINTEXT_BYTES_MAX,
  TEXT_BYTES_MAX,
  type EnvelopeHeader,
  type EnvelopeOptions,
} from './index.ts';

interface Vectors {
  readonly handshakeHash: string;
  readonly encKeys: Readonly<Record<1 | 2, string>>;
  readonly macKeys: Readonly<Record<1 | 2, string>>;
  readonly cases: readonly {
    readonly name: string;
    readonly ids: readonly string[];
    readonly direction: 1 | 2;
    readonly envelopes: readonly {
      readonly itemSeq: number;
      readonly envelope?: string;
      readonly envelopeHex?: string;
      readonly header?: EnvelopeHeader;
      readonly plaintext?: string;
      readonly failure?: string;
    }[];
  }[];
}

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../spec/vectors/04-envelope.json'), 'utf8'),
) as Vectors;
const titled = vectors.cases.map((vector) => ({ ...vector, title: [vector.name, ...vector.ids].join(', ') }));

function optionsOf(direction: 1 | 2): EnvelopeOptions {
  return {
    primitives,
    encKey: decodeHex(vectors.encKeys[direction])!,
    macKey: decodeHex(vectors.macKeys[direction])!,
    handshakeHash: decodeHex(vectors.handshakeHash)!,
    direction,
  };
}

const options = optionsOf(1);
const HEADER: EnvelopeHeader = {
  timestamp: 1_784_000_000_000,
  id: '01920000-0000-7000-8000-00000000002a',
  seq: 1,
  type: 'text',
};

function codeOf(envelope: Bytes, itemSeq = 1): string {
  const result = new EnvelopeOpener(options).open(envelope, itemSeq);
  return result.ok ? 'opened' : result.failure.code;
}

describe('vectors', () => {
  test.each(titled)('$title', ({ direction, envelopes }) => {
    const opener = new EnvelopeOpener(optionsOf(direction));
    const sealer = new EnvelopeSealer(optionsOf(direction));
    for (const { itemSeq, envelope, envelopeHex, header, plaintext, failure } of envelopes) {
      const bytes = envelope === undefined ? decodeHex(envelopeHex!)! : encodeUtf8(envelope);
      const result = opener.open(bytes, itemSeq);
      expect(result.ok ? 'opened' : result.failure.code).toBe(failure ?? 'opened');
      if (!result.ok || header === undefined) continue;
      expect(result.value.header).toEqual(header);
      expect(encodeHex(result.value.plaintext)).toBe(plaintext);
      const again = sealer.seal(result.value.header, result.value.plaintext);
      expect(encodeHex(again)).toBe(encodeHex(bytes));
    }
  });

  test('every code of the envelope has a failing case, and every case has one fault', () => {
    const codes = Object.keys(ERROR_CODES).filter((code) => code.startsWith('envelope-'));
    const failures = vectors.cases.flatMap(({ envelopes }) => envelopes.map(({ failure }) => failure));
    expect(new Set(failures.filter((code) => code !== undefined))).toEqual(new Set(codes));
    expect(new Set(titled.map(({ title }) => title)).size).toBe(titled.length);
  });

  test('every case of JSN-01 to JSN-12 is there', () => {
    const ids = new Set(vectors.cases.flatMap(({ ids }) => ids));
    const due = Array.from({ length: 12 }, (_, index) => `JSN-${String(index + 1).padStart(2, '0')}`);
    expect([...ids].sort()).toEqual(due);
  });
});

describe('truncation', () => {
  test('an envelope cut anywhere, or with a byte more, is refused (FRM-02, FRM-05)', () => {
    const envelope = new EnvelopeSealer(options).seal(HEADER, encodeUtf8('hello'));
    for (let length = 0; length < envelope.length; length++) {
      expect(codeOf(envelope.subarray(0, length))).toBe(length === 0 ? 'envelope-size' : 'envelope-json');
    }
    for (const byte of [0x00, 0x0a, 0x20, 0x7d]) {
      expect(codeOf(Uint8Array.of(...envelope, byte))).toMatch(/^envelope-(json|canonical)$/);
    }
  });

  test('any bit that is flipped anywhere is noticed', () => {
    const envelope = new EnvelopeSealer(options).seal(HEADER, encodeUtf8('hello'));
    for (let bit = 0; bit < 8 * envelope.length; bit++) {
      const flipped = envelope.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(codeOf(flipped)).toMatch(/^envelope-/);
    }
  });
});

describe('limits', () => {
  test('the largest plaintext passes in a header of the largest size, and a byte more is a bug of ours (JSN-11)', () => {
    const header = {
      timestamp: 8.64e15,
      id: HEADER.id,
      seq: Number.MAX_SAFE_INTEGER,
      type: 'text',
      replyTo: HEADER.id,
      group: HEADER.id,
      expires: 8.64e15,
    };
    const plaintext = new Uint8Array(PLAINTEXT_BYTES_MAX).fill(0x61);
    const envelope = new EnvelopeSealer(options).seal(header, plaintext);
    expect(envelope.length).toBeLessThanOrEqual(ENVELOPE_BYTES_MAX);
    const opened = new EnvelopeOpener(options).open(envelope, header.seq);
    expect(opened.ok && opened.value.header).toEqual(header);
    expect(opened.ok && opened.value.plaintext.length).toBe(PLAINTEXT_BYTES_MAX);
    const longer = new Uint8Array(PLAINTEXT_BYTES_MAX + 1);
    expect(() => new EnvelopeSealer(options).seal(header, longer)).toThrow(RangeError);
  });

  test('a peer’s message of more than 40 KiB is out of range, whatever its CRC and HMAC (JSN-08)', () => {
    const text = new TextDecoder().decode(new EnvelopeSealer(options).seal(HEADER, new Uint8Array(0)));
    const message = primitives.encodeBase64(new Uint8Array(PLAINTEXT_BYTES_MAX + 1));
    expect(codeOf(encodeUtf8(text.replace('"message":""', `"message":"${message}"`)))).toBe('envelope-range');
  });

  test('a text of more than 32 KiB opens: the session refuses it, and lives (FRM-08)', () => {
    const plaintext = new Uint8Array(TEXT_BYTES_MAX + 1).fill(0x61);
    expect(codeOf(new EnvelopeSealer(options).seal(HEADER, plaintext))).toBe('opened');
  });

  test('the size is the first check, to the byte', () => {
    expect(codeOf(new Uint8Array(ENVELOPE_BYTES_MAX).fill(0xff))).toBe('envelope-utf8');
    expect(codeOf(new Uint8Array(ENVELOPE_BYTES_MAX + 1).fill(0xff))).toBe('envelope-size');
  });

  test('nesting as deep as an envelope can hold is refused without a parser (JSN-01)', () => {
    expect(codeOf(new Uint8Array(ENVELOPE_BYTES_MAX).fill(0x5b))).toBe('envelope-json');
    expect(codeOf(encodeUtf8('{"header":'.repeat(5_000)))).toBe('envelope-json');
  });

  test('as many members as an envelope can hold are refused (JSN-02)', () => {
    const members = Array.from({ length: 6_000 }, (_, index) => `"${index}":0`).join(',');
    expect(codeOf(encodeUtf8(`{${members}}`))).toBe('envelope-canonical');
  });

  test.each<[string, Partial<EnvelopeHeader>]>([
    ['a timestamp beyond the last date', { timestamp: 8.64e15 + 1 }],
    ['seq 0', { seq: 0 }],
    ['an id in capitals', { id: HEADER.id.toUpperCase() }],
    ['a type with a quote', { type: 'a"' }],
    ['an unknown time of expiry', { expires: Number.NaN }],
  ])('%s of our own is a bug, and moves neither counter nor keystream', (_name, change) => {
    const sealer = new EnvelopeSealer(options);
    expect(() => sealer.seal({ ...HEADER, ...change }, encodeUtf8('hello'))).toThrow(RangeError);
    expect(codeOf(sealer.seal(HEADER, encodeUtf8('hello')))).toBe('opened');
  });
});

describe('a direction', () => {
  test('the position counts every MSG item, valid or not', () => {
    const sealer = new EnvelopeSealer(options);
    const opener = new EnvelopeOpener(options);
    const missed = sealer.seal(HEADER, new Uint8Array(0));
    expect(opener.open(encodeUtf8('junk'), 1)).toMatchObject({ failure: { code: 'envelope-json' } });
    expect(opener.open(sealer.seal(HEADER, new Uint8Array(0)), 1).ok).toBe(true);
    expect(opener.open(missed, 1)).toMatchObject({ failure: { code: 'envelope-hmac' } });
  });

  test('whatever is sealed opens to the same, one keystream over all envelopes', () => {
    const id = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(idFromBytes);
    const time = fc.integer({ min: 0, max: 8.64e15 });
    const header: fc.Arbitrary<EnvelopeHeader> = fc.record(
      {
        timestamp: time,
        id,
        seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        type: fc.constant('text'),
        replyTo: id,
        group: id,
        expires: time,
      },
      { requiredKeys: ['timestamp', 'id', 'seq', 'type'] },
    );
    const text = fc.string({ unit: 'grapheme', maxLength: 200 }).map(encodeUtf8);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(header, text), { maxLength: 6 }),
        fc.constantFrom(1, 2),
        (all, direction) => {
          const sealer = new EnvelopeSealer(optionsOf(direction));
          const opener = new EnvelopeOpener(optionsOf(direction));
          for (const [header, plaintext] of all) {
            const opened = opener.open(sealer.seal(header, plaintext), header.seq);
            expect(opened.ok && opened.value.header).toEqual(header);
            expect(opened.ok && encodeHex(opened.value.plaintext)).toBe(encodeHex(plaintext));
          }
        },
      ),
    );
  });

  test('many at once are the same bytes as one after another, and open the same', () => {
    const texts = ['one', '', 'three', 'four'].map(encodeUtf8);
    const messages = texts.map((plaintext, index) => ({ header: { ...HEADER, seq: index + 1 }, plaintext }));
    const oneByOne = new EnvelopeSealer(options);
    const items = new EnvelopeSealer(options).sealAll(messages);
    expect(items.map(({ envelope }) => encodeHex(envelope))).toEqual(
      messages.map(({ header, plaintext }) => encodeHex(oneByOne.seal(header, plaintext))),
    );
    const { opened, failure } = new EnvelopeOpener(options).openAll(items);
    expect(failure).toBeUndefined();
    expect(opened.map(({ plaintext }) => encodeHex(plaintext))).toEqual(texts.map(encodeHex));
    expect(new EnvelopeOpener(options).openAll([])).toEqual({ opened: [], failure: undefined });
  });

  test('of many, those before the first that fails are opened, and none after it', () => {
    const type = 'note'; // No JSON object: what fails last of all, after its HMAC was right.
    const messages = ['one', 'two', 'three'].map((text, index) => ({
      header: { ...HEADER, seq: index + 1, ...(text === 'two' ? { type } : {}) },
      plaintext: encodeUtf8(text),
    }));
    const items = new EnvelopeSealer(options).sealAll(messages);
    const byText = new EnvelopeOpener(options).openAll(items);
    expect(byText.opened.map(({ header }) => header.seq)).toEqual([1]);
    expect(byText.failure?.code).toBe('envelope-text');
    const swapped = [items[0]!, items[2]!, items[1]!];
    const byHmac = new EnvelopeOpener(options).openAll(swapped);
    expect(byHmac.opened.map(({ header }) => header.seq)).toEqual([1]);
    expect(byHmac.failure?.code).toBe('envelope-hmac');
  });

  test('arbitrary bytes and arbitrary JSON never throw and never open (JSN-10)', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.json().map(encodeUtf8)), (bytes) => {
        expect(codeOf(bytes)).toMatch(/^envelope-/);
      }),
      { numRuns: 500 },
    );
  });

  test('any JSON in any field never throws and never opens', () => {
    const text = new TextDecoder().decode(new EnvelopeSealer(options).seal(HEADER, encodeUtf8('hello')));
    const values = [...text.matchAll(/:("[^"]*"|\d+|\{)/g)]
      .map((match) => match[1]!)
      .filter((value) => value !== '{');
    fc.assert(
      fc.property(fc.constantFrom(...values), fc.json({ maxDepth: 2 }), (value, other) => {
        const changed = text.replace(value, () => other);
        fc.pre(changed !== text);
        expect(codeOf(encodeUtf8(changed))).toMatch(/^envelope-/);
      }),
      { numRuns: 500 },
    );
  });
});

describe('message ids', () => {
  test('a lower-case UUID goes to 16 bytes and back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const id = idFromBytes(bytes);
        expect(parseMessageId(id)).toEqual({ ok: true, value: id });
        expect(idToBytes(id)).toEqual(bytes);
      }),
    );
  });

  test.each([
    '',
    HEADER.id.toUpperCase(),
    HEADER.id.slice(1),
    `${HEADER.id}\n`,
    HEADER.id.replaceAll('-', ''),
  ])('the id %j is refused', (text) => {
    expect(parseMessageId(text)).toMatchObject({ failure: { code: 'envelope-range' } });
    expect(() => idToBytes(text)).toThrow(RangeError);
  });

  test('an id of another length than 16 bytes is our own bug', () => {
    expect(() => idFromBytes(new Uint8Array(15))).toThrow(RangeError);
  });
});
