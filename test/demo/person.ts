import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { COMPILE_CACHE } from '../compile-cache.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
/** What has not happened by then does not happen. */
const DEADLINE_MS = 60_000;
const TRACE_PREFIX = 'trace envelope: ';

/** What was to happen and did not, with what was seen instead. */
export class DidNotHappen extends Error {}

export interface Ended {
  readonly exitCode: number | null;
  /** stdout and stderr, in the order in which they came. */
  readonly lines: readonly string[];
}

/** One user of this machine: a home, a port, and the real program to run. */
export class Person {
  readonly name: string;
  readonly port: number;
  readonly home: string;
  readonly #tell: (line: string) => void;
  readonly #running = new Set<Program>();

  constructor(name: string, port: number, folder: string, tell: (line: string) => void) {
    this.name = name;
    this.port = port;
    this.home = join(folder, name);
    mkdirSync(this.home);
    this.#tell = tell;
  }

  /** The folder with the key and the pins: what a person loses with a disk. */
  get dataFolder(): string {
    return join(this.home, 'data');
  }

  /** A command from start to end; its output is told. */
  async runs(args: readonly string[], options: { readonly stdin?: string } = {}): Promise<Ended> {
    this.#tell(`${this.name} runs: sotto ${args.map((arg) => shellWord(arg)).join(' ')}`);
    const program = this.#start(args);
    program.type(options.stdin ?? '');
    const ended = await program.ends();
    for (const line of ended.lines) this.#tell(`  ${line}`);
    return ended;
  }

  /** The loop, until its input ends; or another command that listens. */
  async starts(args: readonly string[] = []): Promise<Program> {
    const program = this.#start(args);
    this.#tell(`${this.name} runs: ${['sotto', ...args].join(' ')}`);
    await program.sees(new RegExp(`^${this.name} is listening`));
    return program;
  }

  /** Ends what still runs, by its own process id. */
  async leaves(): Promise<void> {
    for (const program of this.#running) await program.kill();
  }

  #start(args: readonly string[]): Program {
    const env = {
      HOME: this.home,
      XDG_CONFIG_HOME: join(this.home, 'config'),
      XDG_DATA_HOME: this.dataFolder,
      SOTTO_PORT: String(this.port),
      SOTTO_BIND: '127.0.0.1',
      SOTTO_TRACE: 'envelope',
      NO_COLOR: '1',
      ...COMPILE_CACHE,
    };
    const program = new Program(this.name, spawn(process.execPath, [MAIN, ...args], { env }), this.#tell);
    this.#running.add(program);
    return program;
  }
}

/** One process: lines go in, and what it prints is waited for. */
export class Program {
  /** Every envelope that it has sealed. */
  readonly envelopes: string[] = [];
  readonly #name: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #tell: (line: string) => void;
  readonly #lines: string[] = [];
  readonly #told = new Set<number>();
  readonly #ended: Promise<number | null>;
  #wake: () => void = () => undefined;

  constructor(name: string, child: ChildProcessWithoutNullStreams, tell: (line: string) => void) {
    this.#name = name;
    this.#child = child;
    this.#tell = tell;
    this.#ended = new Promise((resolve, reject) => {
      child.on('close', resolve);
      child.on('error', reject);
    });
    // A program that has ended takes no more input; that it ended is seen elsewhere.
    child.stdin.on('error', () => undefined);
    for (const stream of [child.stdout, child.stderr]) this.#read(stream);
  }

  types(line: string): void {
    this.#tell(`${this.#name} types: ${line}`);
    this.type(`${line}\n`);
  }
  type(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Resolves to the match of the first such line that nobody has asked for yet, and tells it. */
  async sees(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      const index = this.#lines.findIndex((line, i) => !this.#told.has(i) && pattern.test(line));
      const match = pattern.exec(this.#lines[index] ?? '');
      if (match) {
        this.#told.add(index);
        this.#tell(`${this.#name} sees:  ${match.input}`);
        return match;
      }
      await this.#more(deadline, `${this.#name} to see ${String(pattern)}`);
    }
  }

  /** Ends the input and resolves when the program has ended by itself. */
  async ends(): Promise<Ended> {
    this.#child.stdin.end();
    const timer = setTimeout(() => void this.kill(), DEADLINE_MS);
    const exitCode = await this.#ended;
    clearTimeout(timer);
    if (this.#child.signalCode !== null) throw this.#didNotHappen(`${this.#name}’s program to end`);
    return { exitCode, lines: this.#lines };
  }

  /** As a reader in a pipe that has had enough. */
  closeOutput(): void {
    this.#child.stdout.destroy();
  }
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  #read(stream: Readable): void {
    createInterface({ input: stream }).on('line', (line) => {
      if (line.startsWith(TRACE_PREFIX)) this.envelopes.push(line.slice(TRACE_PREFIX.length));
      else this.#lines.push(line);
      this.#wake();
    });
  }

  async #more(deadline: number, what: string): Promise<void> {
    const left = deadline - performance.now();
    if (left <= 0 || this.#child.exitCode !== null) throw this.#didNotHappen(what);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, left);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #didNotHappen(what: string): DidNotHappen {
    const seen = this.#lines.map((line) => `  | ${line}`).join('\n');
    return new DidNotHappen(`waited for ${what}; its program had printed:\n${seen}`);
  }
}

function shellWord(word: string): string {
  return /^[\w.:@/+-]+$/.test(word) ? word : `'${word}'`;
}
