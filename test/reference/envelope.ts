import { ctr } from '@noble/ciphers/aes.js';
import { type Bytes, concat, equal, fromUtf8, lv32, u64, u8, utf8, zeros } from './bytes.ts';
import { type Header, readEnvelope, toBase64 } from './envelope-json.ts';
import { hmac } from './hash.ts';
import { demand, type Watch } from './refused.ts';

// spec/04 "Security".

/** One direction of envelopes under one set of keys. `k` and `position` grow with each envelope. */
export interface EnvelopeDirection {
  readonly h: Bytes;
  readonly dir: 1 | 2;
  readonly enc: Bytes;
  readonly mac: Bytes;
  k: bigint;
  /** The first unused byte of the keystream. */
  position: number;
}

export interface Written {
  readonly header: Omit<Header, 'crc'>;
  readonly plaintext: Bytes;
}

export interface Opened {
  readonly header: Header;
  readonly plaintext: Bytes;
}

export function sealEnvelope(
  direction: EnvelopeDirection,
  { header, plaintext }: Written,
  watch: Watch,
): Bytes {
  const ct = keystream(direction, plaintext);
  const message = toBase64(ct);
  const headerText = JSON.stringify({ crc: crc32(utf8(message)), ...header });
  const tag = envelopeTag(direction, headerText, 'AES-256-CTR', 'HMAC-SHA256', ct);
  watch('ctx', context(direction));
  watch('ct', ct);
  watch('header', utf8(headerText));
  watch('hmac_val', tag);
  direction.k += 1n;
  direction.position += ct.length;
  return utf8(
    `{"header":${headerText},"message":"${message}","security":{"hmac":{"hmac_type":"HMAC-SHA256",` +
      `"hmac_val":"${toBase64(tag)}"},"enc_type":"AES-256-CTR"}}`,
  );
}

/** `itemSeq` is the seq of the MSG item. */
export function openEnvelope(direction: EnvelopeDirection, itemSeq: bigint, bytes: Bytes): Opened {
  const k = direction.k++;
  const { envelope, ct, tag } = readEnvelope(bytes);
  const { header, message, security } = envelope;
  demand(BigInt(header.seq) === itemSeq, 'envelope-seq');
  demand(header.crc === crc32(utf8(message)), 'envelope-crc');
  demand(security.enc_type === 'AES-256-CTR', 'envelope-enc-type');
  demand(security.hmac.hmac_type === 'HMAC-SHA256', 'envelope-hmac-type');
  const right = envelopeTag(
    { ...direction, k },
    JSON.stringify(header),
    security.enc_type,
    security.hmac.hmac_type,
    ct,
  );
  demand(equal(tag, right), 'envelope-hmac');
  const plaintext = keystream(direction, ct);
  direction.position += ct.length;
  demand(isContent(header.type, plaintext), 'envelope-text');
  return { header, plaintext };
}

/** The bytes XOR the keystream from the direction's position on. */
export function keystream({ enc, position }: EnvelopeDirection, bytes: Bytes): Bytes {
  const stream = ctr(enc, zeros(16))
    .encrypt(zeros(position + bytes.length))
    .slice(position);
  return bytes.map((byte, at) => byte ^ (stream[at] ?? 0));
}

const context = ({ h, dir, k }: EnvelopeDirection): Bytes =>
  concat(utf8('sotto/1 env'), u8(0), h, u8(dir), u64(k));

/** The HMAC of an envelope; types that are refused may be given, to make an envelope that has nothing else wrong. */
export function envelopeTag(
  direction: EnvelopeDirection,
  header: string,
  enc: string,
  mac: string,
  ct: Bytes,
): Bytes {
  const parts = [utf8(header), utf8(enc), utf8(mac), ct].map(lv32);
  return hmac(direction.mac, concat(context(direction), ...parts));
}

/** Check 14. */
function isContent(type: string, plaintext: Bytes): boolean {
  const text = fromUtf8(plaintext);
  if (text === undefined || type === 'text') return text !== undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** CRC-32 as zlib's, bit by bit. */
export function crc32(bytes: Bytes): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
