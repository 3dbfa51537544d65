import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { COMPILE_CACHE } from '../compile-cache.ts';
import { until } from '../net/until.ts';
import type { Order, PersonOptions, Report } from './lines.ts';
import { tracerOf } from './strace.ts';

/** A program that outlives its test by accident ends by itself. */
const LIFE_MAX_MS = 600_000;
const REAP_MS = 2_000;

export type Kind = 'person' | 'toy-person';

/** One life of a program: from its start until it is killed, quits or fails. */
export class Program implements AsyncDisposable {
  readonly name: string;
  readonly reports: Report[] = [];
  stderr = '';
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #closed: Promise<unknown>;
  #rest = '';
  #isClosed = false;
  #pid: number | undefined;

  constructor(
    kind: Kind,
    options: PersonOptions,
    how: {
      /** For whatever a program puts into a home directory. */
      readonly folder: string;
      readonly take: (report: Report) => void;
      /** What runs it: strace, faketime. */
      readonly wrapper?: readonly string[] | undefined;
    },
  ) {
    this.name = options.name;
    const words = [
      ...(how.wrapper ?? []),
      process.execPath,
      join(import.meta.dirname, `${kind}.ts`),
      JSON.stringify(options),
    ];
    this.#child = spawn(words[0] ?? '', words.slice(1), {
      env: { PATH: process.env['PATH'] ?? '', HOME: how.folder, ...COMPILE_CACHE },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: LIFE_MAX_MS,
      killSignal: 'SIGKILL',
    });
    this.#child.stdin.on('error', () => undefined);
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => this.#read(text, how.take));
    this.#closed = once(this.#child, 'close').then(() => (this.#isClosed = true));
  }

  /** Its own process id, also beneath a wrapper; undefined before it is ready. */
  get pid(): number | undefined {
    return this.#pid;
  }
  get isReady(): boolean {
    return this.#pid !== undefined && !this.#isClosed;
  }
  get isClosed(): boolean {
    return this.#isClosed;
  }
  tell(order: Order): void {
    if (!this.#isClosed) this.#child.stdin.write(`${JSON.stringify(order)}\n`);
  }
  /** Resolves once it is ready, or has ended without having been. */
  async ready(withinMs?: number): Promise<boolean> {
    await until(`${this.name} is ready: ${this.stderr}`, () => this.isReady || this.#isClosed, withinMs);
    return this.isReady;
  }
  /** The next report of a kind that is an answer. */
  async ask<Type extends 'outbox' | 'history' | 'memory'>(
    type: Type,
    withinMs?: number,
  ): Promise<Extract<Report, { type: Type }>> {
    const seen = this.reports.length;
    this.tell({ type });
    return until(
      `${this.name} answers ${type} ${this.stderr}`,
      () => {
        if (this.#isClosed) throw new Error(`${this.name} ended: ${this.stderr}`);
        return this.reports
          .slice(seen)
          .find((report): report is Extract<Report, { type: Type }> => report.type === type);
      },
      withinMs,
    );
  }
  signal(name: NodeJS.Signals): void {
    if (this.#isClosed) return;
    if (this.#pid === undefined) this.#child.kill(name);
    else process.kill(this.#pid, name);
  }
  /** SIGKILL; resolves when everything that it had said has been read. */
  async kill(): Promise<void> {
    try {
      this.signal('SIGKILL');
    } catch {
      // It has just ended.
    }
    this.#child.kill('SIGKILL');
    await Promise.race([this.#closed, pause(REAP_MS, undefined, { ref: false })]);
    // A tracer may forget to look at what has died.
    const tracer = this.#isClosed ? 0 : tracerOf(this.#child.pid ?? 0);
    if (tracer !== 0) process.kill(tracer, 'SIGKILL');
    await this.#closed;
  }
  async ended(): Promise<number | null> {
    await this.#closed;
    return this.#child.exitCode;
  }
  async quit(): Promise<number | null> {
    this.tell({ type: 'quit' });
    return this.ended();
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #read(text: string, take: (report: Report) => void): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const report = JSON.parse(line) as Report;
      if (report.type === 'ready') this.#pid = report.pid;
      // What is looked for afterwards; the many others are in the book.
      if (!COUNTED.has(report.type)) this.reports.push(report);
      take(report);
    }
  }
}

const COUNTED: ReadonlySet<string> = new Set(['queued', 'delivered', 'received']);
