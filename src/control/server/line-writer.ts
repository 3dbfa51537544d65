import { encodeUtf8, type Bytes } from '../../base/index.ts';
import type { ChannelOutput } from '../channel.ts';
import { UNREAD_BYTES_MAX, UNREAD_PATIENCE_MS, WRITE_BYTES_MAX } from '../limits.ts';

/**
 * What nobody reads as plain text: controls, formats, and what stands for no character; a line of JSON may be looked at in a terminal.
 * The reader gets the very characters back.
 */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** Writes lines at the pace of their reader, and gives up on one that does not read. */
export class LineWriter {
  readonly #output: ChannelOutput;
  readonly #onBroken: () => void;
  readonly #onChange: () => void;
  #waiting: Bytes[] = [];
  #underWay = 0;
  #length = 0;
  #patience: NodeJS.Timeout | undefined;
  #isBroken = false;
  #isEnding = false;
  /** Who waits, and for how few bytes. */
  readonly #asking = new Set<{ readonly below: number; readonly resolve: () => void }>();

  /** `onBroken`: once, when the reader has left or does not read. `onChange`: `length` is another one. */
  constructor(
    output: ChannelOutput,
    { onBroken, onChange }: { readonly onBroken: () => void; readonly onChange: () => void },
  ) {
    this.#output = output;
    this.#onBroken = onBroken;
    this.#onChange = onChange;
  }

  /** Bytes that were said and have not left. */
  get length(): number {
    return this.#length;
  }
  say(json: string): void {
    if (this.#isBroken) return;
    const line = encodeUtf8(`${json.replaceAll(UNSAFE, escape)}\n`);
    this.#length += line.length;
    for (let from = 0; from < line.length; from += WRITE_BYTES_MAX)
      this.#waiting.push(line.subarray(from, from + WRITE_BYTES_MAX));
    this.#write();
    this.#onChange();
  }
  /** Resolves when there is room for more, or nobody reads any longer. */
  async room(): Promise<void> {
    return this.#until(UNREAD_BYTES_MAX);
  }
  /** Nothing more will be said. Resolves when everything has left, or nobody reads any longer. */
  async left(): Promise<void> {
    this.#isEnding = true;
    this.#watch();
    return this.#until(1);
  }
  /** Nothing more is written. */
  stop(): void {
    this.#isBroken = true;
    this.#waiting = [];
    this.#length = 0;
    clearTimeout(this.#patience);
    this.#tell();
  }

  async #until(below: number): Promise<void> {
    if (this.#isBroken || this.#length < below) return;
    await new Promise<void>((resolve) => this.#asking.add({ below, resolve }));
  }

  #write(): void {
    while (this.#underWay < WRITE_BYTES_MAX) {
      const piece = this.#waiting.shift();
      if (!piece) break;
      this.#underWay += piece.length;
      this.#output.write(piece, (error) => this.#written(piece.length, error));
    }
    this.#watch();
  }

  /** Whoever has little to read may take its time, as long as it is not waited for. */
  #watch(): void {
    const isLate = this.#isEnding ? this.#length > 0 : this.#length >= UNREAD_BYTES_MAX;
    if (isLate && !this.#isBroken)
      this.#patience ??= setTimeout(() => this.#break(), UNREAD_PATIENCE_MS).unref();
    else {
      clearTimeout(this.#patience);
      this.#patience = undefined;
    }
  }

  #written(bytes: number, error?: Error | null): void {
    if (this.#isBroken) return;
    if (error) return this.#break();
    this.#underWay -= bytes;
    this.#length -= bytes;
    // It reads: it is given as much time again for the rest.
    this.#patience?.refresh();
    this.#write();
    this.#tell();
    this.#onChange();
  }

  #break(): void {
    if (this.#isBroken) return;
    this.stop();
    this.#onBroken();
  }
  #tell(): void {
    for (const asking of this.#asking) {
      if (!this.#isBroken && this.#length >= asking.below) continue;
      this.#asking.delete(asking);
      asking.resolve();
    }
  }
}

function escape(char: string): string {
  let escaped = '';
  for (let i = 0; i < char.length; i++) escaped += `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return escaped;
}
