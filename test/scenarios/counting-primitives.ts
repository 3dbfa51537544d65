import type { Bytes } from '../../src/base/index.ts';
import type { Primitives } from '../../src/crypto/index.ts';
import { nativePrimitives } from '../../src/primitives/index.ts';

export interface RekeyCounts {
  /** Key exchanges that an initiator began or a responder answered. */
  exchanges: number;
  /** Steps of a record key by itself, one for each side that took it. */
  steps: number;
}

/** These primitives, which note what only a rekey computes: its prologue, and Noise's REKEY. */
export function countingPrimitives(counted: Primitives = nativePrimitives): {
  readonly primitives: Primitives;
  readonly counts: RekeyCounts;
} {
  const counts: RekeyCounts = { exchanges: 0, steps: 0 };
  const primitives: Primitives = {
    ...counted,
    sha256: (...parts) => {
      if (parts[1]?.length === REKEY_PROLOGUE_LENGTH) counts.exchanges++;
      return counted.sha256(...parts);
    },
    chaCha20Poly1305: (key) => {
      const aead = counted.chaCha20Poly1305(key);
      return {
        ...aead,
        seal: (nonce, data, plaintext) => {
          if (isRekeyNonce(nonce)) counts.steps++;
          return aead.seal(nonce, data, plaintext);
        },
      };
    },
  };
  return { primitives, counts };
}

/** "sotto/1 rekey" || h: nothing else of that length is ever mixed into a handshake hash. */
const REKEY_PROLOGUE_LENGTH = 13 + 32;

function isRekeyNonce(nonce: Bytes): boolean {
  return nonce[4] === 0xff && nonce[11] === 0xff;
}
