import { concatBytes, type Bytes } from '../base/index.ts';

const LINE_FEED = 0x0a;

/** Cuts a stream of bytes into lines. Holds at most one of them. */
export class LineSplitter {
  readonly #max: number;
  #parts: Bytes[] = [];
  #length = 0;

  /** `max`: bytes of a line, without its end. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Bytes of a line that has not ended. */
  get held(): number {
    return this.#length;
  }

  /** The lines that end in this chunk, without their ends; `undefined`, as the last one, for a line that is too long. */
  *take(chunk: Bytes): Generator<Bytes | undefined, void> {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, from);
      const part = chunk.subarray(from, end === -1 ? chunk.length : end);
      this.#length += part.length;
      if (this.#length > this.#max) {
        this.#forget();
        return yield undefined;
      }
      if (part.length > 0) this.#parts.push(part);
      if (end === -1) return;
      const line = this.#parts.length === 1 ? this.#parts[0] : concatBytes(...this.#parts);
      this.#forget();
      yield line;
      from = end + 1;
    }
  }

  #forget(): void {
    this.#parts = [];
    this.#length = 0;
  }
}
