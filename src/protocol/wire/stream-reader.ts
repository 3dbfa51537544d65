import { failure, type Bytes, type Failure } from '../../base/index.ts';
import { FRAME_HEADER_LENGTH } from './frame.ts';

/** A whole frame, not yet one, or what is wrong with the stream. */
export type FrameResult =
  | { readonly type: 'frame'; readonly body: Bytes }
  | { readonly type: 'incomplete' }
  | { readonly type: 'failed'; readonly failure: Failure };

/**
 * Cuts a byte stream into the preface and frames (spec/01), however the stream was chunked.
 *
 * Memory follows the bytes that arrived, never the length that was announced. A chunk that finds the reader empty is
 * borrowed, so frames inside it are views and cost no copy; else it is appended to an owned buffer that doubles, so
 * that every byte is copied a bounded number of times even when they come one by one. Bytes that were handed out
 * are never written again: views stay true as long as the pushed chunks are left alone.
 */
export class StreamReader {
  #buffer: Bytes = new Uint8Array(0);
  #isOwned = false;
  #start = 0;
  #end = 0;

  get bufferedBytes(): number {
    return this.#end - this.#start;
  }

  /** A frame was begun and is not complete. Before the preface is taken: something arrived. */
  get isMidFrame(): boolean {
    let offset = this.#start;
    while (this.#end - offset >= FRAME_HEADER_LENGTH) offset += FRAME_HEADER_LENGTH + this.#announced(offset);
    return offset !== this.#end;
  }

  /** The chunk belongs to the reader from here on: the caller must not write to it again. */
  push(chunk: Bytes): void {
    if (this.bufferedBytes === 0) {
      this.#buffer = chunk;
      this.#isOwned = false;
      this.#start = 0;
      this.#end = chunk.length;
      return;
    }
    this.#makeRoom(chunk.length);
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** The next `length` raw bytes (the preface), or undefined while they are incomplete. */
  take(length: number): Bytes | undefined {
    if (this.bufferedBytes < length) return undefined;
    const bytes = this.peek(length);
    this.#start += length;
    return bytes;
  }

  /** What is buffered, at most `length` bytes, without consuming it. */
  peek(length: number): Bytes {
    return this.#buffer.subarray(this.#start, Math.min(this.#start + length, this.#end));
  }

  /**
   * The next frame. `exactLength` is the only length that a handshake frame may announce: another fails with
   * `frame-length` before its body arrives; 0 fails with `frame-empty`. A failure is final: asking again gives the same.
   */
  nextFrame(exactLength?: number): FrameResult {
    if (this.bufferedBytes < FRAME_HEADER_LENGTH) return { type: 'incomplete' };
    const length = this.#announced(this.#start);
    if (length === 0) return failed('frame-empty', 'a frame announces no bytes');
    if (exactLength !== undefined && length !== exactLength) {
      return failed('frame-length', `the frame announces ${length} bytes instead of ${exactLength}`);
    }
    const frame = this.take(FRAME_HEADER_LENGTH + length);
    return frame === undefined
      ? { type: 'incomplete' }
      : { type: 'frame', body: frame.subarray(FRAME_HEADER_LENGTH) };
  }

  #announced(offset: number): number {
    return ((this.#buffer[offset] ?? 0) << 8) | (this.#buffer[offset + 1] ?? 0);
  }

  #makeRoom(length: number): void {
    if (this.#isOwned && this.#buffer.length - this.#end >= length) return;
    const unread = this.bufferedBytes;
    const grown = new Uint8Array(unread + Math.max(unread, length));
    grown.set(this.peek(unread));
    this.#buffer = grown;
    this.#isOwned = true;
    this.#start = 0;
    this.#end = unread;
  }
}

function failed(code: 'frame-empty' | 'frame-length', message: string): FrameResult {
  return { type: 'failed', failure: failure(code, message).failure };
}
