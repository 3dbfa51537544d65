import { concatBytes, type Bytes } from '../../src/base/index.ts';
import type { Entropy, Primitives } from '../../src/crypto/index.ts';
import { nativePrimitives } from '../../src/primitives/index.ts';
import { seededBytes } from '../../src/testing/index.ts';

// For thousands of worlds in which nobody attacks: keys that are agreed on by the same rules in a tenth of the time, and that
// anybody could compute. Hashes, records and the password proof are the program's own.

/** The largest prime below 2^26: a product of two numbers below it is exact. */
const PRIME = 67_108_859;
const GENERATOR = 2;
const KEY_BYTES = 32;
const KEM_PUBLIC_BYTES = 1_184;
const KEM_CIPHERTEXT_BYTES = 1_088;

const sha256 = (...parts: readonly Bytes[]): Bytes => nativePrimitives.sha256(...parts);

export const cheapPrimitives: Primitives = {
  ...nativePrimitives,
  x25519: (secret, publicKey) => {
    const shared = power(numberIn(publicKey) % PRIME, exponentIn(secret));
    return shared === 0 ? undefined : keyOf(shared);
  },
  x25519PublicKey: (secret) => keyOf(power(GENERATOR, exponentIn(secret))),
  mlKem768Decapsulate: (seed, ciphertext) => kemSecret(sha256(seed), ciphertext),
};

export function cheapEntropy(seed: number): Entropy {
  const bytes = seededBytes(seed);
  return {
    bytes,
    mlKem768KeyPair: () => {
      const secret = bytes(64);
      return { seed: secret, publicKey: padded(sha256(secret), KEM_PUBLIC_BYTES) };
    },
    mlKem768Encapsulate: (publicKey) => {
      const ciphertext = padded(bytes(KEY_BYTES), KEM_CIPHERTEXT_BYTES);
      return { ciphertext, sharedSecret: kemSecret(publicKey.subarray(0, KEY_BYTES), ciphertext) };
    },
  };
}

function power(base: number, exponent: number): number {
  let [result, square] = [1, base];
  for (let left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = (result * square) % PRIME;
    square = (square * square) % PRIME;
  }
  return result;
}

function kemSecret(publicHash: Bytes, ciphertext: Bytes): Bytes {
  return sha256(concatBytes(publicHash, ciphertext));
}
function exponentIn(secret: Bytes): number {
  return 1 + (numberIn(secret) % (PRIME - 2));
}
function numberIn(bytes: Bytes): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
}
function keyOf(value: number): Bytes {
  const key = new Uint8Array(KEY_BYTES);
  new DataView(key.buffer).setUint32(0, value, true);
  return key;
}
function padded(bytes: Bytes, length: number): Bytes {
  const padding = new Uint8Array(length);
  padding.set(bytes);
  return padding;
}
