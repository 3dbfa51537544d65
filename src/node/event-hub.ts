import type { Cancellable, ChatEvent } from '../api/index.ts';

/** Events that wait for one slow reader, at most; then its iterator fails rather than lose some silently. */
const WAITING_MAX = 100_000;
/** Above this, nothing more is taken from peers until the reader has caught up. */
const ROOM_MAX = 1_000;

/** Hands every event to every iterator that was opened before it; the first iterator also gets what came before. */
export class EventHub {
  readonly #readers = new Set<Reader>();
  #early: ChatEvent[] | undefined = [];
  #isClosed = false;

  /** Somebody reads, or has yet to begin, and keeps up: what is published now will be seen. */
  get hasRoom(): boolean {
    if (this.#isClosed) return false;
    if (this.#early) return this.#early.length < ROOM_MAX;
    for (const reader of this.#readers) if (reader.waiting >= ROOM_MAX) return false;
    return this.#readers.size > 0;
  }

  publish(event: ChatEvent): void {
    this.#early?.push(event);
    for (const reader of this.#readers) reader.push(event);
  }

  open({ signal }: Cancellable): AsyncIterableIterator<ChatEvent> {
    const reader = new Reader(() => this.#readers.delete(reader));
    for (const event of this.#early ?? []) reader.push(event);
    this.#early = undefined;
    if (this.#isClosed || signal?.aborted) reader.end();
    else {
      this.#readers.add(reader);
      signal?.addEventListener('abort', () => reader.end(), { once: true });
    }
    return reader;
  }

  close(): void {
    this.#isClosed = true;
    for (const reader of this.#readers) reader.end();
  }
}

class Reader implements AsyncIterableIterator<ChatEvent> {
  readonly #leave: () => void;
  #waiting: ChatEvent[] = [];
  /** How many of them were read already: an array gives up its first element slowly. */
  #read = 0;
  #isEnded = false;
  #failure: Error | undefined;
  /** Calls of `next` that came before their event. */
  #asking: PromiseWithResolvers<IteratorResult<ChatEvent, undefined>>[] = [];

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  get waiting(): number {
    return this.#waiting.length - this.#read;
  }
  push(event: ChatEvent): void {
    if (this.waiting < WAITING_MAX) {
      this.#waiting.push(event);
      return this.#answer();
    }
    this.#failure = new Error('a reader of events has stopped reading');
    this.#forget();
    this.end();
  }
  /** What waits is still read. */
  end(): void {
    this.#isEnded = true;
    this.#leave();
    this.#answer();
  }

  // No async function: one of them for each event costs more than the event.
  next(): Promise<IteratorResult<ChatEvent, undefined>> {
    const event = this.#take();
    if (event) return Promise.resolve({ done: false, value: event });
    const asked = Promise.withResolvers<IteratorResult<ChatEvent, undefined>>();
    this.#asking.push(asked);
    this.#answer();
    return asked.promise;
  }
  async return(): Promise<IteratorResult<ChatEvent, undefined>> {
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
    const event = this.#waiting[this.#read];
    if (event) this.#read += 1;
    if (this.waiting > 0 && this.#read < ROOM_MAX) return event;
    this.#waiting = this.#waiting.slice(this.#read);
    this.#read = 0;
    return event;
  }
  #forget(): void {
    this.#waiting = [];
    this.#read = 0;
  }
}
