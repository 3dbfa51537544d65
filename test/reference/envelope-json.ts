import { type Bytes, concat, equal, fromUtf8, utf8 } from './bytes.ts';
import { demand, Refused } from './refused.ts';

// spec/04: the JSON form, and the receiver's checks 1 to 8.

export interface Header {
  readonly crc: number;
  readonly timestamp: number;
  readonly id: string;
  readonly seq: number;
  readonly type: string;
  readonly reply_to?: string;
  readonly group?: string;
  readonly expires?: number;
}

export interface Envelope {
  readonly header: Header;
  readonly message: string;
  readonly security: {
    readonly hmac: { readonly hmac_type: string; readonly hmac_val: string };
    readonly enc_type: string;
  };
}

const LAYOUT = ['header', 'message', 'security'];
const HEADER = ['crc', 'timestamp', 'id', 'seq', 'type', 'reply_to', 'group', 'expires'];
const SECURITY = ['hmac', 'enc_type'];
const HMAC = ['hmac_type', 'hmac_val'];
const OPTIONAL = new Set(['reply_to', 'group', 'expires']);

/** Checks 1 to 8. */
export function readEnvelope(bytes: Bytes): {
  readonly envelope: Envelope;
  readonly ct: Bytes;
  readonly tag: Bytes;
} {
  demand(bytes.length >= 1 && bytes.length <= 57_333, 'envelope-size');
  const text = fromUtf8(bytes);
  demand(text !== undefined, 'envelope-utf8');
  const parsed = parse(text);
  demand(equal(utf8(canonical(parsed)), bytes), 'envelope-canonical');
  checkSchema(parsed);
  const envelope = parsed as Envelope;
  checkRanges(envelope.header);
  const ct = fromBase64(envelope.message);
  const tag = fromBase64(envelope.security.hmac.hmac_val);
  demand(ct !== undefined && tag !== undefined, 'envelope-base64');
  demand(ct.length <= 40_960, 'envelope-range');
  return { envelope, ct, tag };
}

function parse(text: string): unknown {
  demand(text.replace(/[^{[]/g, '').length <= 8, 'envelope-json');
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused('envelope-json');
  }
}

/** Check 4: what was parsed, written again. */
function canonical(parsed: unknown): string {
  return JSON.stringify(
    inOrder(parsed, LAYOUT, {
      header: (value) => inOrder(value, HEADER, {}),
      security: (value) => inOrder(value, SECURITY, { hmac: (inner) => inOrder(inner, HMAC, {}) }),
    }),
  );
}

/** The members of an object that are in the layout, in its order; anything else as it is. */
function inOrder(
  value: unknown,
  members: readonly string[],
  inner: Readonly<Record<string, (value: unknown) => unknown>>,
): unknown {
  if (!isObject(value)) return value;
  const present = members.filter((member) => Object.hasOwn(value, member));
  return Object.fromEntries(
    present.map((member) => [member, inner[member]?.(value[member]) ?? value[member]]),
  );
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Check 5. */
function checkSchema(parsed: unknown): void {
  const envelope = membersOf(parsed, LAYOUT);
  const header = membersOf(envelope['header'], HEADER);
  const security = membersOf(envelope['security'], SECURITY);
  const hmac = membersOf(security['hmac'], HMAC);
  const numbers = [header['crc'], header['timestamp'], header['seq'], header['expires'] ?? 0];
  const strings = [header['id'], header['type'], header['reply_to'] ?? '', header['group'] ?? ''];
  strings.push(envelope['message'], security['enc_type'], hmac['hmac_type'], hmac['hmac_val']);
  demand(
    numbers.every((value) => typeof value === 'number') &&
      strings.every((value) => typeof value === 'string'),
    'envelope-schema',
  );
}

function membersOf(value: unknown, members: readonly string[]): Readonly<Record<string, unknown>> {
  demand(isObject(value), 'envelope-schema');
  for (const member of members) {
    demand(OPTIONAL.has(member) || Object.hasOwn(value, member), 'envelope-schema');
    demand(value[member] !== null, 'envelope-schema');
  }
  return value;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Check 6. */
function checkRanges({ crc, timestamp, id, seq, type, reply_to: replyTo, group, expires }: Header): void {
  demand(isIn(crc, 0, 2 ** 32 - 1), 'envelope-range');
  demand(isIn(timestamp, 0, 8_640_000_000_000_000), 'envelope-range');
  demand(UUID.test(id), 'envelope-range');
  demand(isIn(seq, 1, 2 ** 53 - 1), 'envelope-range');
  demand(/^[a-z][a-z0-9-]{0,31}$/.test(type), 'envelope-range');
  demand(replyTo === undefined || UUID.test(replyTo), 'envelope-range');
  demand(group === undefined || UUID.test(group), 'envelope-range');
  demand(expires === undefined || isIn(expires, 0, 8_640_000_000_000_000), 'envelope-range');
}

const isIn = (value: number, low: number, high: number): boolean =>
  Number.isInteger(value) && value >= low && value <= high;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** RFC 4648 §4 with padding. */
export function toBase64(bytes: Bytes): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  const groups = bits.match(/.{1,6}/g) ?? [];
  const text = groups.map((group) => ALPHABET.charAt(Number.parseInt(group.padEnd(6, '0'), 2))).join('');
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}

/** The bytes, or undefined when the text is not the one canonical encoding of any. */
export function fromBase64(text: string): Bytes | undefined {
  const letters = text.replace(/=+$/, '');
  const values = Array.from(letters, (letter) => ALPHABET.indexOf(letter));
  if (values.includes(-1)) return undefined;
  const bits = values.map((value) => value.toString(2).padStart(6, '0')).join('');
  const bytes = concat(...(bits.match(/.{8}/g) ?? []).map((byte) => Uint8Array.of(Number.parseInt(byte, 2))));
  return toBase64(bytes) === text ? bytes : undefined;
}

/** For what is known to be base64. */
export function bytesOf(text: string): Bytes {
  const bytes = fromBase64(text);
  if (bytes === undefined) throw new Error('not base64');
  return bytes;
}
