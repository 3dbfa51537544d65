import { concatBytes, type Bytes } from './bytes.ts';

/** Writes big-endian integers and bytes; `finish` joins them. Values out of range are our own bug and throw. */
export class Writer {
  readonly #parts: Bytes[] = [];

  u8(value: number): this {
    return this.#integer(value, 1);
  }
  u16(value: number): this {
    return this.#integer(value, 2);
  }
  u32(value: number): this {
    return this.#integer(value, 4);
  }
  /** At most 2^53 − 1: every u64 of the protocol is a count or a clock that a double holds exactly. */
  u64(value: number): this {
    return this.#integer(value, 8);
  }
  bytes(value: Bytes): this {
    this.#parts.push(value);
    return this;
  }
  /** `lv`: u16 length, then the bytes. */
  lv(value: Bytes): this {
    return this.u16(value.length).bytes(value);
  }
  finish(): Bytes {
    return concatBytes(...this.#parts);
  }

  #integer(value: number, size: number): this {
    const part = new Uint8Array(size);
    writeInteger(part, 0, size, value);
    this.#parts.push(part);
    return this;
  }
}

/** Big-endian, in place. A value out of range is our own bug and throws. */
export function writeInteger(target: Bytes, offset: number, size: number, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0 || value >= 2 ** (8 * size)) {
    throw new RangeError(`${value} does not fit ${size} bytes`);
  }
  for (let i = offset + size - 1, rest = value; i >= offset; i--) {
    target[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

/**
 * Reads big-endian integers and bytes. It never throws: past the end or past 2^53 − 1 it answers zeros and `ok` turns
 * false for good, so a decoder reads everything and checks `done` once.
 */
export class Reader {
  #offset = 0;
  #ok = true;
  readonly #bytes: Bytes;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  get ok(): boolean {
    return this.#ok;
  }
  /** Everything was read, and nothing was missing. */
  get done(): boolean {
    return this.#ok && this.#offset === this.#bytes.length;
  }
  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  u8(): number {
    return this.#integer(1);
  }
  u16(): number {
    return this.#integer(2);
  }
  u32(): number {
    return this.#integer(4);
  }
  u64(): number {
    return this.#integer(8);
  }
  /** A view of the next bytes, not a copy. */
  bytes(length: number): Bytes {
    if (length > this.remaining) {
      this.#ok = false;
      return new Uint8Array(0);
    }
    const view = this.#bytes.subarray(this.#offset, this.#offset + length);
    this.#offset += length;
    return view;
  }
  lv(): Bytes {
    return this.bytes(this.u16());
  }
  rest(): Bytes {
    return this.bytes(this.remaining);
  }

  #integer(size: number): number {
    if (size > this.remaining) {
      this.#ok = false;
      return 0;
    }
    let value = 0;
    for (const end = this.#offset + size; this.#offset < end; this.#offset++)
      value = value * 256 + (this.#bytes[this.#offset] ?? 0);
    if (value > Number.MAX_SAFE_INTEGER) this.#ok = false;
    return this.#ok ? value : 0;
  }
}
