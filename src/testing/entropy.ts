import { hash } from 'node:crypto';
import { ml_kem768 as mlKem768 } from '@noble/post-quantum/ml-kem.js';
import { concatBytes, encodeUtf8, Writer, type Bytes } from '../base/index.ts';
import type { Entropy } from '../crypto/index.ts';
import { nativeEntropy } from '../primitives/index.ts';

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

/** For simulations of thousands of handshakes: bytes and key pairs from the seed, encapsulation native and random. */
export function fastSeededEntropy(seed: number): Entropy {
  return nativeEntropy(seededBytes(seed));
}

/** SHA-256 in counter mode: block i is SHA-256("sotto test entropy" || seed u32 || i u32). */
export function seededBytes(seed: number): (length: number) => Bytes {
  let counter = 0;
  let pool: Bytes = new Uint8Array(0);
  return (length) => {
    while (pool.length < length) {
      const block = new Writer().bytes(PREFIX).u32(seed).u32(counter++).finish();
      pool = concatBytes(pool, hash('sha256', block, 'buffer'));
    }
    const taken = pool.slice(0, length);
    pool = pool.subarray(length);
    return taken;
  };
}

const PREFIX = encodeUtf8('sotto test entropy');
