import type { ChatEvent, EventCursor, EventStream, MessageId } from '../api/index.ts';
import { CodedError, type Instant } from '../base/index.ts';
import type { Backlog } from './backlog.ts';
import { readClock } from './clock.ts';
import type { Standpoint } from './event-cursor.ts';
import type { Told } from './event-ring.ts';

/**
 * Events that wait for one slow reader, at most; then only the last state of each message is kept, and if that is not enough,
 * its iterator fails rather than lose some silently.
 */
const WAITING_MAX = 100_000;
/** So many remain at most, lest each further event look through all of them. */
const COMPACTED_MAX = 90_000;
/** The store is asked at most this often which of the messages that were sent is the oldest that is not settled. */
const LOWEST_EVERY_MS = 20;
/** Above this, nothing more is taken from peers until the screen has caught up. */
export const ROOM_MAX = 1_000;

type Message = ChatEvent & { readonly type: 'message-received' };

export interface ReaderOptions {
  readonly leave: () => void;
  /** Of a screen: this message was shown. */
  readonly shown: ((peer: string, id: MessageId) => void) | undefined;
  /** What it is told first; makes use of `outdated`. Default: nothing. */
  readonly backlog?: (outdated: (told: ReadonlySet<MessageId>) => void) => Backlog;
  /** Where it stands before it has read anything. */
  readonly begin: { readonly number: number; readonly position: number; readonly lowest: number };
  readonly cursor: (reader: EventReader) => EventCursor;
}

/**
 * One iterator of events. As long as there is a backlog, new messages are left to the store, where they stand already; behind it,
 * those that the store has told of are passed over. So nothing is missing between the two, and nothing comes twice.
 */
export class EventReader implements EventStream {
  readonly isScreen: boolean;
  readonly #options: ReaderOptions;
  #waiting: Told[] = [];
  /** How many of them were read already: an array gives up its first element slowly. */
  #read = 0;
  #isEnded = false;
  #failure: CodedError | undefined;
  /** Calls of `next` that came before their event. */
  #asking: PromiseWithResolvers<IteratorResult<ChatEvent, undefined>>[] = [];
  #backlog: Backlog | undefined;
  /** Handed out, and not known to be shown: nobody has asked for the next one yet. */
  #showing: Message | undefined;
  /** Of the last event that was handed out. */
  #number: number;
  #position: number;
  #lowest: number;
  /** When that was asked, and whether a message was settled since. */
  #lowestAt: Instant = Number.NEGATIVE_INFINITY;
  #isLowestOld = true;
  /** Of what has happened since, some was left out here: messages, or others, too. */
  #gap: 'none' | 'messages' | 'others' = 'none';
  /** Messages are left to the store. */
  #isBehind = false;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.isScreen = options.shown !== undefined;
    ({ number: this.#number, position: this.#position, lowest: this.#lowest } = options.begin);
    this.#setBacklog(options.backlog?.((told) => this.#forgetProgress(told)));
  }

  get cursor(): EventCursor {
    return this.#options.cursor(this);
  }
  get standpoint(): Standpoint {
    const number = this.#backlog?.isSkipping === true ? undefined : this.#number;
    return { number, isBehind: this.#isBehind, position: this.#position, lowest: this.#lowest };
  }
  get waiting(): number {
    return this.#waiting.length - this.#read;
  }
  /** What has happened since, all of it, or all but messages; undefined when more of it is not here. */
  get upcoming(): { readonly told: readonly Told[]; readonly hasMessages: boolean } | undefined {
    if (this.#gap === 'others') return undefined;
    return { told: this.#waiting.slice(this.#read), hasMessages: this.#gap === 'none' };
  }
  /** `latest`: the number of the last event that happened; `lowest` says which position is the lowest unsettled one now. */
  updateLowest(latest: number, lowest: () => number): void {
    const now = readClock().monotonic;
    // What waits to be read here has changed the store already.
    const isUpToDate = this.#number === latest && this.#backlog?.isSkipping !== true;
    if (!this.#isLowestOld || !isUpToDate || now < this.#lowestAt + LOWEST_EVERY_MS) return;
    this.#lowest = lowest();
    this.#lowestAt = now;
    this.#isLowestOld = false;
  }
  /** Messages that were settled wait again, from this position on. */
  lower(position: number): void {
    this.#lowest = Math.min(this.#lowest, position);
    this.#isLowestOld = true;
  }

  push(told: Told): void {
    if (told.event.type === 'message-received' && (this.#backlog || told.event.position <= this.#position)) {
      if (this.#gap === 'none') this.#gap = 'messages';
      // Of messages the position tells how far it is.
      if (this.waiting === 0) this.#number = told.number;
      return this.#answer();
    }
    if (this.waiting >= WAITING_MAX) this.#compact();
    if (this.#failure) return;
    this.#waiting.push(told);
    this.#answer();
  }
  /** What waits is still read; but a screen's messages are left to the next one, which finds them in the store. */
  end(): void {
    this.#isEnded = true;
    if (this.isScreen) {
      const left = this.#waiting.slice(this.#read).filter(({ event }) => event.type !== 'message-received');
      this.#isBehind ||= left.length < this.waiting;
      this.#waiting = left;
      this.#read = 0;
    }
    this.#options.leave();
    this.#answer();
  }
  fail(failure: CodedError): void {
    this.#failure = failure;
    this.#forget();
    this.end();
  }

  // No async function: one of them for each event costs more than the event.
  next(): Promise<IteratorResult<ChatEvent, undefined>> {
    if (this.#showing) this.#options.shown?.(this.#showing.from, this.#showing.id);
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
    this.#isBehind = true;
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
    const event = this.#backlog && !this.#isEnded ? this.#takeBacklog(this.#backlog) : this.#takeWaiting();
    if (event?.type === 'message-received') {
      this.#position = Math.max(this.#position, event.position);
      if (this.isScreen) this.#showing = event;
    } else if (event?.type === 'message-progress') this.#isLowestOld = true;
    return event;
  }
  #takeBacklog(backlog: Backlog): ChatEvent | undefined {
    const step = backlog.take();
    if (step === 'later') {
      setImmediate(() => this.#answer());
      return undefined;
    }
    if (step === 'done') this.#setBacklog(undefined);
    return typeof step === 'object' ? step : this.#takeWaiting();
  }
  #takeWaiting(): ChatEvent | undefined {
    const told = this.#waiting[this.#read];
    if (told) {
      this.#read += 1;
      this.#number = told.number;
    }
    if (this.waiting > 0 && this.#read < ROOM_MAX) return told?.event;
    this.#waiting = this.#waiting.slice(this.#read);
    this.#read = 0;
    return told?.event;
  }
  #setBacklog(backlog: Backlog | undefined): void {
    this.#backlog = backlog?.isDone === true ? undefined : backlog;
    this.#isBehind = this.#backlog !== undefined;
  }
  #compact(): void {
    const told = new Set<MessageId>();
    const last = this.#waiting
      .slice(this.#read)
      .reverse()
      .filter(({ event }) => {
        if (event.type !== 'message-progress') return true;
        return told.size < told.add(event.id).size;
      });
    this.#waiting = last.reverse();
    this.#read = 0;
    this.#gap = 'others';
    if (this.waiting > COMPACTED_MAX) this.fail(eventsMissed());
  }
  #forgetProgress(told: ReadonlySet<MessageId>): void {
    if (told.size === 0 || this.waiting === 0) return;
    this.#waiting = this.#waiting
      .slice(this.#read)
      .filter(({ event }) => event.type !== 'message-progress' || !told.has(event.id));
    this.#read = 0;
    this.#gap = 'others';
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
