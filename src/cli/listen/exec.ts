// `listen --exec`: a command for each message, at most so many at once, and what is said of how each ended.
import { setTimeout as pause } from 'node:timers/promises';
import type { EventCursor, SelfView } from '../../api/index.ts';
import { timeToJson } from '../../api/to-json/index.ts';
import type { CliContext, Environment } from '../context.ts';
import { duration } from '../words/describe.ts';
import { shortId } from '../lookup/message-id.ts';
import type { CliOutput } from '../terminal/stdio.ts';
import type { Incoming } from './message.ts';
import { runCommand, type Ended, type Outlets, type Running } from './run-command.ts';

export interface ExecOptions {
  readonly command: string;
  /** How many run at once. */
  readonly jobs: number;
  /** How often one that failed is run again. */
  readonly retries: number;
  readonly json: boolean;
}

/** Between Ctrl-C and the end by force. */
export const KILL_AFTER_MS = 5_000;
/** A command that failed is run again after 1 s, 2 s, 4 s … at most a minute. */
const RETRY_MS = 1_000;
const RETRY_MS_MAX = 60_000;

/** Runs the commands. One that was stopped is not done: its message comes again at the next start. */
export class Exec {
  readonly #options: ExecOptions;
  readonly #context: CliContext;
  readonly #stop = new AbortController();
  readonly #running = new Set<Running>();
  readonly #outlets: Outlets;
  #free: number;
  #stopping: Promise<void> | undefined;
  #waiting: (() => void)[] = [];

