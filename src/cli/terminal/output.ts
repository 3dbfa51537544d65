import type { Writable } from 'node:stream';
import type { PublicJson } from '../../api/to-json/index.ts';
import { systemReason, toJsonLine, toSafeLine, toSafeText, type Failure } from '../../base/index.ts';
import { Stopped } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { Pager } from './pager.ts';
import type { CliStdio } from './stdio.ts';

export type Style = 'plain' | 'dim' | 'good' | 'bad' | 'loud';

const SGR: Readonly<Record<Style, string>> = { plain: '', dim: '2', good: '32', bad: '31', loud: '1;31' };

/** As every character that is not shown as itself. */
const LINE_FEED = toSafeLine('\n');

/** Nobody reads any more: the pipe's reader left, or the terminal hung up. */
const GONE: ReadonlySet<string> = new Set(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED']);

/**
 * Where all output of the command line passes. It cleans every line itself (`SafeText`), so that no caller can forget it,
 * and colours after cleaning. A reader that went away (EPIPE) ends the output quietly; a disk that is full is a `fault`.
 */
export class Output {
  /** Escape sequences may be written: set once the flags are known. */
  plain = false;
  readonly #stdio: CliStdio;
  readonly #noColour: boolean;
  readonly #closed: AbortController = new AbortController();
  #fault: Failure | undefined;
  #openPager: (() => Pager) | undefined;
  #pager: Pager | undefined;
  /** What would be written over what the pager shows. */
  #held: string[] = [];

  constructor(stdio: CliStdio, env: Readonly<Record<string, string | undefined>>) {
    this.#stdio = stdio;
    this.#noColour = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
    stdio.stdout.on('error', this.#onError);
    // Where even that cannot be said, the exit code alone tells; what the command was run for goes on.
    stdio.stderr.on('error', () => undefined);
  }

  /** Why stdout has not taken everything, when it is not that its reader has left. */
  get fault(): Failure | undefined {
    return this.#fault;
  }
  /** Aborts when nobody reads stdout any more, or it takes nothing. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }
  /** What the command was run for: a line on stdout. */
  data(line: string, style: Style = 'plain'): void {
    if (!this.#closed.signal.aborted) this.#sink().write(`${this.paint(line, style, 'stdout')}\n`);
  }
  /** A whole text on stdout. */
  text(text: string): void {
    if (!this.#closed.signal.aborted) this.#sink().write(toSafeText(text));
  }
  /** Everything else: a line on stderr; while a pager has the terminal, when it has ended. */
  note(line: string, style: Style = 'plain'): void {
    const painted = `${this.paint(line, style)}\n`;
    if (this.#pager && this.#stdio.stderr.isTTY === true) this.#held.push(painted);
    else this.#stdio.stderr.write(painted);
  }
  /** From the first line on, a pager shows what is written to stdout. */
  page(open: () => Pager): void {
    if (!this.#pager) this.#openPager = open;
  }
  /**
   * Nothing more comes: resolves when the person has left the pager, or a signal but Ctrl-C (which is the pager’s) ends it; then with
   * the exit code of that.
   */
  async pagerEnded(signal: AbortSignal): Promise<ExitCode | undefined> {
    const pager = this.#pager;
    if (!pager) return undefined;
    let ended: ExitCode | undefined;
    const stop = (): void => {
      const { reason } = signal as { readonly reason: unknown };
      if (!(reason instanceof Stopped) || reason.exitCode === EXIT.interrupted) return;
      ended = reason.exitCode;
      pager.stop();
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    pager.input.end();
    const exit = await pager.ended;
    signal.removeEventListener('abort', stop);
    this.#pager = undefined;
    if (exit === 126 || exit === 127) this.#fault ??= NO_PAGER;
    for (const line of this.#held.splice(0)) this.#stdio.stderr.write(line);
    return ended;
  }
  /** One object of docs/json.md, one line, on stdout; what a terminal would obey is escaped. */
  json(value: PublicJson): void {
    if (!this.#closed.signal.aborted) this.#stdio.stdout.write(`${toJsonLine(value)}\n`);
  }
  /** `sotto: what happened [code]`, the hint on a line of its own. */
  failure(failure: Failure): void {
    this.note(`sotto: ${failure.message} [${failure.code}]`, 'bad');
    if (failure.hint !== undefined) this.note(`  ${failure.hint}`);
  }
  /** A question without a line end. Only for a person at a terminal. */
  question(text: string): void {
    this.#stdio.stderr.write(toSafeText(text));
  }
  /**
   * Resolves when everything that was written to stdout has left the program: a reader that is slow slows down what is shown,
   * and memory stays as it is. False when nobody reads any more: then what was written last may have been seen by nobody.
   */
  async drained(): Promise<boolean> {
    if (this.closed.aborted) return false;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        this.closed.removeEventListener('abort', finish);
        resolve();
      };
      this.closed.addEventListener('abort', finish);
      // It leaves after all that came before it, and fails as that did; the error itself is heard of as an event.
      this.#sink().write('', (error) => {
        if (error) this.#closed.abort();
        finish();
      });
    });
    return !this.closed.aborted;
  }
  clean(text: string): string {
    return toSafeText(text);
  }
  /** One line, whatever is in it: cleans, then colours where colours are wanted. */
  paint(line: string, style: Style, stream: 'stdout' | 'stderr' = 'stderr'): string {
    // What somebody else wrote, and a mistake names, shall not look like a line of ours.
    const safe = toSafeText(line).replaceAll('\n', LINE_FEED);
    const colours = !this.plain && !this.#noColour && this.#stdio[stream].isTTY === true;
    return colours && SGR[style] !== '' ? `\u001b[${SGR[style]}m${safe}\u001b[0m` : safe;
  }

  #sink(): Writable {
    const open = this.#openPager;
    this.#openPager = undefined;
    if (open) {
      this.#pager = open();
      this.#pager.input.on('error', this.#onError);
    }
    return this.#pager?.input ?? this.#stdio.stdout;
  }
  readonly #onError = (error: NodeJS.ErrnoException): void => {
    if (!isGone(error)) this.#fault ??= unwritable(error);
    this.#closed.abort();
  };
}

const NO_PAGER: Failure = {
  code: 'output-unwritable',
  message: 'the pager cannot be run',
  hint: 'SOTTO_PAGER, the setting “pager” or PAGER names it. --no-pager shows the output without one.',
};

function unwritable(error: Error): Failure {
  return {
    code: 'output-unwritable',
    message: `the output cannot be written: ${systemReason(error)}`,
    hint: 'Only the output is lost: what was delivered, kept or changed stays so.',
  };
}

function isGone(error: NodeJS.ErrnoException | null | undefined): boolean {
  return GONE.has(error?.code ?? '');
}
