import type { FuzzTarget } from '../target.ts';
import { connectionTarget } from './connection.ts';
import { envelopeTargets } from './envelope.ts';
import { handshakeTargets } from './handshake.ts';
import { homeTarget } from './home.ts';
import { rekeyTargets } from './rekey.ts';
import { sessionTargets } from './session.ts';
import { textTargets } from './texts.ts';
import { wireTargets } from './wire.ts';

/** Every decoder that sees bytes of a peer, of a person or of a disk. */
export const targets: readonly FuzzTarget[] = [
  ...wireTargets,
  ...sessionTargets,
  ...envelopeTargets,
  ...handshakeTargets,
  ...rekeyTargets,
  connectionTarget,
  ...textTargets,
  homeTarget,
];
