import type { Bytes } from '../base/index.ts';

const LINE_FEED = 0x0a;
const ROOM_MIN = 1024;
const NOTHING: Bytes = new Uint8Array(0);

/** Cuts a stream of bytes into lines. Holds at most one of them. */
export class LineSplitter {
  readonly #max: number;
  /** The beginning of a line, copied: one that comes byte by byte would hold a chunk for each of them. */
  #room: Bytes = NOTHING;
  #length = 0;

  /** `max`: bytes of a line, without its end. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Bytes that a line that has not ended takes. */
  get held(): number {
    return this.#room.length;
  }

  /** The lines that end in this chunk, without their ends; `undefined`, as the last one, for a line that is too long. */
  *take(chunk: Bytes): Generator<Bytes | undefined, void> {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, from);
      const part = chunk.subarray(from, end === -1 ? chunk.length : end);
      if (this.#length + part.length > this.#max) {
        this.#forget();
        return yield undefined;
      }
      if (end === -1) return this.#keep(part);
      yield this.#length === 0 ? part : this.#endWith(part);
      from = end + 1;
    }
  }

  #keep(part: Bytes): void {
    const length = this.#length + part.length;
    if (length > this.#room.length) {
      const room = new Uint8Array(Math.min(Math.max(2 * length, ROOM_MIN), this.#max));
      room.set(this.#room.subarray(0, this.#length));
      this.#room = room;
    }
    this.#room.set(part, this.#length);
    this.#length = length;
  }
  #endWith(part: Bytes): Bytes {
    this.#keep(part);
    const line = this.#room.subarray(0, this.#length);
    this.#forget();
    return line;
  }
  #forget(): void {
    this.#room = NOTHING;
    this.#length = 0;
  }
}