  constructor(options: ExecOptions, context: CliContext) {
    this.#options = options;
    this.#context = context;
    this.#free = options.jobs;
    const { stdio } = context;
    const outlet = (name: 'stdout' | 'stderr') => async (bytes: Uint8Array) =>
      writeForeign(context, stdio[name], name, bytes);
    // With --json, stdout is for objects alone.
    this.#outlets = { stdout: outlet(options.json ? 'stderr' : 'stdout'), stderr: outlet('stderr') };
    process.on('exit', this.#killAll);
  }

  /** True when the message is done with: the command has ended well, or is not tried again. */
  async run(message: Incoming, self: SelfView, cursor?: EventCursor): Promise<boolean> {
    await this.#takeSlot();
    try {
      return await this.#tryOften(message, environmentOf(message, self, cursor, this.#context.env), cursor);
    } finally {
      this.#free += 1;
      this.#waiting.shift()?.();
    }
  }

  /** Resolves to true when one more could be run at once, and to false when none will be. */
  async free(): Promise<boolean> {
    while (this.#isFull) await this.#wake();
    // One slot wakes one waiter, and this one need not take it.
    if (this.#free > 0) this.#waiting.shift()?.();
    return !this.#stop.signal.aborted;
  }

  /** Runs nothing more, and ends what runs: by SIGTERM, then by force. */
  async stop(): Promise<void> {
    this.#stopping ??= this.#endAll();
    return this.#stopping;
  }

  async #endAll(): Promise<void> {
    this.#stop.abort();
    for (const wake of this.#waiting.splice(0)) wake();
    const gone = Promise.all([...this.#running].map(async (running) => running.gone));
    for (const running of this.#running) running.kill('SIGTERM');
    const late = pause(KILL_AFTER_MS, 'late' as const, { ref: false });
    if ((await Promise.race([gone, late])) === 'late') this.#killAll();
    process.off('exit', this.#killAll);
  }

  get #isFull(): boolean {
    return this.#free <= 0 && !this.#stop.signal.aborted;
  }
  async #takeSlot(): Promise<void> {
    while (this.#isFull) await this.#wake();
    this.#free -= 1;
  }
  async #wake(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async #tryOften(message: Incoming, env: Environment, cursor: EventCursor | undefined): Promise<boolean> {
    const { retries } = this.#options;
    const { signal } = this.#stop;
    for (let tries = 1; !signal.aborted; tries++) {
      const begunAt = performance.now();
      const ended = await this.#once(message, env);
      const tookMs = Math.round(performance.now() - begunAt);
      if (signal.aborted && !isGood(ended)) break;
      const isDone = isGood(ended) || (tries > retries && !isPassing(ended));
      const waitMs = isDone ? undefined : Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** (tries - 1));
      this.#tell(message, ended, { tries, tookMs, waitMs, cursor });
      if (isDone) return true;
      await pause(waitMs, undefined, { signal }).catch(() => undefined);
    }
    return false;
  }

  async #once(message: Incoming, env: Environment): Promise<Ended> {
    const running = runCommand(this.#options.command, { text: message.text.exact(), env }, this.#outlets);
    this.#running.add(running);
    void running.gone.then(() => this.#running.delete(running));
    return running.ended;
  }

  #tell(
    { from, id, position }: Incoming,
    ended: Ended,
    run: {
      readonly tries: number;
      readonly tookMs: number;
      readonly waitMs: number | undefined;
      readonly cursor: EventCursor | undefined;
    },
  ): void {
    const { output } = this.#context;
    const { tries, tookMs, waitMs, cursor } = run;
    const isDone = waitMs === undefined;
    const next = isGood(ended) ? '' : isDone ? ', not tried again' : `, tried again in ${duration(waitMs)}`;
    const words = `exec: ${from} ${shortId(id)} ${endWords(ended)} (${duration(tookMs)})${next}`;
    output.note(words, isGood(ended) ? 'dim' : 'bad');
    if (!this.#options.json || !isDone) return;
    output.json({
      type: 'exec',
      id,
      from,
      position,
      ...endToJson(ended),
      tries,
      took_ms: tookMs,
      ...(cursor !== undefined && { cursor }),
    });
  }

  readonly #killAll = (): void => {
    for (const running of this.#running) running.kill('SIGKILL');
  };
}

function isGood(ended: Ended): boolean {
  return 'status' in ended && ended.status === 0;
}

/** It has not even begun: its message is not done with for that. */
function isPassing(ended: Ended): boolean {
  return 'reason' in ended && ended.isPassing;
}

function endWords(ended: Ended): string {
  if ('status' in ended) return `exit ${ended.status}`;
  return 'signal' in ended ? `killed by ${ended.signal}` : `not started: ${ended.reason}`;
}

function endToJson(ended: Ended): Readonly<Record<string, unknown>> {
  if ('status' in ended) return { exit_code: ended.status };
  return 'signal' in ended ? { signal: ended.signal } : { message: ended.reason };
}

/** What the command is told beside the text: the facts of the message, and where a `sotto` that it runs finds the same home. */
function environmentOf(
  message: Incoming,
  self: SelfView,
  cursor: EventCursor | undefined,
  env: Environment,
): Environment {
  const facts = {
    SOTTO_FROM: message.from,
    SOTTO_ID: message.id,
    SOTTO_POSITION: String(message.position),
    SOTTO_WRITTEN_AT: String(timeToJson(message.writtenAtWall)),
    SOTTO_RECEIVED_AT: String(timeToJson(message.receivedAtWall)),
    SOTTO_REPLY_TO: message.replyTo ?? '',
    SOTTO_CURSOR: cursor ?? '',
    SOTTO_AS: self.username,
    SOTTO_HOME: self.home,
    SOTTO_DIRECTORY: self.directory,
  };
  // No value can hold a NUL; where one would, starting the command would fail.
  return {
    ...env,
    ...Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, noNul(value)])),
  };
}

function noNul(value: string): string {
  return value.replaceAll('\0', '');
}

/** What a command prints may be what a peer wrote: cleaned for a terminal, and exact for a pipe or a file. */
async function writeForeign(
  { output }: CliContext,
  stream: CliOutput,
  name: 'stdout' | 'stderr',
  bytes: Uint8Array,
): Promise<void> {
  if (stream.isTTY === true) {
    const lines = Buffer.from(bytes).toString().replace(/\n$/, '').split('\n');
    for (const line of lines)
      if (name === 'stdout') output.data(line);
      else output.note(line);
    return;
  }
  if (output.closed.aborted) return;
  await new Promise<void>((resolve) => stream.write(bytes, () => resolve()));
}
