import { x25519 } from '@noble/curves/ed25519.js';
import { type Bytes, littleEndian } from './bytes.ts';
import { demand, Refused } from './refused.ts';

const P = 2n ** 255n - 19n;

export const x25519Public = (secret: Bytes): Bytes => x25519.getPublicKey(secret);

/** spec/02 §1: the top bit is clear and nothing is reduced. */
export function checkPoint(publicKey: Bytes): Bytes {
  demand(littleEndian(publicKey) < P, 'handshake-point');
  return publicKey;
}

/** The shared secret; one that is all zeros is refused (spec/02 §1). */
export function dh(secret: Bytes, publicKey: Bytes): Bytes {
  try {
    return x25519.getSharedSecret(secret, checkPoint(publicKey));
  } catch {
    // The library throws for exactly the points that give zeros.
    throw new Refused('handshake-point');
  }
}
