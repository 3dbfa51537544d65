import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** What of strace exists here decides which faults can be made: it is Linux's. */
export const hasStrace: boolean = spawnSync('strace', ['--version']).status === 0;

export type Fault = 'EIO' | 'ENOSPC' | 'SIGKILL';
export const SYNCS = 'fsync,fdatasync';

export interface Injection {
  readonly calls: string;
  readonly fault: Fault;
  /** The n-th call of each kind, from 1; with a `+`, it and all later ones. */
  readonly when: string;
  /** Where each call is noted: with `INJECTED`, if it is one. */
  readonly output?: string;
}

/** Arguments of strace for one fault. Calls are counted for each kind and thread by itself: SQLite writes on one thread. */
export function straceWords({ calls, fault, when, output = '/dev/null' }: Injection): readonly string[] {
  const effect = fault === 'SIGKILL' ? 'signal=SIGKILL' : `error=${fault}`;
  // No --seccomp-bpf, cheap as it is: signals are not injected then, and what is let go could call nothing any more (strace 6.1).
  const injection = `inject=${calls}:${effect}:when=${when}`;
  return ['-I', '2', '-f', '-qqq', '-o', output, '-e', `trace=${calls}`, '-e', injection];
}

/** strace on a process that runs already. */
export class Attached implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;

  constructor(pid: number, injection: Injection) {
    this.#child = spawn('strace', [...straceWords(injection), '-p', String(pid)], { stdio: 'ignore' });
    this.#closed = once(this.#child, 'close');
  }
  /** The faults are over; what was traced runs on. strace that is asked to end may wait for ever for a thread that was killed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#closed;
  }
}

/** Who traces a process, or 0. */
export function tracerOf(pid: number): number {
  try {
    return Number(/^TracerPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
