/** Lines that wait for a slow reader, at most. */
const LINES_MAX = 1_000;

/** Lines for one who reads along. What it leaves waiting for too long is dropped, and it is told how much that was. */
export class TraceReader implements AsyncIterableIterator<string> {
  readonly #leave: () => void;
  #lines: string[] = [];
  /** How many are missing behind those that wait. */
  #dropped = 0;
  #isEnded = false;
  #asking: PromiseWithResolvers<IteratorResult<string, undefined>>[] = [];

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  push(line: string): void {
    // Nothing may stand before the word of a gap that it comes after.
    if (this.#dropped > 0 || this.#lines.length >= LINES_MAX) this.#dropped += 1;
    else this.#lines.push(line);
    this.#answer();
  }
  /** What waits is still read. */
  end(): void {
    this.#isEnded = true;
    this.#leave();
    this.#answer();
  }

  next(): Promise<IteratorResult<string, undefined>> {
    const asked = Promise.withResolvers<IteratorResult<string, undefined>>();
    this.#asking.push(asked);
    this.#answer();
    return asked.promise;
  }
  async return(): Promise<IteratorResult<string, undefined>> {
    this.#lines = [];
    this.#dropped = 0;
    this.end();
    return { done: true, value: undefined };
  }
  [Symbol.asyncIterator](): this {
    return this;
  }

  #answer(): void {
    while (this.#asking.length > 0) {
      const line = this.#take();
      if (line === undefined && !this.#isEnded) return;
      const asked = this.#asking.shift();
      asked?.resolve(line === undefined ? { done: true, value: undefined } : { done: false, value: line });
    }
  }
  #take(): string | undefined {
    const line = this.#lines.shift();
    if (line !== undefined || this.#dropped === 0) return line;
    const dropped = this.#dropped;
    this.#dropped = 0;
    return `trace: ${dropped} lines were dropped`;
  }
}
