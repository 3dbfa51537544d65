import { wipe, type Bytes } from '../../base/index.ts';
import type { Primitives } from '../../crypto/index.ts';
import { EnvelopeOpener, EnvelopeSealer } from '../envelope/index.ts';
import type { Rekeyed, Role } from '../handshake/index.ts';
import { deriveSessionKeys } from './key-schedule.ts';
import { RecordOpener, RecordSealer } from './record.ts';

/** Both directions of a proven connection: the record layer and the envelopes inside it. */
export interface Records {
  readonly sealer: RecordSealer;
  readonly opener: RecordOpener;
  readonly envelopeSealer: EnvelopeSealer;
  readonly envelopeOpener: EnvelopeOpener;
  /** What the next key exchange proves and is bound to. */
  readonly rekey: { readonly psk: Bytes; readonly handshakeHash: Bytes };
}

/** The seven keys in their places, all but `rekey` imported; the session secret and their bytes are wiped. */
export function openRecords(
  primitives: Primitives,
  role: Role,
  { handshakeHash, sessionSecret }: Rekeyed,
  symmetricRecords?: number,
): Records {
  const keys = deriveSessionKeys(primitives, sessionSecret);
  const base = { primitives, handshakeHash };
  const i2r = { ...base, encKey: keys.encI2R, macKey: keys.macI2R, direction: 1 } as const;
  const r2i = { ...base, encKey: keys.encR2I, macKey: keys.macR2I, direction: 2 } as const;
  const isInitiator = role === 'initiator';
  const [sealKey, openKey] = isInitiator ? [keys.recI2R, keys.recR2I] : [keys.recR2I, keys.recI2R];
  const records = {
    sealer: new RecordSealer(primitives, sealKey, 0, symmetricRecords),
    opener: new RecordOpener(primitives, openKey, 0, symmetricRecords),
    envelopeSealer: new EnvelopeSealer(isInitiator ? i2r : r2i),
    envelopeOpener: new EnvelopeOpener(isInitiator ? r2i : i2r),
    rekey: { psk: keys.rekey, handshakeHash },
  };
  wipe(sessionSecret, sealKey, openKey, keys.encI2R, keys.encR2I, keys.macI2R, keys.macR2I);
  return records;
}
