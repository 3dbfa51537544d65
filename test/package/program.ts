import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { COMPILE_CACHE } from '../compile-cache.ts';
import { until } from '../net/until.ts';

/** A process that outlives its test by accident ends by itself. */
const LIFE_MAX_MS = 100_000;

/** A program of somebody who has installed the package: of it or written with it. */
export class Program implements AsyncDisposable {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<[number | null]>;

  constructor(folder: string, words: readonly string[], env: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, words, {
      cwd: folder,
      env: { HOME: folder, NO_COLOR: '1', ...COMPILE_CACHE, ...env },
      timeout: LIFE_MAX_MS,
      killSignal: 'SIGKILL',
    });
    this.#ended = once(this.#child, 'close') as Promise<[number | null]>;
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.#child.stdin.on('error', () => undefined);
  }

  get stdin(): ChildProcessWithoutNullStreams['stdin'] {
    return this.#child.stdin;
  }
  get lines(): readonly string[] {
    return this.stdout.split('\n').slice(0, -1);
  }
  async says(text: string): Promise<void> {
    await until(
      () => `“${text}” among: ${this.stdout}${this.stderr}`,
      () => `${this.stdout}${this.stderr}`.includes(text),
    );
  }
  async end(): Promise<{ readonly exit: number | null; readonly stdout: string; readonly stderr: string }> {
    const [exit] = await this.#ended;
    return { exit, stdout: this.stdout, stderr: this.stderr };
  }
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
