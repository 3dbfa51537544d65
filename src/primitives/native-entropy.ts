import { encapsulate, randomBytes } from 'node:crypto';
import type { Bytes } from '../base/index.ts';
import type { Entropy } from '../crypto/index.ts';
import {
  generateMlKem768,
  generateX25519,
  mlKem768Public,
  mlKem768Secret,
  plain,
  publicBytes,
} from './raw-keys.ts';

/** The operating system's generator. */
export const systemEntropy: Entropy = {
  ...nativeEntropy((length) => plain(randomBytes(length))),
  x25519KeyPair: generateX25519,
  mlKem768KeyPair: generateMlKem768,
};

/** ML-KEM of the library over a given source of bytes. Encapsulation always draws from the operating system. */
export function nativeEntropy(bytes: (length: number) => Bytes): Entropy {
  return {
    bytes,
    mlKem768KeyPair: () => {
      const seed = bytes(64);
      return { seed, publicKey: publicBytes(mlKem768Secret(seed)) };
    },
    mlKem768Encapsulate: (publicKey) => {
      const key = mlKem768Public(publicKey);
      if (key === undefined) return undefined;
      const { ciphertext, sharedKey } = encapsulate(key);
      return { ciphertext: plain(ciphertext), sharedSecret: plain(sharedKey) };
    },
  };
}
