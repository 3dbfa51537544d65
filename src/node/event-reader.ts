import type { ChatEvent, EventCursor, EventStream, HistoryEntry, MessageId } from '../api/index.ts';
import { CodedError } from '../base/index.ts';
import { readClock } from './clock.ts';

/**
 * Events that wait for one slow reader, at most; then only the last state of each message is kept, and if that is not enough,
 * its iterator fails rather than lose some silently.
 */
const WAITING_MAX = 100_000;
/** So many remain at most, lest each further event look through all of them. */
const COMPACTED_MAX = 90_000;
/** Above this, nothing more is taken from peers until the screen has caught up. */
export const ROOM_MAX = 1_000;
/** A sender's clock that is further ahead makes the time shown doubtful (spec/05). */
const CLOCK_AHEAD_MS = 120_000;

/** What makes a reader a screen. */
export interface Screen {
  /**
   * Messages that no screen has shown, oldest first; with a position, those stored after it, shown by another screen or not. Empty
   * when there are no more.
   */
  readonly unshown: (after: number | undefined) => readonly HistoryEntry[];
  readonly shown: (peer: string, id: MessageId) => void;
}

type Message = ChatEvent & { readonly type: 'message-received' };

/**
 * One iterator of events. A screen begins with what the store has for it; until it has read all of that, new messages are
 * left to the store, where they stand already. So nothing is missing between the two, and nothing comes twice.
 */
export class EventReader implements EventStream {
  readonly cursor: EventCursor = '' as EventCursor;
  readonly isScreen: boolean;
  readonly #leave: () => void;
  readonly #screen: Screen | undefined;
  #waiting: ChatEvent[] = [];
  /** How many of them were read already: an array gives up its first element slowly. */
  #read = 0;
  #isEnded = false;
  #failure: CodedError | undefined;
  /** Calls of `next` that came before their event. */
  #asking: PromiseWithResolvers<IteratorResult<ChatEvent, undefined>>[] = [];
  #stored: readonly HistoryEntry[] = [];
  #storedRead = 0;
  #after: number | undefined;
  #isCatchingUp: boolean;
  readonly #openedAtWall = readClock().wall;
  /** Handed out, and not known to be shown: nobody has asked for the next one yet. */
  #showing: Message | undefined;

  constructor(options: { readonly leave: () => void; readonly screen: Screen | undefined }) {
    this.#leave = options.leave;
    this.#screen = options.screen;
    this.isScreen = options.screen !== undefined;
    this.#isCatchingUp = this.isScreen;
    // At once: what another screen shows from now on, this one still has to show.
    if (this.isScreen) this.#loadStored();
  }

  get waiting(): number {
    return this.#waiting.length - this.#read;
  }
  push(event: ChatEvent): void {
    if (this.#isCatchingUp && event.type === 'message-received') return this.#answer();
    if (this.waiting >= WAITING_MAX) this.#compact();
    if (this.#failure) return;
    this.#waiting.push(event);
    this.#answer();
  }
  /** What waits is still read; but a screen's messages are left to the next one, which finds them in the store. */
  end(): void {
    this.#isEnded = true;
    this.#isCatchingUp = false;
    this.#stored = [];
    if (this.isScreen)
      this.#waiting = this.#waiting.slice(this.#read).filter(({ type }) => type !== 'message-received');
    if (this.isScreen) this.#read = 0;
    this.#leave();
    this.#answer();
  }

  // No async function: one of them for each event costs more than the event.
  next(): Promise<IteratorResult<ChatEvent, undefined>> {
    if (this.#showing) this.#screen?.shown(this.#showing.from, this.#showing.id);
    this.#showing = undefined;
    const event = this.#asking.length === 0 ? this.#take() : undefined;
    if (event) return Promise.resolve({ done: false, value: event });
    const asked = Promise.withResolvers<IteratorResult<ChatEvent, undefined>>();
    this.#asking.push(asked);
    this.#answer();
    return asked.promise;
  }
  /** Whoever leaves in the middle has not shown what it was given last. */
  async return(): Promise<IteratorResult<ChatEvent, undefined>> {
    this.#showing = undefined;
    this.#forget();
    this.end();
    return { done: true, value: undefined };
  }
  [Symbol.asyncIterator](): this {
    return this;
  }

  #answer(): void {
    while (this.#asking.length > 0) {
      const event = this.#take();
      if (!event && !this.#failure && !this.#isEnded) return;
      const asked = this.#asking.shift();
      if (event) asked?.resolve({ done: false, value: event });
      else if (this.#failure) asked?.reject(this.#failure);
      else asked?.resolve({ done: true, value: undefined });
    }
  }
  #take(): ChatEvent | undefined {
    const event = this.#isCatchingUp ? (this.#takeStored() ?? this.#takeWaiting()) : this.#takeWaiting();
    if (this.isScreen && event?.type === 'message-received') this.#showing = event;
    return event;
  }
  #takeWaiting(): ChatEvent | undefined {
    const event = this.#waiting[this.#read];
    if (event) this.#read += 1;
    if (this.waiting > 0 && this.#read < ROOM_MAX) return event;
    this.#waiting = this.#waiting.slice(this.#read);
    this.#read = 0;
    return event;
  }
  #takeStored(): Message | undefined {
    if (this.#storedRead >= this.#stored.length && !this.#loadStored()) return undefined;
    const entry = this.#stored[this.#storedRead];
    this.#storedRead += 1;
    if (entry === undefined) return undefined;
    this.#after = entry.position;
    return storedMessage(entry, this.#openedAtWall);
  }
  /** False when there is nothing more, or the store cannot be read: then it is tried again with the next event. */
  #loadStored(): boolean {
    try {
      this.#stored = this.#screen?.unshown(this.#after) ?? [];
    } catch (error) {
      if (error instanceof CodedError) return false;
      throw error;
    }
    this.#storedRead = 0;
    this.#isCatchingUp = this.#stored.length > 0;
    return this.#isCatchingUp;
  }
  #compact(): void {
    const told = new Set<MessageId>();
    const last = this.#waiting
      .slice(this.#read)
      .reverse()
      .filter((event) => {
        if (event.type !== 'message-progress') return true;
        return told.size < told.add(event.id).size;
      });
    this.#waiting = last.reverse();
    this.#read = 0;
    if (this.waiting <= COMPACTED_MAX) return;
    this.#failure = eventsMissed();
    this.#forget();
    this.end();
  }
  #forget(): void {
    this.#waiting = [];
    this.#read = 0;
  }
}

function eventsMissed(): CodedError {
  return new CodedError({
    code: 'events-missed',
    message: 'a reader of events has stopped reading, and more has happened than is kept for it',
    hint: 'What it has not shown of the messages is shown by the next one.',
  });
}

function storedMessage(entry: HistoryEntry, openedAtWall: number): Message {
  const { id, text, writtenAtWall, storedAtWall: receivedAtWall, replyTo } = entry;
  return {
    type: 'message-received',
    id,
    position: entry.position,
    from: entry.with,
    text,
    writtenAtWall,
    receivedAtWall,
    clockMark: writtenAtWall > receivedAtWall + CLOCK_AHEAD_MS,
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(receivedAtWall < openedAtWall ? { isBelated: true as const } : {}),
  };
}
