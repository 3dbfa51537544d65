import type { Cancellable, ChatEvent } from '../api/index.ts';

/** Events that wait for one slow reader, at most; then its iterator fails rather than lose some silently. */
const WAITING_MAX = 100_000;

/** Hands every event to every iterator that was opened before it; the first iterator also gets what came before. */
export class EventHub {
  readonly #readers = new Set<Reader>();
  #early: ChatEvent[] | undefined = [];
  #isClosed = false;

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
  #isEnded = false;
  #wake: (() => void) | undefined;

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  push(event: ChatEvent): void {
    if (this.#waiting.length >= WAITING_MAX) throw new Error('a reader of events has stopped reading');
    this.#waiting.push(event);
    this.#wake?.();
  }
  /** What waits is still read. */
  end(): void {
    this.#isEnded = true;
    this.#leave();
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<ChatEvent, undefined>> {
    for (;;) {
      const event = this.#waiting.shift();
      if (event) return { done: false, value: event };
      if (this.#isEnded) return { done: true, value: undefined };
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
  async return(): Promise<IteratorResult<ChatEvent, undefined>> {
    this.#waiting = [];
    this.end();
    return { done: true, value: undefined };
  }
  [Symbol.asyncIterator](): this {
    return this;
  }
}
