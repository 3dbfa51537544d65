import { hash } from 'node:crypto';
import { concatBytes, encodeUtf8, Writer, type Bytes } from '../base/index.ts';
import type { Entropy } from '../crypto/index.ts';
import { nativeEntropy } from '../primitives/index.ts';

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
