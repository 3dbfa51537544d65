import { decodeUtf8, success, type Bytes, type Result } from '../../base/index.ts';
import type { Primitives } from '../../crypto/index.ts';
import { ENC_TYPE, HMAC_TYPE } from './direction.ts';
import { CRC_MAX, ENVELOPE_BYTES_MAX, PLAINTEXT_BYTES_MAX, TIME_MAX, type EnvelopeHeader } from './header.ts';
import { decodeLayout, type DecodedLayout } from './layout.ts';

// A reader for the layout as an honest sender writes it, in one pass and without a JSON parser. What it does not
// understand, `decodeLayout` reads as JSON, and that reading alone decides what is wrong with it.

const HEADER_START = '{"header":';
const SECURITY_START = `","security":{"hmac":{"hmac_type":"${HMAC_TYPE}","hmac_val":"`;
const HMAC_VALUE_LENGTH = 44;
const SECURITY_END = `"},"enc_type":"${ENC_TYPE}"}}`;
const TAIL_LENGTH = SECURITY_START.length + HMAC_VALUE_LENGTH + SECURITY_END.length;

const ID_LENGTH = 36;
const TYPE_LENGTH_MAX = 32;

/** The same as `decodeLayout` for all bytes. */
export function readLayout(primitives: Primitives, envelope: Bytes): Result<DecodedLayout> {
  const text = envelope.length <= ENVELOPE_BYTES_MAX ? decodeUtf8(envelope) : undefined;
  const plain = text === undefined ? undefined : readPlain(primitives, envelope, text);
  return plain ? success(plain) : decodeLayout(primitives, envelope);
}

function readPlain(primitives: Primitives, envelope: Bytes, text: string): DecodedLayout | undefined {
  const cursor = new TextCursor(envelope, text, HEADER_START.length);
  if (!text.startsWith(HEADER_START)) return undefined;
  const crc = cursor.number('{"crc":', CRC_MAX);
  const header = readHeader(cursor);
  const headerText = text.slice(HEADER_START.length, cursor.offset + 1);
  cursor.expect('},"message":"');
  const tail = text.length - TAIL_LENGTH;
  if (!cursor.ok || tail < cursor.offset || !text.startsWith(SECURITY_START, tail)) return undefined;
  if (!text.endsWith(SECURITY_END)) return undefined;
  const message = text.slice(cursor.offset, tail);
  const hmacValue = text.slice(tail + SECURITY_START.length, -SECURITY_END.length);
  const ciphertext = primitives.decodeBase64(message);
  const tag = primitives.decodeBase64(hmacValue);
  if (ciphertext === undefined || tag === undefined || ciphertext.length > PLAINTEXT_BYTES_MAX)
    return undefined;
  return {
    headerText,
    header,
    crc,
    message,
    ciphertext,
    hmacType: HMAC_TYPE,
    hmacValue,
    tag,
    encType: ENC_TYPE,
  };
}

function readHeader(cursor: TextCursor): EnvelopeHeader {
  const timestamp = cursor.number(',"timestamp":', TIME_MAX);
  const id = cursor.id(',"id":"');
  const seq = cursor.number(',"seq":', Number.MAX_SAFE_INTEGER);
  if (seq === 0) cursor.refuse();
  const type = cursor.type(',"type":"');
  if (cursor.isAt('}')) return { timestamp, id, seq, type };
  const replyTo = cursor.isAt(',"reply_to":') ? cursor.id(',"reply_to":"') : undefined;
  const group = cursor.isAt(',"group":') ? cursor.id(',"group":"') : undefined;
  const expires = cursor.isAt(',"expires":') ? cursor.number(',"expires":', TIME_MAX) : undefined;
  return {
    timestamp,
    id,
    seq,
    type,
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(group === undefined ? {} : { group }),
    ...(expires === undefined ? {} : { expires }),
  };
}

const CODE = { zero: 0x30, nine: 0x39, a: 0x61, f: 0x66, z: 0x7a, hyphen: 0x2d } as const;

/** Reads the members one after another. It never throws: after the first surprise `ok` is false for good. */
class TextCursor {
  ok = true;
  offset: number;
  readonly #bytes: Bytes;
  readonly #text: string;

  /** Everything up to the message is ASCII, or it is refused: until then, offsets of bytes and text are the same. */
  constructor(bytes: Bytes, text: string, offset: number) {
    this.#bytes = bytes;
    this.#text = text;
    this.offset = offset;
  }

  refuse(): void {
    this.ok = false;
  }
  isAt(literal: string): boolean {
    return this.#text.startsWith(literal, this.offset);
  }
  expect(literal: string): void {
    if (!this.isAt(literal)) this.refuse();
    this.offset += literal.length;
  }

  /** `0|[1-9][0-9]*` up to `max`, which is at most 2^53 − 1. */
  number(before: string, max: number): number {
    this.expect(before);
    const start = this.offset;
    let value = 0;
    while (value <= max && isDigit(this.#text.charCodeAt(this.offset)))
      value = 10 * value + (this.#text.charCodeAt(this.offset++) - CODE.zero);
    const length = this.offset - start;
    const hasLeadingZero = length > 1 && this.#text.charCodeAt(start) === CODE.zero;
    if (length === 0 || hasLeadingZero || value > max) this.refuse();
    return value;
  }

  /** A lower-case UUID and the quote behind it. */
  id(before: string): string {
    this.expect(before);
    for (let i = 0; i < ID_LENGTH; i++) {
      const code = this.#text.charCodeAt(this.offset + i);
      const isHyphenDue = i === 8 || i === 13 || i === 18 || i === 23;
      if (isHyphenDue ? code !== CODE.hyphen : !isHexDigit(code)) this.refuse();
    }
    // Ids live long, and a slice would keep the whole envelope's text in memory with it.
    const id = decodeUtf8(this.#bytes.subarray(this.offset, this.offset + ID_LENGTH)) ?? '';
    this.offset += ID_LENGTH;
    this.expect('"');
    return id;
  }

  /** `[a-z][a-z0-9-]{0,31}` and the quote behind it. */
  type(before: string): string {
    this.expect(before);
    const start = this.offset;
    if (!isLetter(this.#text.charCodeAt(start))) this.refuse();
    while (isOfType(this.#text.charCodeAt(this.offset))) this.offset++;
    if (this.offset - start > TYPE_LENGTH_MAX) this.refuse();
    const isText = this.offset - start === 4 && this.#text.startsWith('text', start);
    // As an id: a slice would keep the text alive.
    const type = isText ? 'text' : (decodeUtf8(this.#bytes.subarray(start, this.offset)) ?? '');
    this.expect('"');
    return type;
  }
}

function isDigit(code: number): boolean {
  return code >= CODE.zero && code <= CODE.nine;
}
function isHexDigit(code: number): boolean {
  return isDigit(code) || (code >= CODE.a && code <= CODE.f);
}
function isLetter(code: number): boolean {
  return code >= CODE.a && code <= CODE.z;
}
function isOfType(code: number): boolean {
  return isLetter(code) || isDigit(code) || code === CODE.hyphen;
}
