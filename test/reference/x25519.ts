import { x25519 } from '@noble/curves/ed25519.js';
import { type Bytes, hex, littleEndian } from './bytes.ts';
import { demand, Refused } from './refused.ts';

const P = 2n ** 255n - 19n;

export const x25519Public = (secret: Bytes): Bytes =>
  remembered(hex(secret), () => x25519.getPublicKey(secret));

/** spec/02 §1: the top bit is clear and nothing is reduced. */
export function checkPoint(publicKey: Bytes): Bytes {
  demand(littleEndian(publicKey) < P, 'handshake-point');
  return publicKey;
}

/** The shared secret; one that is all zeros is refused (spec/02 §1). */
export function dh(secret: Bytes, publicKey: Bytes): Bytes {
  checkPoint(publicKey);
  try {
    return remembered(hex(secret) + hex(publicKey), () => x25519.getSharedSecret(secret, publicKey));
  } catch {
    // The library throws for exactly the points that give zeros.
    throw new Refused('handshake-point');
  }
}

/** The cases of the kit ask for the same few products again and again, and each takes a millisecond. */
const products = new Map<string, Bytes>();

function remembered(name: string, multiply: () => Bytes): Bytes {
  const product = products.get(name) ?? multiply();
  products.set(name, product);
  return product;
}
