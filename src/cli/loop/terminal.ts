import { StringDecoder } from 'node:string_decoder';
import type { CliStdio } from '../terminal/stdio.ts';
import type { EditorView } from './editor.ts';
import { KeyDecoder, type Key } from './keys.ts';

const PASTE_MARKS_ON = '\u001b[?2004h';
const PASTE_MARKS_OFF = '\u001b[?2004l';
const BELL = '\u0007';
const ERASE_BELOW = '\u001b[J';

/**
 * The terminal in raw mode: keys come in, one row is kept at the bottom, lines are printed above it. Whatever happens, `stop`
 * gives the terminal back as it was; it also runs when the process exits.
 */
export class Terminal {
  readonly #stdio: CliStdio;
  readonly #decoder: KeyDecoder = new KeyDecoder();
  readonly #utf8: StringDecoder = new StringDecoder('utf8');
  readonly #onKeys: (keys: readonly Key[]) => void;
  readonly #onResize: () => void;
  readonly #onHangup: () => void;
  #drawnCursor = 0;
  #view: EditorView = { row: '', cursorColumn: 0 };
  #started = false;

  constructor(
    stdio: CliStdio,
    handlers: {
      readonly onKeys: (keys: readonly Key[]) => void;
      readonly onResize: () => void;
      /** There is no end of input in raw mode, but that the terminal is gone. */
      readonly onHangup: () => void;
    },
  ) {
    this.#stdio = stdio;
    this.#onKeys = handlers.onKeys;
    this.#onResize = handlers.onResize;
    this.#onHangup = handlers.onHangup;
  }

  get columns(): number {
    // A terminal whose size nobody has set says 0.
    return this.#stdio.stdout.columns || 80;
  }

  start(): void {
    const { stdin, stdout } = this.#stdio;
    this.#started = true;
    process.on('exit', this.#restore);
    process.on('SIGCONT', this.#resume);
    stdin.setRawMode?.(true);
    stdin.on('data', this.#onData).on('end', this.#onEnd);
    stdin.resume();
    stdout.on('resize', this.#onResize);
    stdout.write(PASTE_MARKS_ON);
  }

  /** Idempotent. The row being typed disappears. */
  stop(): void {
    if (!this.#started) return;
    const { stdin, stdout } = this.#stdio;
    stdin.off('data', this.#onData).off('end', this.#onEnd);
    stdout.off('resize', this.#onResize);
    process.off('exit', this.#restore);
    process.off('SIGCONT', this.#resume);
    this.#restore();
    stdin.pause();
  }

  /** Ctrl-Z: gives the terminal to the shell until SIGCONT. */
  suspend(): void {
    this.#stdio.stdout.write(`${this.#erased()}${PASTE_MARKS_OFF}`);
    this.#stdio.stdin.setRawMode?.(false);
    process.kill(process.pid, 'SIGTSTP');
    // Continued, or never stopped: a process group without a shell that could continue it ignores the signal.
    this.#resume();
  }

  /** Shows the row again, changed. */
  draw(view: EditorView): void {
    this.#view = view;
    if (this.#started) this.#stdio.stdout.write(this.#erased() + this.#drawn());
  }

  /** Lines that are clean and narrow enough already go above the row. */
  print(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}\r\n`).join('');
    if (this.#started) this.#stdio.stdout.write(this.#erased() + text + this.#drawn());
    else this.#stdio.stdout.write(text.replaceAll('\r\n', '\n'));
  }

  bell(): void {
    if (this.#started) this.#stdio.stdout.write(BELL);
  }

  /** After a resize the old row may fill several: go up as many as the cursor came down. */
  #erased(): string {
    const rowsUp = Math.floor(this.#drawnCursor / this.columns);
    return `${rowsUp > 0 ? `\u001b[${rowsUp}A` : ''}\r${ERASE_BELOW}`;
  }

  #drawn(): string {
    const { row, cursorColumn } = this.#view;
    this.#drawnCursor = cursorColumn;
    return `${row}\r${cursorColumn > 0 ? `\u001b[${cursorColumn}C` : ''}`;
  }

  readonly #onData = (chunk: Buffer | string): void => {
    this.#onKeys(this.#decoder.decode(typeof chunk === 'string' ? chunk : this.#utf8.write(chunk)));
  };
  readonly #onEnd = (): void => this.#onHangup();

  readonly #resume = (): void => {
    // The shell that had the terminal meanwhile left it in its own mode.
    this.#stdio.stdin.setRawMode?.(false);
    this.#stdio.stdin.setRawMode?.(true);
    this.#stdio.stdout.write(PASTE_MARKS_ON + this.#erased() + this.#drawn());
  };

  readonly #restore = (): void => {
    if (!this.#started) return;
    this.#started = false;
    this.#stdio.stdout.write(`${this.#erased()}${PASTE_MARKS_OFF}`);
    try {
      this.#stdio.stdin.setRawMode?.(false);
    } catch {
      // It was hung up: there is nothing to give back.
    }
  };
}
