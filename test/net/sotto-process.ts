import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { COMPILE_CACHE } from '../compile-cache.ts';
import type { Town } from './town.ts';
import { until } from './until.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
/** A process that outlives its test by accident ends by itself. */
const LIFE_MAX_MS = 150_000;

/** The program itself, as a person or a script starts it. */
export class SottoProcess implements AsyncDisposable {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<[number | null]>;

  constructor(args: readonly string[], home: string, nodeFlags: readonly string[] = []) {
    this.#child = spawn(process.execPath, [...nodeFlags, MAIN, ...args], {
      env: { HOME: home, NO_COLOR: '1', ...COMPILE_CACHE },
      timeout: LIFE_MAX_MS,
      killSignal: 'SIGKILL',
    });
    this.#ended = once(this.#child, 'close') as Promise<[number | null]>;
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.#child.stdin.on('error', () => undefined);
  }

  /** How many files it has open, and the most that it may have from now on (Linux). */
  get openFiles(): number {
    return readdirSync(`/proc/${this.#child.pid}/fd`).length;
  }
  limitFiles(most: number): void {
    execFileSync('prlimit', ['--pid', String(this.#child.pid), `--nofile=${most}`]);
  }
  type(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }
  endInput(): void {
    this.#child.stdin.end();
  }
  async says(text: string, where: 'stdout' | 'stderr' = 'stderr', withinMs?: number): Promise<void> {
    await until(`“${text}” on ${where}`, () => this[where].includes(text), withinMs);
  }
  async exitCode(): Promise<number | null> {
    return (await this.#ended)[0];
  }
  /** Ctrl-C. */
  interrupt(): void {
    this.#child.kill('SIGINT');
  }
  terminate(): void {
    this.#child.kill('SIGTERM');
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

/** `sotto COMMAND …` as one person of the town. */
export function startSotto(
  town: Town,
  name: string,
  words: readonly string[],
  nodeFlags: readonly string[] = [],
): SottoProcess {
  const flags = ['--port', String(town.port(name)), '--directory', town.path(name), '--as', name];
  return new SottoProcess([...words, ...flags, '--home', town.home(name)], town.folder, nodeFlags);
}

/** `sotto listen` or, without a command, the loop; resolves once it listens. */
export async function startListening(
  town: Town,
  name: string,
  words: readonly string[] = ['listen', '--json'],
): Promise<SottoProcess> {
  const started = startSotto(town, name, [...words, '--bind', '127.0.0.1']);
  await started.says('listening on');
  return started;
}
