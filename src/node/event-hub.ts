import type { ChatEvent, EventCursor, EventOptions, EventStream, MessageId } from '../api/index.ts';
import { CodedError } from '../base/index.ts';
import { Backlog, type BacklogSource } from './backlog.ts';
import { readCursor, writeCursor, type ReadCursor } from './event-cursor.ts';
import { EventReader, ROOM_MAX, type ReaderOptions } from './event-reader.ts';
import { EventRing, type Told } from './event-ring.ts';

/** A message that a screen has shown, and with it everything that was stored before. */
export interface Shown {
  readonly peer: string;
  readonly id: MessageId;
}

/** What the hub asks the store. */
export interface EventStore extends BacklogSource {
  /** No message has a higher position. */
  readonly highestPosition: () => number;
  /** Of the oldest message that is neither delivered nor given up; undefined: there is none. Throws as the others. */
  readonly lowestUnsettled: () => number | undefined;
}

export interface EventHubOptions {
  readonly store: EventStore;
  /** There is something for `takeShown`. */
  readonly onShown: () => void;
  /** 8 letters (base64url) that no other home has. */
  readonly home: string;
  /** 16 hexadecimal digits that no other run has. */
  readonly run: string;
}

/**
 * Hands every event to every iterator that was opened before it; the first iterator also gets what came before. A screen
 * first gets the messages that no screen has shown, from the store, and whoever comes again what it has missed.
 */
export class EventHub {
  readonly #options: EventHubOptions;
  readonly #readers = new Set<EventReader>();
  readonly #shown = new Map<EventReader, Shown>();
  #early: Told[] | undefined = [];
  /** The number of the last event. */
  #latest = 0;
  /** Only from when somebody has asked for a cursor. */
  #ring: EventRing | undefined;
  #isClosed = false;

  constructor(options: EventHubOptions) {
    this.#options = options;
  }

