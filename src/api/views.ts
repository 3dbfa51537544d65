import type { Brand, Failure, PeerText } from '../base/index.ts';

/** A UUIDv7 in lower case: 128 bits, for the life of the message. */
export type MessageId = Brand<string, 'MessageId'>;

/** Where a reader of events stands: opaque text, of at most 200 characters. It is good for this home alone, and for as long as that lives. */
export type EventCursor = Brand<string, 'EventCursor'>;

/** Who and where we are. */
export interface SelfView {
  /** Our name in the directory. */
  readonly username: string;
  /** The static X25519 public key in base64: what others may put into the `key` field of our entry. */
  readonly key: string;
  /** The folder with our key and messages, an absolute path. */
  readonly home: string;
  /** The directory file, an absolute path. */
  readonly directory: string;
  /** Where the listener really is; empty when it was not asked for. */
  readonly listening: readonly { readonly address: string; readonly port: number }[];
}

/**
 * new: never met · unconfirmed: enrolled, the first session is outstanding · pinned · key-pending: another key waits for
 * a person (the old pin, if there is one, stays in force until then).
 */
export type TrustState = 'new' | 'unconfirmed' | 'pinned' | 'key-pending';

/** One person of the directory, and how we stand with them. */
export interface ContactView {
  /** As the directory has it; what `to` and `with` take. */
  readonly name: string;
  /** Where to dial first: a literal address or a host name. */
  readonly ip: string;
  /** 1..65535. */
  readonly port: number;
  /** Whether we know their key. */
  readonly trust: TrustState;
  /** A person has compared the safety number of that key. */
  readonly verified: boolean;
  /** There is a session at this moment. */
  readonly connected: boolean;
  /** How many of our messages to them wait. */
  readonly undelivered: number;
  /** UTC ms of the last proven contact in this home, if any. */
  readonly lastSeenWall?: number;
  /** Why the last attempt failed, while nothing has succeeded since. */
  readonly trouble?: Failure;
  /** Somebody tried to meet us under this name and did not know the passwords. */
  readonly failedGuesses?: FailedGuessesView;
  /** Messages of this contact after the read position: counted up to 1,000, among the last 10,000 of the conversation. */
  readonly unread: number;
  /** The position up to which a person has read; undefined: nothing. */
  readonly readUpTo?: number;
  /** Faces make no noise for it until then (UTC ms); `MUTED_FOR_GOOD`: until it is unmuted. What is past counts as not muted. */
  readonly mutedUntilWall?: number;
  /** What a person began to write. */
  readonly draft?: string;
}

/** `mutedUntilWall` of a contact that is muted until a person unmutes it. */
export const MUTED_FOR_GOOD: number = Number.MAX_SAFE_INTEGER;

/** Attempts to meet us in a contact’s name with wrong passwords. */
export interface FailedGuessesView {
  /** Since the name last proved itself, its entry was edited or a person forgave it. */
  readonly failures: number;
  /** Until then no first contact under this name is heard (UTC ms); pinned peers are. */
  readonly blockedUntilWall?: number;
}

/** How a message of ours stands. Only `delivered` means that it is on the other’s disk; `nextTryWall` is UTC ms. */
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
  /** It never will be delivered. */
  | { readonly state: 'refused' | 'failed' | 'cancelled' | 'expired'; readonly reason: Failure };

/** A message that is neither delivered nor given up. */
export interface OutgoingView {
  /** What `Chat.cancel` takes. */
  readonly id: MessageId;
  /** The contact’s name. */
  readonly to: string;
  /** Our own words. */
  readonly text: string;
  /** When it was queued, UTC ms. */
  readonly writtenAtWall: number;
  /** How it stands, and why. */
  readonly progress: OutgoingState;
  /** It is given up when it has not left by then (UTC ms). */
  readonly expiresAtWall?: number;
  /** Its place in the history. */
  readonly position: number;
}

/** Which page of the outbox. */
export interface OutboxQuery {
  /** Only what goes to this contact. Default: everybody. */
  readonly to?: string;
  /** The position of the last one seen. Default: from the oldest. */
  readonly after?: number;
  /** 1..1,000; default 100. */
  readonly limit?: number;
}

/** A part of what waits. */
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
  /** Its place in the history. */
  readonly position: number;
  /** The same on both sides. */
  readonly id: MessageId;
  /** Whose conversation it belongs to. */
  readonly with: string;
  /** in: they wrote it · out: we did. */
  readonly direction: 'in' | 'out';
  /** What was written, by us or by them. */
  readonly text: PeerText;
  /** By the clock of whoever wrote it. */
  readonly writtenAtWall: number;
  /** By our clock: when it was received, or queued. */
  readonly storedAtWall: number;
  /** The message that it answers. */
  readonly replyTo?: MessageId;
  /** Of an outgoing one: how it stands, and why it failed. */
  readonly outcome?: {
    readonly state: OutgoingState['state'];
    readonly reason?: Failure;
    readonly atWall?: number;
  };
}

/** Which page of the history; each field narrows it further. */
export interface HistoryQuery {
  /** Only the message of this id; should several contacts’ messages have it, ours, or else the first that came. Not together with `search`. */
  readonly id?: MessageId;
  /** Only this contact's conversation; also of one who is no longer in the directory. Default: everybody's. */
  readonly with?: string;
  /** Only what lies before this position; the page ends there. */
  readonly before?: number;
  /** Only what lies after this position; the page begins there. Not together with `before`. */
  readonly after?: number;
  /** Only what was stored at or after, and before, these times (UTC ms). */
  readonly sinceWall?: number;
  /** The end of that time, itself not within it. */
  readonly untilWall?: number;
  /** All of these words, each of which may be the beginning of one; newest pages first. At most 1,000 characters. */
  readonly search?: string;
  /** 1..1,000; default 50. */
  readonly limit?: number;
}

/** A part of what was said. */
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
  /** This one message. */
  readonly id?: MessageId;
  /** Of this contact’s conversation. */
  readonly with?: string;
  /** Stored before then, UTC ms. */
  readonly beforeWall?: number;
}

/** What two people compare, to know that nobody is between them. */
export interface SafetyView {
  /** The contact’s. */
  readonly name: string;
  /** 60 digits in 12 groups of 5, the same on both sides. */
  readonly current?: { readonly safetyNumber: string; readonly key: string; readonly verified: boolean };
  /** Of a key that waits for a person’s approval. */
  readonly pending?: { readonly safetyNumber: string; readonly key: string };
}

/** How the program that has the home is doing. */
export interface StatusView {
  /** Of the program. */
  readonly version: string;
  /** Its process. */
  readonly pid: number;
  /** As it was opened with, see `ChatOptions.mode`. */
  readonly mode: 'listen' | 'dial' | 'offline';
  /** A person or a command sits in front of it, and ends it: other programs may not (`ChatOptions.onEnd`). */
  readonly isAttended: boolean;
  /** UTC ms. */
  readonly startedAtWall: number;
  /** Who and where it is. */
  readonly self: SelfView;
  /** Contacts with a session. */
  readonly connected: readonly string[];
  /** Of the directory, oneself not counted. */
  readonly contacts: number;
  /** What is neither delivered nor given up. */
  readonly waiting: { readonly messages: number; readonly bytes: number };
  /** Of all contacts; of each at most 1,000 are counted. */
  readonly unread: number;
  /** The encrypted database. */
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
