import type { ChatEvent, HistoryEntry, MessageId } from '../api/index.ts';
import { CodedError } from '../base/index.ts';
import { readClock } from './clock.ts';

/** A sender's clock that is further ahead makes the time shown doubtful (spec/05). */
const CLOCK_AHEAD_MS = 120_000;

type Progress = ChatEvent & { readonly type: 'message-progress' };
type Received = ChatEvent & { readonly type: 'message-received' };

/** How outgoing messages stand now, oldest first. */
export interface ProgressPage {
  readonly events: readonly Progress[];
  /** Where the next page begins; undefined: there is none. */
  readonly next: number | undefined;
}

/** What the store says. Both throw a CodedError while it cannot be read. */
export interface BacklogSource {
  /**
   * Messages that came, oldest first: behind a position, or, without one, those that no screen has shown. Empty when there are
   * no more.
   */
  readonly messages: (after: number | undefined) => readonly HistoryEntry[];
  /** Of those that were sent, from this position on. */
  readonly progress: (from: number) => ProgressPage;
}

/**
 * later: ask again in a moment, and let nothing pass before · unreadable: the disk refuses; it is tried again at the next call ·
 * done: nothing is left
 */
export type BacklogStep =
  Received | Progress | { readonly type: 'events-skipped' } | 'later' | 'unreadable' | 'done';

/**
 * What a reader is told from the store before it is told what happens: the messages, and, where it has missed other events, how
 * what was sent stands now. A message that comes meanwhile belongs to it: it stands in the store already.
 */
export class Backlog {
  readonly #source: BacklogSource;
  readonly #onProgress: (told: ReadonlySet<MessageId>) => void;
  readonly #openedAtWall = readClock().wall;
  /** Of the first message that no screen had shown. */
  readonly #unshownFrom: number;
  /** Of the last message that was taken. */
  #after: number | undefined;
  #messages: readonly HistoryEntry[] = [];
  #read = 0;
  /** Where the next page of what was sent begins. */
  #since: number | undefined;
  #progress: readonly Progress[] = [];
  #progressRead = 0;
  #phase: 'messages' | 'progress' | 'messages since' | 'done';

  constructor(
    source: BacklogSource,
    options: {
      /** The position of the last message that is known. Default: all that were shown. */
      readonly after?: number;
      /** What was sent from this position on is told of, and that other events are forgotten. Default: nothing is. */
      readonly since?: number;
      /** Of these it is told how they stand: what was to be told of them before is out of date. */
      readonly onProgress?: (told: ReadonlySet<MessageId>) => void;
    },
  ) {
    this.#source = source;
    this.#after = options.after;
    this.#since = options.since;
    this.#onProgress = options.onProgress ?? (() => undefined);
    this.#phase = options.since === undefined ? 'messages since' : 'messages';
    this.#unshownFrom = options.after === undefined ? 0 : this.#firstUnshown();
    // At once: what another screen shows from now on, this one still has to show.
    this.#try(() => this.#loadMessages());
  }

  get isDone(): boolean {
    return this.#phase === 'done';
  }
  /** Not all is told yet of how things stand. */
  get isSkipping(): boolean {
    return this.#phase === 'messages' || this.#phase === 'progress';
  }
  /** The position of the next message, if it is known. */
  get nextPosition(): number | undefined {
    return this.#messages[this.#read]?.position;
  }

  take(): BacklogStep {
    return this.#try(() => this.#take()) ?? 'unreadable';
  }

  #take(): BacklogStep {
    switch (this.#phase) {
      case 'done':
        return 'done';
      case 'progress':
        return this.#takeProgress();
      default:
        return this.#takeMessage() ?? this.#take();
    }
  }

  #takeMessage(): Received | undefined {
    if (this.#read >= this.#messages.length) this.#loadMessages();
    const entry = this.#messages[this.#read];
    if (!entry) return undefined;
    this.#read += 1;
    this.#after = entry.position;
    const isBelated = entry.position >= this.#unshownFrom && entry.storedAtWall < this.#openedAtWall;
    return receivedOf(entry, isBelated);
  }
  #loadMessages(): void {
    this.#messages = this.#source.messages(this.#after);
    this.#read = 0;
    if (this.#messages.length === 0) this.#phase = this.#phase === 'messages' ? 'progress' : 'done';
  }

  #takeProgress(): BacklogStep {
    const event = this.#progress[this.#progressRead];
    this.#progressRead += 1;
    if (event) return event;
    if (this.#since === undefined) {
      this.#phase = 'messages since';
      return { type: 'events-skipped' };
    }
    const page = this.#source.progress(this.#since);
    this.#since = page.next;
    this.#progress = page.events;
    this.#progressRead = 0;
    this.#onProgress(new Set(page.events.map(({ id }) => id)));
    return page.events.length === 0 && page.next !== undefined ? 'later' : this.#takeProgress();
  }

  #firstUnshown(): number {
    const [first] = this.#try(() => this.#source.messages(undefined)) ?? [];
    return first?.position ?? Number.POSITIVE_INFINITY;
  }
  #try<Value>(act: () => Value): Value | undefined {
    try {
      return act();
    } catch (error) {
      if (error instanceof CodedError) return undefined;
      throw error;
    }
  }
}

function receivedOf(entry: HistoryEntry, isBelated: boolean): Received {
  const { id, position, text, writtenAtWall, storedAtWall: receivedAtWall, replyTo } = entry;
  return {
    type: 'message-received',
    id,
    position,
    from: entry.with,
    text,
    writtenAtWall,
    receivedAtWall,
    clockMark: writtenAtWall > receivedAtWall + CLOCK_AHEAD_MS,
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(isBelated ? { isBelated: true as const } : {}),
  };
}
