import { expand as hkdfExpand, extract as hkdfExtract } from '@noble/hashes/hkdf.js';
import { hmac as nobleHmac } from '@noble/hashes/hmac.js';
import { sha256 as nobleSha256, sha512 as nobleSha512 } from '@noble/hashes/sha2.js';
import { type Bytes, utf8 } from './bytes.ts';

export const sha256 = (data: Bytes): Bytes => nobleSha256(data);

export const sha512 = (data: Bytes): Bytes => nobleSha512(data);

/** HMAC-SHA256. */
export const hmac = (key: Bytes, data: Bytes): Bytes => nobleHmac(nobleSha256, key, data);

/** HKDF-Extract with SHA-256 (RFC 5869). */
export const extract = (salt: Bytes, ikm: Bytes): Bytes => hkdfExtract(nobleSha256, ikm, salt);

/** HKDF-Expand with SHA-256 (RFC 5869); a text as info is ASCII. */
export const expand = (prk: Bytes, info: Bytes | string, length: number): Bytes =>
  hkdfExpand(nobleSha256, prk, typeof info === 'string' ? utf8(info) : info, length);
