import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  decapsulate,
  diffieHellman,
  hash,
  timingSafeEqual,
} from 'node:crypto';
import { crc32 } from 'node:zlib';
import { concatBytes, wipe, type Bytes } from '../base/index.ts';
import type { Aead, KeystreamCipher, Mac, Primitives } from '../crypto/index.ts';
import {
  bufferOf,
  mlKem768Secret,
  plain,
  publicBytes,
  requireLength,
  x25519Public,
  x25519Secret,
} from './raw-keys.ts';

const TAG_LENGTH = 16;
const HASH_LENGTH = 32;
const HMAC_BLOCK_LENGTH = 64;
const HMAC_OUTER_LENGTH = HMAC_BLOCK_LENGTH + HASH_LENGTH;
/** Enough for a text of a page; what is longer gets memory of its own. */
const HMAC_SCRATCH_LENGTH = 2048;
const NO_BYTES = new Uint8Array(0);

/** Everything from node:crypto (OpenSSL). */
export const nativePrimitives: Primitives = {
  sha256: (...parts) => plain(hash('sha256', joined(parts), 'buffer')),
  sha512: (...parts) => plain(hash('sha512', joined(parts), 'buffer')),
  hmacSha256,
  hmacSha256Key,
  chaCha20Poly1305,
  aes256Ctr,
  x25519,
  x25519PublicKey: (secret) => publicBytes(x25519Secret(secret)),
  mlKem768Decapsulate,
  crc32: (data) => crc32(data),
  encodeBase64: (bytes) => bufferOf(bytes).toString('base64'),
  decodeBase64,
  equalConstantTime: (a, b) => a.length === b.length && timingSafeEqual(a, b),
};

const keyedOnce = { inner: Buffer.alloc(HMAC_SCRATCH_LENGTH), outer: Buffer.alloc(HMAC_OUTER_LENGTH) };

/**
 * RFC 2104 out of two one-shot hashes: an `Hmac` object costs five times as much for a key that is used once. What comes out is
 * mostly a key: it never becomes a text, which nobody could wipe.
 */
function hmacSha256(key: Bytes, ...parts: readonly Bytes[]): Bytes {
  const { inner, outer } = keyedOnce;
  writePads(key, inner, outer);
  const message = behindPad(inner, parts);
  const digest = hash('sha256', message, 'buffer');
  outer.set(digest, HMAC_BLOCK_LENGTH);
  const tag = hash('sha256', outer, 'buffer');
  wipe(message, digest, outer, inner.subarray(0, HMAC_BLOCK_LENGTH));
  return plain(tag);
}

/** Both halves are one-shot hashes of scratch memory that begins with the padded key: a third of an `Hmac` object's cost. */
function hmacSha256Key(key: Bytes): Mac {
  const inner = Buffer.alloc(HMAC_SCRATCH_LENGTH);
  const outer = Buffer.alloc(HMAC_OUTER_LENGTH);
  writePads(key, inner, outer);
  const sign = (parts: readonly (Bytes | string)[], encoding: 'binary' | 'base64'): string => {
    const message = behindPad(inner, parts);
    // As text and back: a hash that makes a Buffer costs twice as much.
    outer.write(hash('sha256', message, 'binary'), HMAC_BLOCK_LENGTH, 'binary');
    if (message.length > inner.length) wipe(message);
    return hash('sha256', outer, encoding);
  };
  return {
    sign: (...parts) => fromLatin1(sign(parts, 'binary')),
    signBase64: (...parts) => sign(parts, 'base64'),
    wipe: () => wipe(inner, outer),
  };
}

/** The parts behind the padded key with which the scratch memory begins: in there, or in memory of their own if they do not fit. */
function behindPad(scratch: Buffer, parts: readonly (Bytes | string)[]): Buffer {
  let length = HMAC_BLOCK_LENGTH;
  for (const part of parts) length += byteLength(part);
  const isLong = length > scratch.length;
  const message = isLong ? Buffer.alloc(length) : scratch.subarray(0, length);
  if (isLong) message.set(scratch.subarray(0, HMAC_BLOCK_LENGTH));
  let end = HMAC_BLOCK_LENGTH;
  for (const part of parts) {
    if (typeof part === 'string') message.write(part, end);
    else message.set(part, end);
    end += byteLength(part);
  }
  return message;
}

