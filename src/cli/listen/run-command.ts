// One command of `listen --exec`: a process group of its own, with the text on its stdin and the facts in its environment.
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import { encodeUtf8, systemCode, systemReason } from '../../base/index.ts';
import type { Environment } from '../context.ts';

/** How it ended: by itself, by a signal, or not begun. */
export type Ended =
  | { readonly status: number }
  | { readonly signal: string }
  /** `isPassing`: what the system lacked it may have again in a moment. */
  | { readonly reason: string; readonly isPassing: boolean };

export interface Running {
  readonly ended: Promise<Ended>;
  /** To everything that it has started and that has not left its group. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
  /** Resolves when it has ended and nothing holds its output open. */
  readonly gone: Promise<void>;
}

/** Where its output goes. Each resolves when the reader can take more. */
export interface Outlets {
  readonly stdout: (bytes: Uint8Array) => Promise<void>;
  readonly stderr: (bytes: Uint8Array) => Promise<void>;
}

/** What a command left in the background may hold its output open for ever: the command itself has ended then. */
const OUTPUT_WAIT_MS = 500;

export function runCommand(
  command: string,
  { text, env }: { readonly text: string; readonly env: Environment },
  outlets: Outlets,
): Running {
  const child = begin(command, env);
  if ('reason' in child) {
    return { ended: Promise.resolve(child), gone: Promise.resolve(), kill: () => undefined };
  }
  const { stdin, stdout, stderr } = child;
  // Who does not read its input, or not all of it, makes no mistake.
  stdin?.on('error', () => undefined);
  stdin?.end(encodeUtf8(text));
  const output = Promise.all([
    stdout && pump(stdout, outlets.stdout),
    stderr && pump(stderr, outlets.stderr),
  ]);
  return {
    ended: endOf(child, output),
    gone: new Promise((resolve) => child.once('close', () => resolve()).once('error', () => resolve())),
    kill: (signal) => killGroup(child, signal),
  };
}

/** Where this program has no descriptor left, it has no streams and ends with an error. */
type Child = Partial<ChildProcess> & Pick<ChildProcess, 'once'>;

/** Detached: a group of its own, which Ctrl-C at the terminal does not reach and which can be ended as a whole. */
function begin(command: string, env: Environment): Child | Extract<Ended, { readonly reason: string }> {
  try {
    return spawn('sh', ['-c', command], { env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  } catch (error) {
    // Such as an environment that is too large.
    if (systemCode(error) === '') throw error;
    return notBegun(error);
  }
}

/** Descriptors, processes, memory. */
const PASSING: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM']);

function notBegun(error: unknown): Extract<Ended, { readonly reason: string }> {
  return { reason: systemReason(error), isPassing: PASSING.has(systemCode(error)) };
}

async function endOf(child: Child, output: Promise<unknown>): Promise<Ended> {
  const ended = await new Promise<Ended>((resolve) => {
    child.once('error', (error) => resolve(notBegun(error)));
    child.once('exit', (status, signal) => resolve(status === null ? { signal: `${signal}` } : { status }));
  });
  await Promise.race([output, pause(OUTPUT_WAIT_MS, undefined, { ref: false })]);
  return ended;
}

function killGroup({ pid }: Child, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}

/** A line that is longer goes out in pieces. */
const LINE_BYTES_MAX = 64 * 1024;
const LINE_FEED = 0x0a;

/** Whole lines at a time, so that those of several commands do not mix; the bytes are what the command wrote. */
async function pump(stream: Readable, write: (bytes: Uint8Array) => Promise<void>): Promise<void> {
  let rest: Uint8Array = new Uint8Array(0);
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const end = bytes.length > LINE_BYTES_MAX ? bytes.length : bytes.lastIndexOf(LINE_FEED) + 1;
      if (end > 0) await write(bytes.subarray(0, end));
      rest = bytes.subarray(end);
    }
  } catch {
    // The pipe broke: what came before is written.
  }
  if (rest.length > 0) await write(rest);
}
