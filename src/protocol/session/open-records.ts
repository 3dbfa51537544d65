import type { Primitives } from '../../crypto/index.ts';
import { EnvelopeOpener, EnvelopeSealer } from '../envelope/index.ts';
import type { Established } from '../handshake/index.ts';
import { deriveSessionKeys } from './key-schedule.ts';
import { RecordOpener, RecordSealer } from './record.ts';

/** Both directions of a proven connection: the record layer and the envelopes inside it. */
export interface Records {
  readonly sealer: RecordSealer;
  readonly opener: RecordOpener;
  readonly envelopeSealer: EnvelopeSealer;
  readonly envelopeOpener: EnvelopeOpener;
}

export function openRecords(primitives: Primitives, established: Established): Records {
  const keys = deriveSessionKeys(primitives, established.sessionSecret);
  const base = { primitives, handshakeHash: established.handshakeHash };
  const i2r = { ...base, encKey: keys.encI2R, macKey: keys.macI2R, direction: 1 } as const;
  const r2i = { ...base, encKey: keys.encR2I, macKey: keys.macR2I, direction: 2 } as const;
  const isInitiator = established.role === 'initiator';
  return {
    sealer: new RecordSealer(primitives, isInitiator ? keys.recI2R : keys.recR2I),
    opener: new RecordOpener(primitives, isInitiator ? keys.recR2I : keys.recI2R),
    envelopeSealer: new EnvelopeSealer(isInitiator ? i2r : r2i),
    envelopeOpener: new EnvelopeOpener(isInitiator ? r2i : i2r),
  };
}
