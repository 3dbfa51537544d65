import { concatBytes, encodeUtf8, wipe, type Bytes } from '../base/index.ts';
import type { Primitives } from './primitives.ts';

const HASH_LENGTH = 32;

/** HKDF-Extract with SHA-256 (RFC 5869 §2.2); the input key material is the concatenation of `ikm`. 32 bytes. */
export function hkdfExtract(primitives: Primitives, salt: Bytes, ...ikm: readonly Bytes[]): Bytes {
  return primitives.hmacSha256(salt, ...ikm);
}

/** HKDF-Expand with SHA-256 (RFC 5869 §2.3). `length` is 1..8,160 bytes; a label is taken as its UTF-8. */
export function hkdfExpand(primitives: Primitives, prk: Bytes, info: string | Bytes, length: number): Bytes {
  if (!Number.isInteger(length) || length < 1 || length > 255 * HASH_LENGTH) {
    throw new RangeError(`HKDF cannot expand to ${length} bytes`);
  }
  const label = typeof info === 'string' ? encodeUtf8(info) : info;
  const blocks: Bytes[] = [];
  let previous: Bytes = new Uint8Array(0);
  for (let counter = 1; blocks.length * HASH_LENGTH < length; counter++) {
    previous = primitives.hmacSha256(prk, previous, label, Uint8Array.of(counter));
    blocks.push(previous);
  }
  const okm = concatBytes(...blocks).slice(0, length);
  wipe(...blocks);
  return okm;
}
