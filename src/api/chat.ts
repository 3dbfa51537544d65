import type { ChatEvent } from './events.ts';
import type { ContactView, MessageId, OutgoingView, SafetyView, SelfView } from './views.ts';

/** Takes an abort: the call rejects with the signal's reason and closes what it opened. */
export interface Cancellable {
  readonly signal?: CancelSignal;
}

/** What this interface needs of an `AbortSignal`; the api names no host type. */
export interface CancelSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * The one interface between the engine and every face. What a person's mistake or the world causes rejects with a
 * `CodedError` (spec/errors.md); what a peer causes arrives as an event.
 */
export interface Chat extends AsyncDisposable {
  readonly self: SelfView;
  /** Everyone in the directory but oneself, in the file's order. */
  contacts(): Promise<readonly ContactView[]>;
  /**
   * Queues a text of 1 byte to 32 KiB of UTF-8 for one contact and returns its id at once; the outcome arrives as
   * `message-progress` events. Rejects with contact-unknown, message-empty, message-too-long,
   * message-malformed or queue-full.
   */
  sendText(command: SendText): Promise<MessageId>;
  /** Withdraws a message that is not settled; false when it was already. */
  cancel(id: MessageId): Promise<boolean>;
  /** What is neither delivered nor given up, oldest first. */
  undelivered(): Promise<readonly OutgoingView[]>;
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
  /**
   * From now on; each iterator sees every later event and ends when the chat closes or the signal aborts. While nobody
   * iterates, or somebody is far behind, and while the chat closes, no message is taken: its sender keeps it.
   */
  events(options?: Cancellable): AsyncIterable<ChatEvent>;
  /**
   * Ends all sessions with an authenticated end (at most `graceMs`, default 2,000), closes the listener, frees the home.
   * From the call on, sending, retrying and deciding reject with `cancelled`.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

export interface SendText {
  readonly to: string;
  readonly text: string;
  readonly replyTo?: MessageId;
}
