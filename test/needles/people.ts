import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { COMPILE_CACHE } from '../compile-cache.ts';
import { freePort } from '../free-port.ts';
import { until } from '../net/until.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const LIFE_MAX_MS = 150_000;

/** People with homes, a TMPDIR and a working folder below `searched`; what they are given lies beside it. */
export class People implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'sotto-needles-'));
  /** Everything that the program may write to. */
  readonly searched: string = join(this.folder, 'searched');
  readonly #ports: ReadonlyMap<string, number>;

  private constructor(ports: ReadonlyMap<string, number>, password: string) {
    this.#ports = ports;
    for (const name of ['tmp', 'work', 'user']) mkdirSync(join(this.searched, name), { recursive: true });
    const entries = [...ports].map(([username, port]) => ({ username, password, ip: '127.0.0.1', port }));
    writeFileSync(this.given('directory'), JSON.stringify(entries), { mode: 0o600 });
  }
  static async open(names: readonly string[], password: string): Promise<People> {
    const ports = new Map<string, number>();
    for (const name of names) ports.set(name, await freePort());
    return new People(ports, password);
  }
  home(name: string): string {
    return join(this.searched, 'homes', name);
  }
  given(name: string): string {
    return join(this.folder, name);
  }
  give(name: string, content: string): void {
    writeFileSync(this.given(name), content, { mode: 0o600 });
  }

  /** The program as this person starts it, with these given files as descriptors 3, 4 and so on. */
  start(name: string, words: readonly string[], descriptors: readonly string[] = []): Program {
    const where = [
      '--port',
      String(this.#ports.get(name)),
      '--directory',
      this.given('directory'),
      '--as',
      name,
    ];
    return new Program([...words, ...where, '--home', this.home(name)], {
      cwd: join(this.searched, 'work'),
      env: {
        HOME: join(this.searched, 'user'),
        TMPDIR: join(this.searched, 'tmp'),
        NO_COLOR: '1',
        ...COMPILE_CACHE,
        SOTTO_TRACE: 'all',
        SOTTO_BIND: '127.0.0.1',
      },
      descriptors: descriptors.map((given) => this.given(given)),
    });
  }
  async runs(name: string, words: readonly string[], descriptors?: readonly string[]): Promise<Program> {
    const program = this.start(name, words, descriptors);
    program.stdin.end();
    await program.ended;
    return program;
  }
  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class Program implements AsyncDisposable {
  stdout = '';
  stderr = '';
  readonly pid: number;
  readonly stdin: Writable;
  readonly ended: Promise<{ readonly code: number | null }>;
  readonly #child: ChildProcess;

  constructor(
    words: readonly string[],
    how: {
      readonly cwd: string;
      readonly env: Readonly<Record<string, string>>;
      readonly descriptors: readonly string[];
    },
  ) {
    const descriptors = how.descriptors.map((path) => openSync(path, 'r'));
    // Whatever the shell says by itself, this one may leave a core dump of any size.
    const shell = [
      '-c',
      'ulimit -c unlimited 2>/dev/null; exec "$@"',
      'sh',
      process.execPath,
      MAIN,
      ...words,
    ];
    this.#child = spawn('/bin/sh', shell, {
      cwd: how.cwd,
      env: how.env,
      stdio: ['pipe', 'pipe', 'pipe', ...descriptors],
      timeout: LIFE_MAX_MS,
      killSignal: 'SIGKILL',
    });
    for (const descriptor of descriptors) closeSync(descriptor);
    this.ended = once(this.#child, 'close').then(([code]) => ({ code: code as number | null }));
    this.pid = this.#child.pid ?? 0;
    this.stdin = this.#child.stdin as Writable;
    this.stdin.on('error', () => undefined);
    (this.#child.stdout as Readable).setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    (this.#child.stderr as Readable).setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
  }
  get trace(): string {
    return this.stderr
      .split('\n')
      .filter((line) => line.startsWith('trace '))
      .join('\n');
  }
  type(line: string): void {
    this.stdin.write(`${line}\n`);
  }
  async says(text: string, where: 'stdout' | 'stderr' = 'stderr'): Promise<void> {
    await until(
      () => `“${text}” on ${where}: ${this.stderr.slice(-2_000)}`,
      () => this[where].includes(text),
    );
  }
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#child.kill(signal);
    await this.ended;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
