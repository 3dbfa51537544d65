import { ml_kem768 as mlKem768 } from '@noble/post-quantum/ml-kem.js';
import type { Bytes } from './bytes.ts';
import { Refused } from './refused.ts';

export interface KemKeys {
  readonly publicKey: Bytes;
  readonly secretKey: Bytes;
}

/** ML-KEM-768 keys from FIPS 203's d || z. */
export const kemKeys = (seed: Bytes): KemKeys => mlKem768.keygen(seed);

/** Encapsulation with FIPS 203's m; a public key that fails the check of §7.2 is refused. */
export function encapsulate(
  publicKey: Bytes,
  message: Bytes,
): { readonly ciphertext: Bytes; readonly secret: Bytes } {
  try {
    const { cipherText, sharedSecret } = mlKem768.encapsulate(publicKey, message);
    return { ciphertext: cipherText, secret: sharedSecret };
  } catch {
    throw new Refused('handshake-point');
  }
}

export const decapsulate = (ciphertext: Bytes, secretKey: Bytes): Bytes =>
  mlKem768.decapsulate(ciphertext, secretKey);
