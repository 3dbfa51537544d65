import { ml_kem768 as mlKem768 } from '@noble/post-quantum/ml-kem.js';
import type { Entropy } from '../src/crypto/index.ts';
import { seededBytes } from '../src/testing/index.ts';

/** Everything from one seed (0..2^32−1), encapsulation too, so that a handshake is the same bytes every time. Slow. */
export function seededEntropy(seed: number): Entropy {
  const bytes = seededBytes(seed);
  return {
    bytes,
    mlKem768KeyPair: () => {
      const keySeed = bytes(64);
      return { seed: keySeed, publicKey: mlKem768.keygen(keySeed).publicKey };
    },
    mlKem768Encapsulate: (publicKey) => {
      const message = bytes(32);
      try {
        const { cipherText, sharedSecret } = mlKem768.encapsulate(publicKey, message);
        return { ciphertext: cipherText, sharedSecret };
      } catch {
        return undefined;
      }
    },
  };
}
