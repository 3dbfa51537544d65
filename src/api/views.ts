import type { Brand, Failure, PeerText } from '../base/index.ts';

/** A UUIDv7 in lower case: 128 bits, for the life of the message. */
export type MessageId = Brand<string, 'MessageId'>;

/** Where a reader of events stands: opaque text, of at most 200 characters. It is good for this home alone, and for as long as that lives. */
export type EventCursor = Brand<string, 'EventCursor'>;

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
  /** Messages of this contact after the read position: counted up to 1,000. */
  readonly unread: number;
  /** The position up to which a person has read; undefined: nothing. */
  readonly readUpTo?: number;
  /** Faces make no noise for it until then (UTC ms); `MUTED_FOR_GOOD`: until it is unmuted. What is past counts as not muted. */
  readonly mutedUntilWall?: number;
  /** What a person began to write. */
  readonly draft?: string;
}

export const MUTED_FOR_GOOD: number = Number.MAX_SAFE_INTEGER;

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
  /** `tookMs`: from the time it was queued, over restarts by the wall clock. */
  | { readonly state: 'delivered'; readonly tookMs: number }
  | { readonly state: 'refused' | 'failed' | 'cancelled' | 'expired'; readonly reason: Failure };

export interface OutgoingView {
  readonly id: MessageId;
  readonly to: string;
  readonly text: string;
  readonly writtenAtWall: number;
  readonly progress: OutgoingState;
  /** It is given up when it has not left by then (UTC ms). */
  readonly expiresAtWall?: number;
  /** Its place in the history. */
  readonly position: number;
}

export interface OutboxQuery {
  readonly to?: string;
  /** The position of the last one seen. Default: from the oldest. */
  readonly after?: number;
  /** 1..1,000; default 100. */
  readonly limit?: number;
}

export interface OutboxPage {
  /** Oldest first. */
  readonly messages: readonly OutgoingView[];
  /** `after` of the next page, when there is one. */
  readonly next?: number;
  /** Of all pages. */
  readonly total: number;
}

/** One message of the history. Positions grow in the order in which messages were stored here. */
export interface HistoryEntry {
  readonly position: number;
  readonly id: MessageId;
  readonly with: string;
  readonly direction: 'in' | 'out';
  readonly text: PeerText;
  /** By the clock of whoever wrote it. */
  readonly writtenAtWall: number;
  /** By our clock: when it was received, or queued. */
  readonly storedAtWall: number;
  readonly replyTo?: MessageId;
  /** Of an outgoing one: how it stands, and why it failed. */
  readonly outcome?: {
    readonly state: OutgoingState['state'];
    readonly reason?: Failure;
    readonly atWall?: number;
  };
}

export interface HistoryQuery {
  /** Only this contact's conversation; also of one who is no longer in the directory. Default: everybody's. */
  readonly with?: string;
  /** Only what lies before this position; the page ends there. */
  readonly before?: number;
  /** Only what lies after this position; the page begins there. Not together with `before`. */
  readonly after?: number;
  /** Only what was stored at or after, and before, these times (UTC ms). */
  readonly sinceWall?: number;
  readonly untilWall?: number;
  /** All of these words, each of which may be the beginning of one; newest pages first. At most 1,000 characters. */
  readonly search?: string;
  /** 1..1,000; default 50. */
  readonly limit?: number;
}

export interface HistoryPage {
  /** Oldest first. Without `after`: the newest that fit. */
  readonly entries: readonly HistoryEntry[];
  /** There is more: `before` of the next older page. */
  readonly older?: number;
  /** There is more: `after` of the next newer page. */
  readonly newer?: number;
}

/** What to delete; each field narrows it further, and at least one is given. */
export interface EraseQuery {
  readonly id?: MessageId;
  readonly with?: string;
  /** Stored before then, UTC ms. */
  readonly beforeWall?: number;
}

export interface SafetyView {
  readonly name: string;
  /** 60 digits in 12 groups of 5, the same on both sides. */
  readonly current?: { readonly safetyNumber: string; readonly key: string; readonly verified: boolean };
  readonly pending?: { readonly safetyNumber: string; readonly key: string };
}

/** How the program that has the home is doing. */
export interface StatusView {
  readonly version: string;
  readonly pid: number;
  readonly mode: 'listen' | 'dial' | 'offline';
  /** A person or a command sits in front of it, and ends it: other programs may not (`ChatOptions.onEnd`). */
  readonly isAttended: boolean;
  readonly startedAtWall: number;
  readonly self: SelfView;
  /** Contacts with a session. */
  readonly connected: readonly string[];
  /** Of the directory, oneself not counted. */
  readonly contacts: number;
  /** What is neither delivered nor given up. */
  readonly waiting: { readonly messages: number; readonly bytes: number };
  /** Of all contacts; of each at most 1,000 are counted. */
  readonly unread: number;
  readonly store: {
    /** Of the database and of its log. */
    readonly bytes: number;
    readonly logBytes: number;
    /** Why it takes nothing at present. */
    readonly trouble?: Failure;
  };
  /** How much later than it was due the event loop came round, ms, since the start. */
  readonly loopDelayMs: { readonly p50: number; readonly p99: number; readonly max: number };
}
