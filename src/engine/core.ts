import { compareBytes, encodeUtf8, type Bytes, type Instant, type Now } from '../base/index.ts';
import type { Entropy, Primitives, X25519KeyPair } from '../crypto/index.ts';
import type { Ledger } from '../protocol/delivery/index.ts';
import type { EnvelopeHeader } from '../protocol/envelope/index.ts';
import type { Directory, GuessLedger, TrustRecord } from '../directory/index.ts';
import type { CloseCode, ConnectionInput, RekeyLimits } from '../protocol/session/index.ts';
import type { Guesses } from './guesses.ts';
import type { Link } from './link.ts';
import type { Peer } from './peer.ts';
import type { TrustDesk } from './trust-desk.ts';
import type { EngineOutput, LinkId } from './types.ts';

export interface EngineOptions {
  readonly primitives: Primitives;
  readonly entropy: Entropy;
  /** Our username; its entry in the directory holds our password. */
  readonly self: string;
  readonly keys: X25519KeyPair;
  readonly directory: Directory;
  readonly records: Iterable<TrustRecord>;
  /** What was committed of messages in both directions. */
  readonly ledger: Ledger;
  /** Who has dialled us and proven itself, and when last (UTC ms). Default: nobody. */
  readonly reachedUs?: ReadonlyMap<string, number>;
  /** Failed guesses that the store kept. Default: none. */
  readonly guesses?: GuessLedger;
  /** Strangers are refused at once, unless somebody is awaited (spec/08 “Closed”). Default false. */
  readonly isEnrolClosed?: boolean;
  /** What READY says is our highest version; default `PROTOCOL_VERSION_MAX`. For tests of the rules against downgrades. */
  readonly versionMax?: number;
  readonly lingerMs: number;
  /** False for a program that only looks at its home: nobody is ever called. Default true. */
  readonly isDialling?: boolean;
  /** Each listed contact is called once at the start, so that either side's queue drains (spec/05 “At the start”). Default false. */
  readonly isCallingAtStart?: boolean;
  /** A session to a contact that has never dialled us is kept while we run, for its replies (spec/05). Default false. */
  readonly isKeepingSessions?: boolean;
  /** The store forgets messages at its end: each start has an epoch of its own, and peers need not be told. Default false. */
  readonly isStoreVolatile?: boolean;
  /** Whether somebody is there to show a message to, or soon will be. False: its sender keeps it (spec/05). Default true. */
  readonly hasRoom?: () => boolean;
  /** For the trace: sees each envelope that is sealed, as it is before the record layer (its text is ciphertext). */
  readonly onEnvelope?: ((envelope: Bytes) => void) | undefined;
  /** For the trace: a message that had come before, with so many bytes of plaintext now. Nobody compares it with the first one. */
  readonly onRepeat?: ((link: LinkId, header: EnvelopeHeader, length: number) => void) | undefined;
  /** When sessions take new keys; default `REKEY_LIMITS`. */
  readonly rekey?: Partial<RekeyLimits> | undefined;
  /** Link ids for our dials; the shell draws from the same source for what it accepts. */
  readonly nextLink: () => LinkId;
}

/** What the engine's parts share. */
export interface EngineCore {
  readonly options: EngineOptions;
  readonly desk: TrustDesk;
  readonly guesses: Guesses;
  /** Also who is in no directory any more and for whom something waits in the store, or who is pinned. */
  readonly peers: ReadonlyMap<string, Peer>;
  readonly links: Map<LinkId, Link>;
  emit(output: EngineOutput): void;
  connection(link: Link, input: ConnectionInput, now: Now): void;
  /** 0 <= fraction < 1 */
  random(): number;
  /** When the input came that is being handled. */
  now(): Now;
  /** An ack is a promise that the message is shown: without a face, or while the program ends, none is taken. */
  hasRoom(): boolean;
  /** Nothing new is begun. */
  isEnding(): boolean;
}

/** The rules for two who dial each other go by the names' bytes, not by the language's own order of strings (spec/02, 03). */
export function isSmallerName(own: string, peer: string): boolean {
  return compareBytes(encodeUtf8(own), encodeUtf8(peer)) < 0;
}

export function earlier(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}

/** Ends a link with a word where the peer can hear it, else at once. */
export function endLink(core: EngineCore, link: Link, code: CloseCode, now: Now): void {
  const failure = { code: 'not-proven', message: 'The session was ended before it began.' } as const;
  const isOpening = link.connection.phase === 'proven';
  core.connection(link, isOpening ? { type: 'abort', failure } : { type: 'close', code }, now);
}