  /** No screen is far behind: what is published now will be seen before long, or found in the store. */
  get hasRoom(): boolean {
    for (const reader of this.#readers) if (reader.isScreen && reader.waiting >= ROOM_MAX) return false;
    return !this.#isClosed;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  publish(event: ChatEvent): void {
    const told: Told = { number: ++this.#latest, event };
    if (this.#early && this.#early.length < ROOM_MAX) this.#early.push(told);
    this.#ring?.push(told);
    for (const reader of this.#readers) reader.push(told);
    if (event.type === 'messages-lost-by-peer') this.waitAgain();
  }

  /** Messages that were settled are to be sent once more. */
  waitAgain(): void {
    if (this.#readers.size === 0 || this.#isClosed) return;
    const lowest = this.#lowest();
    for (const reader of this.#readers) reader.lower(lowest);
  }

  /** Messages were deleted: whoever comes again is told of those that the store still has. */
  forgetMessages(): void {
    this.#ring?.forgetMessages();
  }

  /** See `Chat.events`. */
  open({ signal, isScreen = false, after }: EventOptions): EventStream {
    const cursor = after === undefined ? undefined : this.#readCursor(after);
    const early = this.#early ?? [];
    if (cursor || after === undefined) this.#early = undefined;
    const start = this.#start(cursor, isScreen, early);
    const reader: EventReader = new EventReader({
      leave: () => this.#readers.delete(reader),
      shown: isScreen ? (peer, id) => this.#noteShown(reader, { peer, id }) : undefined,
      cursor: () => this.#cursorOf(reader),
      begin: start.begin,
      ...(start.backlog && { backlog: start.backlog }),
    });
    if (after !== undefined && !cursor) {
      reader.fail(noCursor());
      return reader;
    }
    for (const told of start.first ?? early) reader.push(told);
    if (this.#isClosed || signal?.aborted) reader.end();
    else {
      this.#readers.add(reader);
      signal?.addEventListener('abort', () => reader.end(), { once: true });
    }
    return reader;
  }

  /** What screens have shown since the last call; to be committed. */
  takeShown(): readonly Shown[] {
    const shown = [...this.#shown.values()];
    this.#shown.clear();
    return shown;
  }

  close(): void {
    this.#isClosed = true;
    for (const reader of this.#readers) reader.end();
  }

  /** Of two screens each has a last one of its own, and the store keeps the later. */
  #noteShown(reader: EventReader, shown: Shown): void {
    if (this.#shown.size === 0) this.#options.onShown();
    this.#shown.set(reader, shown);
  }

  #start(cursor: ReadCursor | undefined, isScreen: boolean, early: readonly Told[]): Start {
    // The store may be closed as well.
    if (this.#isClosed) {
      const { position = this.#options.store.highestPosition(), lowest = 0 } = cursor ?? {};
      return { begin: { number: this.#latest, position, lowest } };
    }
    return cursor ? this.#resume(cursor, early) : this.#begin(isScreen, early);
  }
  /** From now on, and what was told to nobody. */
  #begin(isScreen: boolean, early: readonly Told[]): Start {
    const { store } = this.#options;
    const number = this.#before(early);
    const [message] = early.flatMap(({ event }) => (event.type === 'message-received' ? [event] : []));
    let position = message ? message.position - 1 : store.highestPosition();
    const lowest = this.#lowest();
    if (!isScreen) return { begin: { number, position, lowest } };
    const backlog = new Backlog(store, {});
    position = backlog.nextPosition === undefined ? position : backlog.nextPosition - 1;
    return { begin: { number, position, lowest }, backlog: () => backlog };
  }

  /** Exactly where that is remembered, else from the store. */
  #resume({ run, number, isBehind, position, lowest }: ReadCursor, early: readonly Told[]): Start {
    const { store } = this.#options;
    const ring = run === this.#options.run ? this.#ring : undefined;
    const first = number === undefined ? undefined : ring?.since(number, 'no messages');
    if (number === undefined || !first)
      return {
        begin: { number: this.#before(early), position, lowest },
        // What was settled then may wait again: somebody had it sent once more.
        backlog: (onProgress) =>
          new Backlog(store, { after: position, since: Math.min(lowest, this.#lowest()), onProgress }),
      };
    const begin = { number, position, lowest };
    const exactly = isBehind ? undefined : ring?.since(number, 'everything');
    if (exactly) return { begin, first: exactly };
    return { begin, first, backlog: () => new Backlog(store, { after: position }) };
  }

  #readCursor(text: string): ReadCursor | undefined {
    const { home, run, store } = this.#options;
    const cursor = readCursor(home, text);
    if (!cursor || cursor.position > store.highestPosition()) return undefined;
    const isToCome = cursor.run === run && (cursor.number ?? 0) > this.#latest;
    return isToCome ? undefined : cursor;
  }

  #cursorOf(reader: EventReader): EventCursor {
    this.#ring ??= this.#beginRing(reader);
    if (!this.#isClosed) reader.updateLowest(this.#latest, () => this.#lowest());
    return writeCursor(this.#options.home, this.#options.run, reader.standpoint);
  }
  #beginRing({ upcoming }: EventReader): EventRing {
    const { told: first, hasMessages } = upcoming ?? { told: [], hasMessages: false };
    const behind = this.#before(first);
    const ring = new EventRing(behind, hasMessages ? behind : this.#latest);
    for (const told of first) ring.push(told);
    return ring;
  }

  /** The number of the event before these, or, without any, of the last one. */
  #before(events: readonly Told[]): number {
    return (events[0]?.number ?? this.#latest + 1) - 1;
  }

  /** Everything is below it that can have changed. What cannot be read may be anything. */
  #lowest(): number {
    const { store } = this.#options;
    try {
      return store.lowestUnsettled() ?? store.highestPosition() + 1;
    } catch (error) {
      if (error instanceof CodedError) return 0;
      throw error;
    }
  }
}

/** How a reader begins. */
interface Start extends Pick<ReaderOptions, 'begin' | 'backlog'> {
  /** What happened already and is new to it. Default: what was told to nobody. */
  readonly first?: readonly Told[];
}

function noCursor(): CodedError {
  return new CodedError({
    code: 'usage',
    message:
      'events cannot go on there: that is no cursor of this home, or of what it was before it was restored',
    hint: 'Begin without one; the history says what came.',
  });
}
