import type {
  Cancellable,
  ChatEvent,
  EventCursor,
  EventOptions,
  EventStream,
  TraceOptions,
} from '../../api/index.ts';
import type { EventJson } from '../../api/to-json/index.ts';
import { CodedError } from '../../base/index.ts';
import { EVENTS_WAITING_MAX } from '../limits.ts';
import type { Json } from '../rpc.ts';
import { brokenOff, type Calls, type Subscriber } from './calls.ts';

/** One subscription as an iterator. `Told`: what each notification becomes. */
abstract class RemoteStream<Told> implements AsyncIterableIterator<Told>, Subscriber {
  readonly #calls: Calls;
  readonly #signal: Cancellable['signal'];
  readonly #stop = (): void => this.#leave();
  #waiting: Json[] = [];
  /** How many of them were read already: an array gives up its first element slowly. */
  #read = 0;
  #asking: PromiseWithResolvers<IteratorResult<Told, undefined>>[] = [];
  #isEnded = false;
  #failure: CodedError | undefined;

  constructor(
    calls: Calls,
    { method, params, signal }: { readonly method: 'listen' | 'trace'; readonly params: Json } & Cancellable,
  ) {
    this.#calls = calls;
    this.#signal = signal;
    if (signal?.aborted) this.#isEnded = true;
    else {
      calls.subscribe(this, method, params);
      signal?.addEventListener('abort', this.#stop, { once: true });
    }
  }

  /** Undefined as long as it cannot be said. */
  protected abstract take(params: Json): Told | undefined;
  begun(_answer: Json): void {
    // Who wants to know the beginning says so.
  }

  told(params: Json): void {
    if (this.#isEnded) return;
    if (this.#waiting.length - this.#read < EVENTS_WAITING_MAX) this.#waiting.push(params);
    else {
      this.#forget();
      this.#leave(
        new CodedError({ code: 'events-missed', message: 'a reader of events has stopped reading' }),
      );
    }
    this.answer();
  }
  ended(reason: CodedError | undefined): void {
    this.#isEnded = true;
    this.#failure ??= reason;
    this.#signal?.removeEventListener('abort', this.#stop);
    this.answer();
  }

  next(): Promise<IteratorResult<Told, undefined>> {
    const asked = Promise.withResolvers<IteratorResult<Told, undefined>>();
    this.#asking.push(asked);
    this.answer();
    return asked.promise;
  }
  async return(): Promise<IteratorResult<Told, undefined>> {
    this.#forget();
    this.#leave();
    return { done: true, value: undefined };
  }
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Gives what there is to who has asked. */
  protected answer(): void {
    while (this.#asking.length > 0) {
      const params = this.#waiting[this.#read];
      if (!params && !this.#isEnded) return;
      const told = params && this.#takeOrLeave(params);
      if (params && told === undefined) return;
      if (params) this.#advance();
      const asked = this.#asking.shift();
      if (told !== undefined) asked?.resolve({ done: false, value: told });
      else if (this.#failure) asked?.reject(this.#failure);
      else asked?.resolve({ done: true, value: undefined });
    }
  }
  #takeOrLeave(params: Json): Told | undefined {
    try {
      return this.take(params);
    } catch {
      // No Sotto of this version says so.
      this.#forget();
      this.#leave(brokenOff());
      return undefined;
    }
  }
  protected seen(): void {
    this.#calls.seen(this);
  }

  #advance(): void {
    this.#read += 1;
    if (this.#read < this.#waiting.length && this.#read < 1_000) return;
    this.#waiting = this.#waiting.slice(this.#read);
    this.#read = 0;
  }
  #forget(): void {
    this.#waiting = [];
    this.#read = 0;
  }
  #leave(reason?: CodedError): void {
    if (!this.#isEnded) this.#calls.unsubscribe(this);
    this.ended(reason);
  }
}

/** The cursor, as long as the other program has not said where the events begin: before the first event it has. */
const NOT_YET = '' as EventCursor;

type EventFromJson = (json: EventJson) => ChatEvent;

/** The events of another program. A screen is told the next one only when it asks for it. */
export class RemoteEvents extends RemoteStream<ChatEvent> implements EventStream {
  readonly #isScreen: boolean;
  #cursor: EventCursor;
  #fromJson: EventFromJson | undefined;
  /** The reader has it: the next call says that it was shown. */
  #isShowing = false;

  constructor(
    calls: Calls,
    { isScreen = false, after, signal }: EventOptions,
    fromJson: Promise<EventFromJson>,
  ) {
    super(calls, {
      method: 'listen',
      params: { events: true, screen: isScreen, ...(after !== undefined && { after }) },
      ...(signal && { signal }),
    });
    this.#isScreen = isScreen;
    this.#cursor = after ?? NOT_YET;
    fromJson.then(
      (known) => {
        this.#fromJson = known;
        this.answer();
      },
      (cause: unknown) => this.ended(new CodedError({ code: 'internal', message: String(cause) }, { cause })),
    );
  }

  get cursor(): EventCursor {
    return this.#cursor;
  }

  override begun({ cursor }: Json): void {
    if (typeof cursor === 'string') this.#cursor = cursor as EventCursor;
  }
  override next(): Promise<IteratorResult<ChatEvent, undefined>> {
    if (this.#isShowing) this.seen();
    this.#isShowing = false;
    return super.next();
  }

  protected override take({ event, cursor }: Json): ChatEvent | undefined {
    if (!this.#fromJson) return undefined;
    const taken = this.#fromJson(event as EventJson);
    this.#isShowing = this.#isScreen;
    if (typeof cursor === 'string') this.#cursor = cursor as EventCursor;
    return taken;
  }
}

export class RemoteTrace extends RemoteStream<string> {
  constructor(calls: Calls, { topics, signal }: TraceOptions) {
    super(calls, { method: 'trace', params: topics ? { topics } : {}, ...(signal && { signal }) });
  }

  protected override take({ line }: Json): string {
    return String(line);
  }
}
