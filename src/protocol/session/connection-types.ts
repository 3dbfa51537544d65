import type { Bytes, Failure, Now } from '../../base/index.ts';
import type { Entropy, Primitives } from '../../crypto/index.ts';
import type { EnvelopeHeader } from '../envelope/index.ts';
import type { Established, HandshakeMachine } from '../handshake/index.ts';
import type { PrefaceMode } from '../wire/index.ts';
import type { Close, CloseCode } from './close.ts';
import type { Ack } from './item.ts';
import type { Ready } from './ready.ts';
import type { RekeyLimits } from './rekey.ts';

/** What a connection is made of; it owns nothing else. */
export interface ConnectionOptions {
  readonly primitives: Primitives;
  /** For key exchanges; the handshake has its own. */
  readonly entropy: Entropy;
  readonly role: ConnectionRole;
  readonly lingerMs: number;
  readonly now: Now;
  /** Sees each envelope that is sealed here, as it is before the record layer. */
  readonly onEnvelope?: ((envelope: Bytes) => void) | undefined;
  /** Default `REKEY_LIMITS`. */
  readonly rekey?: Partial<RekeyLimits> | undefined;
}

/** What goes into one envelope. */
export interface OutgoingMessage {
  readonly header: EnvelopeHeader;
  readonly plaintext: Bytes;
}

/** What a connection is told: by the socket, the clock and its owner. */
export type ConnectionInput =
  /** TCP is up. */
  | { readonly type: 'opened' }
  | { readonly type: 'bytes'; readonly bytes: Bytes }
  /** The peer half-closed (FIN). */
  | { readonly type: 'ended' }
  /** The transport failed (reset, host gone). */
  | { readonly type: 'lost'; readonly failure: Failure }
  /** The owner's answer to `established` (initiator) or `peer-ready` (responder): the pin is committed before the outputs leave. */
  | { readonly type: 'ready'; readonly ready: Ready }
  /** Packed into as few records as fit. */
  | { readonly type: 'send'; readonly ack?: Ack; readonly messages: readonly OutgoingMessage[] }
  /** The socket takes no more, or takes again: what can wait does. */
  | { readonly type: 'congested'; readonly on: boolean }
  /** A message waits for its ack, or a face watches: silence is answered by heartbeats, and idleness does not count. */
  | { readonly type: 'vigilant'; readonly on: boolean }
  /** We stood still and do not know whether the peer is still there: it is asked now, and has 5 s (spec/03 “A standstill”). */
  | { readonly type: 'probe' }
  | { readonly type: 'close'; readonly code: CloseCode }
  /** Drop it now, silently. */
  | { readonly type: 'abort'; readonly failure: Failure }
  | { readonly type: 'tick' };

/** What a connection asks for and tells, to be done in this order. */
export type ConnectionOutput =
  | { readonly type: 'write'; readonly bytes: Bytes }
  /** Half-close after what was written. */
  | { readonly type: 'end' }
  /** The last output: the socket is to be destroyed once what was written and ended has left. `failure`: why, if not by CLOSE. */
  | { readonly type: 'closed'; readonly failure?: Failure; readonly phase: ConnectionPhase }
  | { readonly type: 'pake-started'; readonly remoteName: string; readonly remoteStatic: Bytes }
  | { readonly type: 'established'; readonly established: Established }
  | { readonly type: 'peer-ready'; readonly ready: Ready }
  | { readonly type: 'message'; readonly header: EnvelopeHeader; readonly plaintext: Bytes }
  | { readonly type: 'bad-envelope'; readonly failure: Failure }
  | { readonly type: 'ack'; readonly ack: Ack }
  | { readonly type: 'peer-close'; readonly close: Close }
  /** Nothing to do for the linger (initiator) or no records for 120 s (responder): the owner may close. */
  | { readonly type: 'idle' };

/**
 * preface: waits for the first 8 bytes · handshake: not yet proven · proven: the peer is known, its READY is outstanding ·
 * open · closing: our CLOSE has left, we read acks · closed: terminal, no further output.
 */
export type ConnectionPhase = 'preface' | 'handshake' | 'proven' | 'open' | 'closing' | 'closed';

/** The responder learns from the preface which handshake it is. */
export type ConnectionRole =
  | { readonly role: 'initiator'; readonly mode: PrefaceMode; readonly handshake: HandshakeMachine }
  | { readonly role: 'responder'; readonly handshakeFor: (mode: PrefaceMode, now: Now) => HandshakeMachine };
