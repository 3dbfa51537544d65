import { CodedError, decodeUtf8 } from '../../base/index.ts';
import { unreadable } from './read-text.ts';
import { usageError } from '../report-error.ts';
import type { CliInput } from './stdio.ts';

/** A message is at most 32 KiB; a line that is longer than any message with its names is refused, not collected. */
const LINE_BYTES_MAX = 256 * 1024;

/** stdin, line by line, read only while somebody waits. Made for one reader at a time. */
export class LineReader {
  readonly #stdin: CliInput;
  #rest: Uint8Array = new Uint8Array(0);
  #ended = false;
  #wake: (() => void) | undefined;
  #failure: unknown;

  constructor(stdin: CliInput) {
    this.#stdin = stdin;
  }

  /** The next line without its end, or undefined at the end of input. Rejects with `usage` when it is not UTF-8, or file-unusable. */
  async next(signal: AbortSignal): Promise<string | undefined> {
    for (;;) {
      signal.throwIfAborted();
      const line = this.#takeLine();
      if (line !== undefined) return line;
      if (this.#ended) return undefined;
      await this.#more(signal);
    }
  }

  #takeLine(): string | undefined {
    const end = this.#rest.indexOf(0x0a);
    if (end < 0 && this.#rest.length > LINE_BYTES_MAX)
      throw new CodedError({
        code: 'message-too-long',
        message: 'a line of the input is longer than 256 KiB',
      });
    if (end < 0 && !(this.#ended && this.#rest.length > 0)) return undefined;
    const bytes = end < 0 ? this.#rest : this.#rest.subarray(0, end);
    this.#rest = end < 0 ? new Uint8Array(0) : this.#rest.subarray(end + 1);
    const line = decodeUtf8(bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes);
    if (line === undefined) throw usageError('a line of the input is not valid UTF-8');
    return line;
  }

  /** Waits for one chunk, the end or an abort, and leaves no listener behind. */
  async #more(signal: AbortSignal): Promise<void> {
    const wake = (): void => this.#wake?.();
    const onEnd = (): void => {
      this.#ended = true;
      wake();
    };
    const onError = (error: unknown): void => {
      this.#failure = error;
      onEnd();
    };
    const onData = (chunk: Uint8Array | string): void => {
      this.#rest = Buffer.concat([this.#rest, typeof chunk === 'string' ? Buffer.from(chunk) : chunk]);
      wake();
    };
    if (this.#stdin.readableEnded || this.#stdin.destroyed) return onEnd();
    this.#stdin.on('data', onData).once('end', onEnd).once('close', onEnd).once('error', onError);
    signal.addEventListener('abort', wake, { once: true });
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#stdin.resume();
    });
    this.#stdin.pause();
    this.#stdin.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onError);
    signal.removeEventListener('abort', wake);
    if (this.#failure !== undefined) throw unreadable(this.#failure);
  }
}