function byteLength(part: Bytes | string): number {
  return typeof part === 'string' ? Buffer.byteLength(part) : part.length;
}

/** The key, hashed if it is longer than a block and filled up with zeros, XORed with RFC 2104's ipad and opad. */
function writePads(key: Bytes, inner: Buffer, outer: Buffer): void {
  const block = key.length > HMAC_BLOCK_LENGTH ? hash('sha256', key, 'buffer') : key;
  for (let i = 0; i < HMAC_BLOCK_LENGTH; i++) {
    const byte = block[i] ?? 0;
    inner[i] = 0x36 ^ byte;
    outer[i] = 0x5c ^ byte;
  }
}

function chaCha20Poly1305(key: Bytes): Aead {
  requireLength('a ChaCha20-Poly1305 key', key, 32);
  const secret = createSecretKey(key);
  const options = { authTagLength: TAG_LENGTH };
  const sealTo = (
    target: Bytes,
    offset: number,
    nonce: Bytes,
    additionalData: Bytes,
    plaintext: Bytes,
  ): void => {
    const cipher = createCipheriv('chacha20-poly1305', secret, nonce, options);
    if (additionalData.length > 0) cipher.setAAD(additionalData, { plaintextLength: plaintext.length });
    target.set(cipher.update(plaintext), offset);
    cipher.final();
    target.set(cipher.getAuthTag(), offset + plaintext.length);
  };
  return {
    seal: (nonce, additionalData, plaintext) => {
      const sealed = new Uint8Array(plaintext.length + TAG_LENGTH);
      sealTo(sealed, 0, nonce, additionalData, plaintext);
      return sealed;
    },
    sealInto: (target, offset, nonce, plaintext) => sealTo(target, offset, nonce, NO_BYTES, plaintext),
    open: (nonce, additionalData, sealed) => {
      const length = sealed.length - TAG_LENGTH;
      if (length < 0) return undefined;
      const decipher = createDecipheriv('chacha20-poly1305', secret, nonce, options);
      if (additionalData.length > 0) decipher.setAAD(additionalData, { plaintextLength: length });
      decipher.setAuthTag(sealed.subarray(length));
      const plaintext = decipher.update(sealed.subarray(0, length));
      try {
        decipher.final();
        return plain(plaintext);
      } catch {
        plaintext.fill(0);
        return undefined;
      }
    },
  };
}

function aes256Ctr(key: Bytes): KeystreamCipher {
  requireLength('an AES-256 key', key, 32);
  const cipher = createCipheriv('aes-256-ctr', createSecretKey(key), new Uint8Array(16));
  return { apply: (bytes) => plain(cipher.update(bytes)) };
}

function x25519(secret: Bytes, publicKey: Bytes): Bytes | undefined {
  const privateKey = x25519Secret(secret);
  const peer = x25519Public(publicKey);
  let secretBytes: Buffer;
  try {
    secretBytes = diffieHellman({ privateKey, publicKey: peer });
  } catch {
    return undefined; // OpenSSL refuses the all-zero secret of a low-order point (RFC 7748 §6.1).
  }
  return plain(secretBytes);
}

function mlKem768Decapsulate(seed: Bytes, ciphertext: Bytes): Bytes | undefined {
  if (ciphertext.length !== 1088) return undefined;
  return plain(decapsulate(mlKem768Secret(seed), ciphertext));
}

/** Buffer skips what is not base64 and ignores stray bits, so the text must be what its own bytes encode to. */
function decodeBase64(text: string): Bytes | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? plain(bytes) : undefined;
}

/** The bytes that a text of one character a byte stands for. */
function fromLatin1(text: string): Bytes {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function joined(parts: readonly Bytes[]): Bytes {
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : concatBytes(...parts);
}
