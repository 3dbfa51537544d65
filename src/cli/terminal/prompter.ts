import { StringDecoder } from 'node:string_decoder';
import { Stopped } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { LineReader } from './line-reader.ts';
import type { Output } from './output.ts';
import { toFailure, usageError } from '../report-error.ts';
import type { CliInput, CliStdio } from './stdio.ts';

export interface Question {
  /** Shown in brackets; Enter takes it. */
  readonly fallback?: string;
  /** Returns the value to use, or throws an error whose message is shown before asking again. */
  readonly check?: (answer: string) => string;
}

/**
 * Questions to a person, one line each, on stderr, without any escape sequence: the terminal's own line editing does the
 * rest. Where nobody can answer, every question rejects with `usage`; ask `canAsk` first and name the flag instead.
 */
export class Prompter {
  readonly lines: LineReader;
  readonly #stdio: CliStdio;
  readonly #output: Output;
  readonly #signal: AbortSignal;

  constructor(stdio: CliStdio, output: Output, signal: AbortSignal) {
    this.#stdio = stdio;
    this.#output = output;
    this.#signal = signal;
    this.lines = new LineReader(stdio.stdin);
  }

  get canAsk(): boolean {
    return this.#stdio.stdin.isTTY === true && this.#stdio.stderr.isTTY === true;
  }

  /** One line, trimmed. Asks again until there is an answer that passes `check`. */
  async ask(question: string, options: Question = {}): Promise<string> {
    const { fallback, check = (answer) => answer } = options;
    for (;;) {
      const typed = await this.#askOnce(
        fallback === undefined ? `${question}: ` : `${question} [${fallback}]: `,
      );
      const answer = typed.trim() === '' ? (fallback ?? '') : typed.trim();
      if (answer === '') continue;
      try {
        return check(answer);
      } catch (error) {
        this.#output.failure(toFailure(error));
      }
    }
  }

  async confirm(question: string, fallback: boolean): Promise<boolean> {
    for (;;) {
      const answer = (await this.#askOnce(`${question} ${fallback ? '[Y/n]' : '[y/N]'} `))
        .trim()
        .toLowerCase();
      if (answer === '') return fallback;
      if (['y', 'yes'].includes(answer)) return true;
      if (['n', 'no'].includes(answer)) return false;
    }
  }

  /** The chosen text; answers by its number or by itself. */
  async choose(question: string, choices: readonly string[]): Promise<string> {
    choices.forEach((choice, i) => this.#output.note(`  ${i + 1}. ${choice}`));
    return this.ask(`${question} (1-${choices.length})`, {
      check: (answer) => {
        const choice = choices.includes(answer) ? answer : choices[Number(answer) - 1];
        if (choice === undefined) throw usageError(`there is no choice “${answer}”`);
        return choice;
      },
    });
  }

  /** A line that is not shown while it is typed, exactly as typed; may be empty. */
  async secret(question: string): Promise<string> {
    this.#mustAsk(question);
    const { stdin } = this.#stdio;
    try {
      // Before the question is seen: who answers at once shall not be shown either.
      stdin.setRawMode?.(true);
      this.#output.question(`${question}: `);
      return await this.#readHidden();
    } finally {
      giveBack(stdin);
      this.#output.note('');
    }
  }

  async #askOnce(question: string): Promise<string> {
    this.#mustAsk(question);
    this.#output.question(question);
    const line = await this.lines.next(this.#signal);
    if (line !== undefined) return line;
    // Ctrl-D at a question: there is nothing to go on with.
    this.#output.note('');
    throw new Stopped(EXIT.interrupted);
  }

  #mustAsk(question: string): void {
    if (!this.canAsk) throw usageError(`cannot ask “${question.trim()}” without a terminal`);
  }

  async #readHidden(): Promise<string> {
    const decoder = new StringDecoder('utf8');
    const { stdin } = this.#stdio;
    const signal = this.#signal;
    return new Promise<string>((resolve, reject) => {
      let typed: readonly string[] = [];
      const settle = (act: () => void): void => {
        stdin.off('data', onData).off('end', onEnd).off('error', onEnd);
        signal.removeEventListener('abort', onAbort);
        act();
      };
      const onAbort = (): void => settle(() => reject(signal.reason as Error));
      const onEnd = (): void => settle(() => reject(new Stopped(EXIT.interrupted)));
      const onData = (chunk: Buffer): void => {
        for (const char of decoder.write(chunk)) {
          if (char === '\r' || char === '\n') return settle(() => resolve(typed.join('')));
          if (char === '\u0003' || char === '\u0004') return onEnd();
          if (char === '\u007f' || char === '\b') typed = typed.slice(0, -1);
          else if (char === '\u0015') typed = [];
          else typed = [...typed, char];
        }
      };
      stdin.on('data', onData).once('end', onEnd).once('error', onEnd);
      signal.addEventListener('abort', onAbort, { once: true });
      stdin.resume();
    });
  }
}

function giveBack(stdin: CliInput): void {
  stdin.pause();
  try {
    stdin.setRawMode?.(false);
  } catch {
    // It was hung up: there is nothing to give back.
  }
}
