import type { ChatEvent } from './events.ts';
import type {
  ContactView,
  EraseQuery,
  EventCursor,
  HistoryPage,
  HistoryQuery,
  MessageId,
  OutboxPage,
  OutboxQuery,
  SafetyView,
  SelfView,
  StatusView,
} from './views.ts';

/** Takes an abort: the call rejects with the signal's reason and closes what it opened. */
export interface Cancellable {
  /** An `AbortSignal`, say. */
  readonly signal?: CancelSignal;
}

/** What this interface needs of an `AbortSignal`; the api names no host type. */
export interface CancelSignal {
  /** As of `AbortSignal`. */
  readonly aborted: boolean;
  /** What the call then rejects with. */
  readonly reason: unknown;
  /** As of `AbortSignal`; called for `abort` alone. */
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void;
  /** As of `AbortSignal`. */
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * The one interface between the engine and every face. What a person's mistake or the world causes rejects with a
 * `CodedError` (spec/errors.md); what a peer causes arrives as an event.
 */
export interface Chat extends AsyncDisposable {
  /** Who and where we are; it does not change. */
  readonly self: SelfView;
  /** How the program that has the home is doing. */
  status(): Promise<StatusView>;
  /** Everyone in the directory but oneself, in the file's order. */
  contacts(): Promise<readonly ContactView[]>;
  /**
   * Queues a text of 1 byte to 32 KiB of UTF-8 for one contact and returns its id once it is on the disk; the outcome arrives as
   * `message-progress` events. Rejects with contact-unknown, message-empty, message-too-long, message-malformed,
   * queue-full, with usage when another message has the id that was chosen, and with home-unusable or disk-full when it could not
   * be kept: then it is not sent either. Only control-unusable leaves open whether it was kept: the program that was to keep it
   * broke off, or does not answer. With an `id` the call may then be made once more.
   */
  sendText(command: SendText): Promise<MessageId>;
  /** Withdraws a message that never left; false when it left or is settled. Resolves when that is on the disk. */
  cancel(id: MessageId): Promise<boolean>;
  /** Withdraws everything for one contact that never left, and says how many that were. Rejects with contact-unknown. */
  cancelAll(to: string): Promise<number>;
  /** What is neither delivered nor given up, a page at a time. */
  outbox(query?: OutboxQuery): Promise<OutboxPage>;
  /** What was said, a page at a time. */
  history(query?: HistoryQuery): Promise<HistoryPage>;
  /**
   * Deletes messages here, and from the file, for good; the peer's copy stays. What was not delivered is withdrawn, as far as it can
   * be. Resolves with their number. Rejects with usage when the query is empty.
   */
  erase(query: EraseQuery): Promise<number>;
  /**
   * Queues once more what was delivered to a contact that has lost it, stored at or after `sinceWall`: what it still has it
   * shows no second time. Resolves with the number. Rejects with contact-unknown, queue-full.
   */
  resend(command: { readonly to: string; readonly sinceWall: number }): Promise<number>;
  /** Writes an encrypted copy of the whole home to a new file; see `HomeTool.restore`. Rejects with usage, home-unusable. */
  backup(command: BackupCommand): Promise<void>;
  /** Rejects with contact-unknown. `current` and `pending` are undefined when there is no such key. */
  safety(name: string): Promise<SafetyView>;
  // The four decisions of a person about a contact resolve when they are on the disk, and reject with home-unusable when it
  // refuses; it is then tried again as long as the chat is open.
  /** A person compared the safety number with the peer's person. Rejects with contact-unknown, trust-nothing. */
  markVerified(name: string): Promise<void>;
  /**
   * Swaps the pending key in. `fingerprint` is the pending safety number, 60 digits, spaces and hyphens ignored.
   * Rejects with contact-unknown, trust-nothing or fingerprint-mismatch.
   */
  approveKey(command: { readonly name: string; readonly fingerprint: string }): Promise<void>;
  /** Lets the contact enrol again with the pinned key for ten minutes. Rejects with contact-unknown, trust-nothing. */
  openRepair(name: string): Promise<{ readonly untilWall: number }>;
  /** Forgets the failed attempts in this contact's name, so that its next first contact is heard. Rejects with contact-unknown. */
  forgiveGuesses(name: string): Promise<void>;
  /** Dials now instead of at the next try, and starts over for a contact whose messages are held. */
  retry(name: string): Promise<void>;
  // What a person does to a conversation: it resolves when it is on the disk. All reject with contact-unknown.
  /** Keeps what was begun to be written; empty text removes it. At most 32 KiB of UTF-8, else message-too-long. */
  setDraft(command: { readonly name: string; readonly text: string }): Promise<void>;
  /** Everything of this contact up to this position has been read; default: all that there is. It never goes back. */
  markRead(command: { readonly name: string; readonly upTo?: number }): Promise<void>;
  /** Until then (UTC ms); default `MUTED_FOR_GOOD`. A time that is past unmutes. */
  mute(command: { readonly name: string; readonly untilWall?: number }): Promise<void>;
  /**
   * From now on, or from a cursor on; each stream tells every later event and ends when the chat closes or the signal aborts. While a
   * screen is far behind, no message is taken: its sender keeps it.
   */
  events(options?: EventOptions): EventStream;
  /**
   * What goes on inside, one line a transition, from now on: never a text, a key or a password. Lines that a slow reader leaves
   * waiting are dropped, and their number is told. Ends when the chat closes or the signal aborts.
   */
  trace(options?: TraceOptions): AsyncIterable<string>;
  /**
   * Ends all sessions with an authenticated end (at most `graceMs`, default 2,000), closes the listener, frees the home.
   * From the call on, sending, retrying and deciding reject with `cancelled`.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/** What a stream of events begins with, and when it ends. */
export interface EventOptions extends Cancellable {
  /**
   * The messages go before a person's eyes, or to whatever stands for one: what was asked beyond counts as shown, and what no
   * screen has shown yet comes first, as `isBelated`. Default false.
   */
  readonly isScreen?: boolean;
  /**
   * Go on where an earlier stream of this home stood. Within one run of the program everything that happened since comes, exactly, as long as it
   * is remembered: 10,000 events. Else every message that came since is told from the store, and of each message that was sent
   * how it stands now, if that can have changed; then `events-skipped`, for what else happened is not known any more. Messages that were
   * deleted meanwhile do not come. Rejects
   * with usage when it is no cursor of this home.
   */
  readonly after?: EventCursor;
}

/** Events in the order in which they happened. */
export interface EventStream extends AsyncIterableIterator<ChatEvent> {
  /** Behind the event that was handed out last: a later stream goes on there. */
  readonly cursor: EventCursor;
}

/** link: connections, in bytes · event: what faces are told · commit: what goes to the disk · envelope: messages as they travel. */
export type TraceTopic = 'link' | 'event' | 'commit' | 'envelope';

/** What is traced, and when it ends. */
export interface TraceOptions extends Cancellable {
  /** Default: all but `envelope`, which shows the envelopes of messages. */
  readonly topics?: readonly TraceTopic[];
}

/** Where a backup goes, and what opens it. */
export interface BackupCommand {
  /** A file that does not exist yet; it is made with mode 0600. */
  readonly path: string;
  /** What opens it again, UTF-8, 1 byte to 1 KiB; the caller overwrites it. */
  readonly passphrase: Uint8Array;
}

/** A text to be sent; only `to` and `text` are needed. */
export interface SendText {
  /**
   * A UUIDv7 in small letters, chosen by the caller; default: chosen here. Given once more with the same `to`, `text` and `replyTo`,
   * when the first call has ended, it is the same message.
   */
  readonly id?: MessageId;
  /** The contact’s name, as the directory has it. */
  readonly to: string;
  /** 1 byte to 32 KiB of UTF-8. */
  readonly text: string;
  /** The message that it answers: from whom and how long ago is not checked. */
  readonly replyTo?: MessageId;
  /** It is given up when it has not left by then (UTC ms). Default: never. */
  readonly expiresAtWall?: number;
}
