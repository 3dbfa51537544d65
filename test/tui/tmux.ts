import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A condition that does not come true within this time fails the test: no machine is that slow. */
const DEADLINE_MS = 60_000;
/** Of a test with several of them. */
export const TERMINAL_TEST_MS = 150_000;
const POLL_MS = 25;

/** A real terminal with its own server: what a person would see can be read and typed. */
export class Tmux implements AsyncDisposable {
  readonly #name = `sotto-${randomUUID()}`;
  readonly #folder = mkdtempSync(join(tmpdir(), 'sotto-tui-'));

  /** Runs a shell command line in a pane of the given size; the pane stays when the command has ended. */
  static start(command: string, size: { readonly columns: number; readonly rows: number }): Tmux {
    const tmux = new Tmux();
    const { columns, rows } = size;
    // Ctrl-C outside raw mode goes to the shell as well, which must live on to say how the program ended.
    const shell = `trap : INT; echo $$ > ${tmux.#folder}/pid; stty -a > ${tmux.#folder}/before; ${command}; stty -a > ${tmux.#folder}/after; echo pane-done; exec cat`;
    tmux.#run('-f', '/dev/null', 'new-session', '-d', '-x', `${columns}`, '-y', `${rows}`, 'sh', '-c', shell);
    return tmux;
  }

  screen(): string {
    return this.#run('capture-pane', '-p', '-J', '-S', '-');
  }
  /** As it is on the glass: a line that the terminal wrapped is several rows. */
  rows(): readonly string[] {
    return this.#run('capture-pane', '-p', '-S', '-').split('\n');
  }
  type(text: string): void {
    this.#run('send-keys', '-l', text);
  }
  press(...keys: readonly string[]): void {
    this.#run('send-keys', ...keys);
  }
  /** As a terminal pastes: bracketed where the program asked for it. */
  paste(text: string): void {
    execFileSync('tmux', ['-L', this.#name, 'load-buffer', '-b', 'pasted', '-'], { input: text });
    this.#run('paste-buffer', '-p', '-r', '-d', '-b', 'pasted');
  }
  resize(columns: number, rows: number): void {
    this.#run('resize-window', '-x', `${columns}`, '-y', `${rows}`);
  }
  format(format: string): string {
    return this.#run('display-message', '-p', format).trimEnd();
  }
  buffers(): string {
    return this.#run('list-buffers');
  }
  /** `stty -a` before the program and after it. */
  modes(): { readonly before: string; readonly after: string } {
    const read = (name: string): string => readFileSync(join(this.#folder, name), 'utf8');
    return { before: read('before'), after: read('after') };
  }
  /** The child of the pane's shell: the program itself. */
  signal(name: string): void {
    const shell = readFileSync(join(this.#folder, 'pid'), 'utf8').trim();
    const children = execFileSync('ps', ['-o', 'pid=', '--ppid', shell], { encoding: 'utf8' });
    process.kill(Number(children.trim().split(/\s+/)[0]), name);
  }
  /** Polls until the screen satisfies the condition; fails with the screen as it is at the deadline. */
  async until(condition: (screen: string) => boolean): Promise<string> {
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      const screen = this.screen();
      if (condition(screen)) return screen;
      if (performance.now() > deadline) throw new Error(`the screen did not become as expected:\n${screen}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
  async [Symbol.asyncDispose](): Promise<void> {
    execFileSync('tmux', ['-L', this.#name, 'kill-server'], { stdio: 'ignore' });
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #run(...args: readonly string[]): string {
    return execFileSync('tmux', ['-L', this.#name, ...args], { encoding: 'utf8', timeout: DEADLINE_MS });
  }
}
