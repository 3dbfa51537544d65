import type { Cancellable, EventCursor } from '../api/index.ts';
import { CodedError } from '../base/index.ts';

const CURSOR = 'fake.';

/** Everything that was told, to whoever listens from then on, or from a cursor on; the first one also gets what came before. */
export class FakeEvents<Told> {
  readonly #told: Told[] = [];
  readonly #streams = new Set<FakeStream<Told>>();
  #isHeard = false;
  #isClosed = false;

  push(told: Told): void {
    this.#told.push(told);
    for (const stream of this.#streams) stream.wake();
  }
  close(): void {
    this.#isClosed = true;
    for (const stream of this.#streams) stream.end();
  }

  open({
    signal,
    after = `${CURSOR}${this.#isHeard ? this.#told.length : 0}`,
  }: Cancellable & { readonly after?: string }): FakeStream<Told> {
    this.#isHeard = true;
    const from = /^fake\.(\d{1,9})$/.exec(after)?.[1];
    const stream = new FakeStream(this.#told, from === undefined ? undefined : Number(from));
    this.#streams.add(stream);
    signal?.addEventListener('abort', () => stream.end(), { once: true });
    if (this.#isClosed || signal?.aborted === true) stream.end();
    return stream;
  }
}

export class FakeStream<Told> implements AsyncIterableIterator<Told> {
  readonly #told: readonly Told[];
  readonly #isForeign: boolean;
  #next: number;
  #end = Number.POSITIVE_INFINITY;
  #asked = Promise.withResolvers<undefined>();

  /** `from` is undefined for what is no cursor. */
  constructor(told: readonly Told[], from: number | undefined) {
    this.#told = told;
    this.#isForeign = from === undefined;
    this.#next = from ?? 0;
  }

  get cursor(): EventCursor {
    return `${CURSOR}${this.#next}` as EventCursor;
  }
  /** What was told before is still read. */
  end(): void {
    this.#end = Math.min(this.#end, this.#told.length);
    this.wake();
  }
  wake(): void {
    this.#asked.resolve(undefined);
    this.#asked = Promise.withResolvers();
  }

  async next(): Promise<IteratorResult<Told, undefined>> {
    if (this.#isForeign) throw new CodedError({ code: 'usage', message: 'that is no cursor of this home' });
    while (this.#next >= this.#told.length && this.#next < this.#end) await this.#asked.promise;
    const at = this.#next;
    const told = this.#told[at];
    if (at >= this.#end || told === undefined) return { done: true, value: undefined };
    this.#next = at + 1;
    return { done: false, value: told };
  }
  async return(): Promise<IteratorResult<Told, undefined>> {
    this.#end = 0;
    this.wake();
    return { done: true, value: undefined };
  }
  [Symbol.asyncIterator](): this {
    return this;
  }
}
