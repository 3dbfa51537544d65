import { decodeUtf8, failure, success, type Bytes, type Result } from '../../base/index.ts';
import type { Primitives } from '../../crypto/index.ts';
import {
  checkHeaderRanges,
  CRC_MAX,
  ENVELOPE_BYTES_MAX,
  PLAINTEXT_BYTES_MAX,
  type EnvelopeHeader,
} from './header.ts';

/**
 * The one layout of an envelope (spec/04 "The layout"), as JSON text and back:
 *
 *     {"header":{"crc":C,"timestamp":T,"id":"…","seq":S,"type":"…"[,"reply_to":"…"][,"group":"…"][,"expires":E]},
 *      "message":"B64","security":{"hmac":{"hmac_type":"…","hmac_val":"B64"},"enc_type":"…"}}
 *
 * without the line break and the indent. Decoding parses, keeps the layout's members in the layout's order, writes
 * them again and compares: that one comparison ends duplicate and foreign members, `__proto__`, escapes, whitespace
 * and every second spelling of a number. `readLayout` is a faster way to the same value for what honest senders write;
 * what it does not understand comes here, so what is refused, and with which code, is decided here alone.
 */
export interface Layout {
  /** The header's own bytes as text, from `{` to `}`. */
  readonly headerText: string;
  readonly header: EnvelopeHeader;
  readonly crc: number;
  readonly message: string;
  readonly hmacType: string;
  readonly hmacValue: string;
  readonly encType: string;
}

export interface DecodedLayout extends Layout {
  /** `message` decoded: at most 40 KiB. */
  readonly ciphertext: Bytes;
  /** `hmacValue` decoded: of any length. */
  readonly tag: Bytes;
}

/** An envelope has 4 objects. More openings than this are refused unparsed, so that nesting never reaches a parser. */
const OPENINGS_MAX = 8;
const HEADER_OFFSET = '{"header":'.length;

export function encodeLayout(layout: Omit<Layout, 'header' | 'crc'>): string {
  const { headerText, message, hmacType, hmacValue, encType } = layout;
  return `{"header":${headerText},"message":"${message}","security":{"hmac":{"hmac_type":"${hmacType}","hmac_val":"${hmacValue}"},"enc_type":"${encType}"}}`;
}

/**
 * Fails, in this order, with `envelope-size`, `envelope-utf8`, `envelope-json`, `envelope-canonical`,
 * `envelope-schema`, `envelope-range`, `envelope-base64` and, for a message that is too long, again `envelope-range`.
 */
export function decodeLayout(primitives: Primitives, envelope: Bytes): Result<DecodedLayout> {
  if (envelope.length === 0 || envelope.length > ENVELOPE_BYTES_MAX) {
    return failure('envelope-size', `the envelope has ${envelope.length} bytes`);
  }
  const text = decodeUtf8(envelope);
  if (text === undefined) return failure('envelope-utf8', 'the envelope is not valid UTF-8');
  const parsed = parseShallowJson(envelope, text);
  if (parsed === undefined) return failure('envelope-json', 'the envelope is not JSON of this depth');
  if (JSON.stringify(inLayoutOrder(parsed.value)) !== text) {
    return failure('envelope-canonical', 'the envelope is not in the one canonical form');
  }
  const layout = readFields(parsed.value, text.slice(HEADER_OFFSET, text.indexOf('}') + 1));
  if (layout === undefined) {
    return failure('envelope-schema', 'a field of the envelope is missing or of the wrong type');
  }
  if (layout.crc < 0 || layout.crc > CRC_MAX || !Number.isInteger(layout.crc)) {
    return failure('envelope-range', 'crc is out of its range');
  }
  const ranges = checkHeaderRanges(layout.header);
  return ranges.ok ? decodeFields(primitives, layout) : ranges;
}

/** Fails with `envelope-base64` or `envelope-range`. */
function decodeFields(primitives: Primitives, layout: Layout): Result<DecodedLayout> {
  const ciphertext = primitives.decodeBase64(layout.message);
  const tag = primitives.decodeBase64(layout.hmacValue);
  if (ciphertext === undefined || tag === undefined)
    return failure('envelope-base64', 'a field is not canonical base64');
  if (ciphertext.length > PLAINTEXT_BYTES_MAX)
    return failure('envelope-range', 'message is out of its range');
  return success({ ...layout, ciphertext, tag });
}

function parseShallowJson(bytes: Bytes, text: string): { readonly value: unknown } | undefined {
  let openings = 0;
  for (const byte of bytes) if (byte === 0x7b || byte === 0x5b) openings += 1;
  if (openings > OPENINGS_MAX) return undefined;
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** Copies the members that the layout knows, in its order; what is no object stays as it is. */
function inLayoutOrder(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { header, message, security } = value;
  return { header: headerInOrder(header), message, security: securityInOrder(security) };
}

function headerInOrder(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { crc, timestamp, id, seq, type, reply_to, group, expires } = value;
  return { crc, timestamp, id, seq, type, reply_to, group, expires };
}

function securityInOrder(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { hmac, enc_type } = value;
  return { hmac: hmacInOrder(hmac), enc_type };
}

function hmacInOrder(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { hmac_type, hmac_val } = value;
  return { hmac_type, hmac_val };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readFields(value: unknown, headerText: string): Layout | undefined {
  if (!isObject(value) || !isObject(value['header']) || !isObject(value['security'])) return undefined;
  const { hmac, enc_type: encType } = value['security'];
  const message = value['message'];
  if (!isObject(hmac) || typeof message !== 'string' || typeof encType !== 'string') return undefined;
  const { hmac_type: hmacType, hmac_val: hmacValue } = hmac;
  if (typeof hmacType !== 'string' || typeof hmacValue !== 'string') return undefined;
  const { crc } = value['header'];
  const header = readHeader(value['header']);
  if (typeof crc !== 'number' || header === undefined) return undefined;
  return { headerText, header, crc, message, hmacType, hmacValue, encType };
}

function readHeader(value: Readonly<Record<string, unknown>>): EnvelopeHeader | undefined {
  const { timestamp, id, seq, type, reply_to: replyTo, group, expires } = value;
  if (typeof timestamp !== 'number' || typeof seq !== 'number') return undefined;
  if (typeof id !== 'string' || typeof type !== 'string') return undefined;
  if (!isStringOrAbsent(replyTo) || !isStringOrAbsent(group)) return undefined;
  if (expires !== undefined && typeof expires !== 'number') return undefined;
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

function isStringOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}
