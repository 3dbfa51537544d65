import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** A real process that runs a piece of TypeScript; killed with its test at the latest. */
export interface ChildNode extends AsyncDisposable {
  readonly pid: number;
  /** The next line that it prints; rejects when it ends first. */
  line(): Promise<string>;
  /** Resolves to the exit code after it ended by itself. */
  exited(): Promise<number | null>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  signal(name: NodeJS.Signals): void;
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

export function startNode(source: string): ChildNode {
  const child: Child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', source], {
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: 150_000,
    killSignal: 'SIGKILL',
  });
  const ended = once(child, 'close') as Promise<[number | null]>;
  const lines = readLines(createInterface({ input: child.stdout }));
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return {
    pid: child.pid ?? 0,
    line: async () => {
      const { value, done } = await lines.next();
      if (done === true) throw new Error('the process ended without a line');
      return value;
    },
    exited: async () => (await ended)[0],
    kill,
    signal: (name) => child.kill(name),
    [Symbol.asyncDispose]: kill,
  };
}

async function* readLines(reader: Interface): AsyncGenerator<string, undefined> {
  yield* reader;
  return undefined;
}
