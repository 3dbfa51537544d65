import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Bytes } from '../base/index.ts';

/**
 * Importing a key costs as much as a Diffie-Hellman, and a handshake uses each of its keys two or three times: the imported
 * key lives as long as the array it came from.
 */
const importedSecrets = new WeakMap<Bytes, KeyObject>();
const importedPublics = new WeakMap<Bytes, KeyObject>();

/** All of a SubjectPublicKeyInfo before the key's own bytes. */
const X25519_SPKI = Buffer.from('302a300506032b656e032100', 'hex');
const ML_KEM_768_SPKI = Buffer.from('308204b2300b0609608648016503040402038204a100', 'hex');

export function x25519Secret(secret: Bytes): KeyObject {
  return importOnce(importedSecrets, secret, 32, () =>
    createPrivateKey({ key: bufferOf(secret), format: 'raw-private', asymmetricKeyType: 'x25519' }),
  );
}

export function x25519Public(key: Bytes): KeyObject {
  return importOnce(importedPublics, key, 32, () => createPublicKey(publicPem(X25519_SPKI, key)));
}

export function mlKem768Secret(seed: Bytes): KeyObject {
  return importOnce(importedSecrets, seed, 64, () =>
    createPrivateKey({ key: bufferOf(seed), format: 'raw-seed', asymmetricKeyType: 'ml-kem-768' }),
  );
}

/** A new key pair, ready for use: generating one is cheaper than importing a secret. */
export function generateX25519(): { readonly secret: Bytes; readonly publicKey: Bytes } {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const secret = plain(privateKey.export({ format: 'raw-private' }));
  importedSecrets.set(secret, privateKey);
  return { secret, publicKey: plain(publicKey.export({ format: 'raw-public' })) };
}

/** A new key pair, ready for use: generating one takes a third of the time that importing a seed takes. */
export function generateMlKem768(): { readonly seed: Bytes; readonly publicKey: Bytes } {
  const { privateKey, publicKey } = generateKeyPairSync('ml-kem-768');
  const seed = plain(privateKey.export({ format: 'raw-seed' }));
  importedSecrets.set(seed, privateKey);
  return { seed, publicKey: plain(publicKey.export({ format: 'raw-public' })) };
}

/** Undefined when a coefficient is out of range (FIPS 203 §7.2): what a peer sent is never thrown about. */
export function mlKem768Public(key: Bytes): KeyObject | undefined {
  requireLength('an ML-KEM-768 public key', key, 1184);
  try {
    return createPublicKey(publicPem(ML_KEM_768_SPKI, key));
  } catch {
    return undefined;
  }
}

/**
 * A raw key as the text of a SubjectPublicKeyInfo (RFC 8410, RFC 9935). Node takes a text as it is; before it takes an object with
 * bytes it throws and catches four errors to find out that neither is a key, which costs as much as the import.
 */
function publicPem(prefix: Bytes, key: Bytes): string {
  const text = Buffer.concat([prefix, key]).toString('base64');
  return `-----BEGIN PUBLIC KEY-----\n${text}\n-----END PUBLIC KEY-----`;
}

export function publicBytes(secret: KeyObject): Bytes {
  return plain(createPublicKey(secret).export({ format: 'raw-public' }));
}

export function requireLength(what: string, bytes: Bytes, length: number): void {
  if (bytes.length !== length) throw new RangeError(`${what} has ${length} bytes, not ${bytes.length}`);
}

/** A view, not a copy. */
export function bufferOf(bytes: Bytes): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Not a Buffer, whose `slice` does not copy: nobody behind the port shall stumble over that. The memory is the same. */
export function plain(buffer: Buffer): Bytes {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

function importOnce(
  imported: WeakMap<Bytes, KeyObject>,
  bytes: Bytes,
  length: number,
  load: () => KeyObject,
): KeyObject {
  requireLength('a raw key', bytes, length);
  const known = imported.get(bytes);
  if (known !== undefined) return known;
  const key = load();
  imported.set(bytes, key);
  return key;
}
