import type { Readable, Writable } from 'node:stream';

/** The three streams, as `process` has them or a test makes them. */
export interface CliStdio {
  readonly stdin: CliInput;
  readonly stdout: CliOutput;
  readonly stderr: CliOutput;
}

export interface CliInput extends Readable {
  readonly isTTY?: boolean | undefined;
  setRawMode?(on: boolean): unknown;
}

export interface CliOutput extends Writable {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export type SignalName = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** What the command line needs of `process` to hear signals. */
export interface CliSignals {
  on(name: SignalName, listener: () => void): unknown;
  off(name: SignalName, listener: () => void): unknown;
}
