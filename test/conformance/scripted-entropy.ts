import { ml_kem768 as mlKem768 } from '@noble/post-quantum/ml-kem.js';
import type { Bytes, Entropy } from '../../src/protocol/index.ts';

export interface EntropyScript {
  /** What `bytes` gives, in order: ephemeral secrets and PAKE scalars. */
  readonly bytes: readonly Bytes[];
  readonly kemSeeds?: readonly Bytes[];
  readonly kemMessages?: readonly Bytes[];
}

/** Gives exactly what a vector says; asked for more, it throws. */
export function scriptedEntropy(script: EntropyScript): Entropy {
  const bytes = [...script.bytes];
  const seeds = [...(script.kemSeeds ?? [])];
  const messages = [...(script.kemMessages ?? [])];
  return {
    bytes: (length) => next(bytes, length),
    mlKem768KeyPair: () => {
      const seed = next(seeds, 64);
      return { seed, publicKey: mlKem768.keygen(seed).publicKey };
    },
    mlKem768Encapsulate: (publicKey) => {
      const message = next(messages, 32);
      try {
        const { cipherText, sharedSecret } = mlKem768.encapsulate(publicKey, message);
        return { ciphertext: cipherText, sharedSecret };
      } catch {
        return undefined;
      }
    },
  };
}

function next(values: Bytes[], length: number): Bytes {
  const value = values.shift();
  if (value?.length !== length) throw new Error(`the script has no ${length} bytes here`);
  // The protocol wipes its secrets: those of the vector stay.
  return value.slice();
}
