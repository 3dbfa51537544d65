import type { Brand, Failure } from '../base/index.ts';

/** A UUIDv7 in lower case: 128 bits, for the life of the message. */
export type MessageId = Brand<string, 'MessageId'>;

export interface SelfView {
  readonly username: string;
  /** The static X25519 public key in base64: what others may put into the `key` field of our entry. */
  readonly key: string;
  readonly home: string;
  readonly directory: string;
  /** Where the listener really is; empty when it was not asked for. */
  readonly listening: readonly { readonly address: string; readonly port: number }[];
}

/**
 * new: never met · unconfirmed: enrolled, the first session is outstanding · pinned · key-pending: another key waits for
 * a person (the old pin, if there is one, stays in force until then).
 */
export type TrustState = 'new' | 'unconfirmed' | 'pinned' | 'key-pending';

export interface ContactView {
  readonly name: string;
  readonly ip: string;
  readonly port: number;
  readonly trust: TrustState;
  readonly verified: boolean;
  readonly connected: boolean;
  readonly undelivered: number;
  /** UTC ms of the last proven contact in this home, if any. */
  readonly lastSeenWall?: number;
  /** Why the last attempt failed, while nothing has succeeded since. */
  readonly trouble?: Failure;
  /** Somebody tried to meet us under this name and did not know the passwords. */
  readonly failedGuesses?: FailedGuessesView;
}

export interface FailedGuessesView {
  /** Since the name last proved itself, its entry was edited or a person forgave it. */
  readonly failures: number;
  /** Until then no first contact under this name is heard (UTC ms); pinned peers are. */
  readonly blockedUntilWall?: number;
}

export type OutgoingState =
  /** `reason`: why it is not yet delivered. Without `nextTryWall` it is held until a person acts. */
  | {
      readonly state: 'queued';
      readonly reason?: Failure;
      readonly nextTryWall?: number;
      readonly held: boolean;
    }
  /** On its way, not yet acknowledged. With a `reason` the session was lost meanwhile and the text goes out again. */
  | {
      readonly state: 'sent';
      readonly reason?: Failure;
      readonly nextTryWall?: number;
      readonly held: boolean;
    }
  | { readonly state: 'delivered'; readonly tookMs: number }
  | { readonly state: 'refused' | 'failed' | 'cancelled'; readonly reason: Failure };

export interface OutgoingView {
  readonly id: MessageId;
  readonly to: string;
  readonly text: string;
  readonly writtenAtWall: number;
  readonly progress: OutgoingState;
}

export interface SafetyView {
  readonly name: string;
  /** 60 digits in 12 groups of 5, the same on both sides. */
  readonly current?: { readonly safetyNumber: string; readonly key: string; readonly verified: boolean };
  readonly pending?: { readonly safetyNumber: string; readonly key: string };
}
