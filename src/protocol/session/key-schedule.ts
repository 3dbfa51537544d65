import type { Bytes } from '../../base/index.ts';
import { hkdfExpand, type Primitives } from '../../crypto/index.ts';

/** The seven keys of a session, 32 bytes each (spec/03 "Keys"). I is the initiator, R the responder. */
export interface SessionKeys {
  readonly recI2R: Bytes;
  readonly recR2I: Bytes;
  readonly encI2R: Bytes;
  readonly encR2I: Bytes;
  readonly macI2R: Bytes;
  readonly macR2I: Bytes;
  /** The psk of the next key exchange. */
  readonly rekey: Bytes;
}

const KEY_LENGTH = 32;

/** Each key is `HKDF-Expand(session secret, label, 32)` with SHA-256 (RFC 5869). */
export function deriveSessionKeys(primitives: Primitives, sessionSecret: Bytes): SessionKeys {
  const derive = (label: string): Bytes => hkdfExpand(primitives, sessionSecret, label, KEY_LENGTH);
  return {
    recI2R: derive('rec I>R'),
    recR2I: derive('rec R>I'),
    encI2R: derive('enc I>R'),
    encR2I: derive('enc R>I'),
    macI2R: derive('mac I>R'),
    macR2I: derive('mac R>I'),
    rekey: derive('rekey'),
  };
}
