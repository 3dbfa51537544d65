import type { ChatEvent, EventCursor, EventOptions, EventStream } from '../api/index.ts';
import { CodedError } from '../base/index.ts';
import type { Calls, Subscriber } from './calls.ts';
import { EVENTS_WAITING_MAX } from './limits.ts';

/** One subscription as an iterator. A screen is told the next event only when it asks for it. */
export class RemoteEvents implements EventStream, Subscriber {
  readonly cursor: EventCursor = '' as EventCursor;
  readonly #calls: Calls;
  readonly #isScreen: boolean;
  readonly #signal: EventOptions['signal'];
  readonly #stop = (): void => this.#leave();
  #waiting: ChatEvent[] = [];
  #asking: PromiseWithResolvers<IteratorResult<ChatEvent, undefined>>[] = [];
  #isEnded = false;
  #failure: CodedError | undefined;
  /** The reader has it: the next call says that it was shown. */
  #isShowing = false;

  constructor(calls: Calls, { isScreen = false, signal }: EventOptions) {
    this.#calls = calls;
    this.#isScreen = isScreen;
    this.#signal = signal;
    if (signal?.aborted) this.#isEnded = true;
    else {
      calls.subscribe(this, isScreen);
      signal?.addEventListener('abort', this.#stop, { once: true });
    }
  }

  event(event: ChatEvent): void {
    if (this.#isEnded) return;
    if (this.#waiting.length < EVENTS_WAITING_MAX) this.#waiting.push(event);
    else {
      this.#waiting = [];
      this.#leave(
        new CodedError({ code: 'events-missed', message: 'a reader of events has stopped reading' }),
      );
    }
    this.#answer();
  }
  ended(reason: CodedError | undefined): void {
    this.#isEnded = true;
    this.#failure ??= reason;
    this.#signal?.removeEventListener('abort', this.#stop);
    this.#answer();
  }

  next(): Promise<IteratorResult<ChatEvent, undefined>> {
    if (this.#isShowing) this.#calls.seen(this);
    this.#isShowing = false;
    const asked = Promise.withResolvers<IteratorResult<ChatEvent, undefined>>();
    this.#asking.push(asked);
    this.#answer();
    return asked.promise;
  }
  async return(): Promise<IteratorResult<ChatEvent, undefined>> {
    this.#waiting = [];
    this.#leave();
    return { done: true, value: undefined };
  }
  [Symbol.asyncIterator](): this {
    return this;
  }

  #leave(reason?: CodedError): void {
    if (!this.#isEnded) this.#calls.unsubscribe(this);
    this.ended(reason);
  }

  #answer(): void {
    while (this.#asking.length > 0) {
      const event = this.#waiting.shift();
      if (!event && !this.#isEnded) return;
      const asked = this.#asking.shift();
      if (event) {
        this.#isShowing = this.#isScreen;
        asked?.resolve({ done: false, value: event });
      } else if (this.#failure) asked?.reject(this.#failure);
      else asked?.resolve({ done: true, value: undefined });
    }
  }
}
