import type { Failure } from '../base/index.ts';
import type { Cancellable, Chat } from './chat.ts';
import type { HomeOptions } from './home-tool.ts';
import type { StatusView } from './views.ts';

/** The program that has a home, as other programs find, start and end it. All reject with a `CodedError`. */
export interface NodeTool {
  /**
   * The program that has this home and answers, or undefined when none has it. One that has it and does not answer is waited for a
   * few seconds; then it rejects with home-locked.
   */
  find(options: HomeOptions, cancel?: Cancellable): Promise<RunningNode | undefined>;
  /**
   * The chat of a program that nobody sits in front of, or undefined when there is none. It goes on with the next one when that is started
   * anew; with none for a few seconds, what is asked, and its events, reject with node-not-running.
   */
  attach(options: HomeOptions, cancel?: Cancellable): Promise<Chat | undefined>;
  /**
   * Starts a program of its own that runs on when this one ends, and resolves when that one answers. Rejects with what it failed
   * with, and ends it when the signal aborts.
   */
  start(command: StartNode, cancel?: Cancellable): Promise<StartedNode>;
  /**
   * Ends the program that has this home, and resolves when it has left it; false when none has it. Rejects with node-attended when
   * somebody sits in front of it.
   */
  end(options: HomeOptions, cancel?: Cancellable): Promise<boolean>;
  /** In a program that `start` has started: its line to that one. */
  launched(descriptor: number): LaunchedNode;
  /** The control protocol over two streams of the host. Resolves when the input has ended and all is answered, or the signal aborts. */
  serveStdio(chat: Chat, streams: RpcStreams, cancel?: Cancellable): Promise<void>;
}

export interface RunningNode {
  readonly status: StatusView;
  /** Closing it leaves the program as it is. */
  readonly chat: Chat;
}

export interface StartNode {
  readonly home: HomeOptions;
  /** Its command line. */
  readonly args: readonly string[];
  /** Handed over where nobody else can read it, as the first line of `--passphrase-fd`; the caller overwrites it. */
  readonly passphrase?: Uint8Array;
}

export interface StartedNode {
  readonly status: StatusView;
  /** What it has to say at the start, a line each. */
  readonly notices: readonly string[];
  /** Where it writes what happens; undefined, with the reason, when that could not be opened. */
  readonly log: { readonly path: string; readonly trouble?: Failure };
}

export interface LaunchedNode {
  /** Says, once, that it is ready, and what there is to say about it. */
  ready(notices: readonly string[]): void;
  /** Says why it cannot start, unless it has said already that it could. */
  failed(failure: Failure): void;
  /** What was written to the log was the last for now: a long log is moved to `log.1`. */
  keepLogShort(home: string): void;
}

export interface RpcStreams {
  readonly input: AsyncIterable<Uint8Array | string>;
  /** `written` is called when these bytes have left, or cannot. */
  readonly output: { write(bytes: Uint8Array, written: (error?: Error | null) => void): unknown };
}
