import { isUtf8 } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { MessageId } from './api/index.ts';
import { quickHome, type QuickHome } from './quick-home.ts';

// `echo hi | sotto send bob --wait queued` beside a running Sotto: most of its time the program would read its own modules, so this way
// has none of them. It takes the plainest command lines alone, and says and does what the long way says and does. Whatever is out
// of the ordinary, mistakes above all, goes the long way from the start.

/** A program that is busy for longer is waited for on the long way. */
const HELLO_MS = 2_000;
/** As long as `send` waits. */
const ANSWER_MS = 30_000;
/** After a signal. */
const STOP_GRACE_MS = 1_000;
const TEXT_BYTES_MAX = 32 * 1024;
const CONTROL_VERSION = 2;
const PLAIN_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;
const FLAGS: ReadonlySet<string> = new Set(['--wait', '--as', '--home', '--directory', '--port']);
const EXITS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

type SignalName = keyof typeof EXITS;

export interface QuickRun {
  /** Without the program's own name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdio: { readonly stdin: Readable & { readonly isTTY?: boolean | undefined } };
  /** Writes to stderr; never throws. */
  readonly say: (line: string) => void;
  readonly signals: {
    on(name: SignalName, listener: () => void): unknown;
    off(name: SignalName, listener: () => void): unknown;
  };
}

/** The exit code of what was done; or what the long way has to know. */
export type QuickEnd =
  | { readonly exitCode: number }
  | {
      /** All of stdin, or its first 32 KiB and more. */
      readonly stdin?: Uint8Array;
      /** The text may have been taken under this id. */
      readonly messageId?: MessageId;
    };

/** Does what a command line asks for, if it is one of a short kind and a Sotto has the home; else nothing at all. */
export async function quickSend({ argv, env, stdio, say, signals }: QuickRun): Promise<QuickEnd> {
  const order = readOrder(argv);
  if (!order || (order.text === undefined && stdio.stdin.isTTY === true)) return {};
  const home = quickHome(order.flags, env);
  if (!home) return {};
  const stop = new Stop(signals);
  try {
    const stdin = order.text === undefined ? await readAll(stdio.stdin, stop) : undefined;
    if (stop.exitCode !== undefined) return { exitCode: stop.exitCode };
    const read = stdin && { stdin };
    const text = order.text ?? (stdin && textOf(stdin));
    if (text === undefined) return read ?? {};
    const sent = await sendOver(home, { to: order.to, text }, stop);
    if ('exitCode' in sent) return sent;
    if (!('isListening' in sent)) return { ...read, ...sent };
    const kept = sent.isListening
      ? 'kept; the running Sotto goes on trying'
      : 'kept; goes out when Sotto next runs';
    say(`queued for ${order.to}, ${kept}\n`);
    return { exitCode: 0 };
  } finally {
    stop.unhook();
  }
}

interface Order {
  readonly to: string;
  /** Undefined when stdin has it. */
  readonly text: string | undefined;
  readonly flags: ReadonlyMap<string, string>;
}

/** Undefined for everything but `send NAME [TEXT | -] --wait queued`, with plain flags. */
function readOrder(argv: readonly string[]): Order | undefined {
  if (argv[0] !== 'send') return undefined;
  const words: string[] = [];
  const flags = new Map<string, string>();
  for (let i = 1; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (word === '--plain') continue;
    if (word === '-' || !word.startsWith('-')) {
      words.push(word);
      continue;
    }
    const equals = word.indexOf('=');
    const flag = equals < 0 ? word : word.slice(0, equals);
    const value = equals < 0 ? (argv[++i] ?? '') : word.slice(equals + 1);
    if (!FLAGS.has(flag) || flags.has(flag) || value === '' || value.startsWith('-')) return undefined;
    flags.set(flag, value);
  }
  const [to = '', text = '-', ...more] = words;
  if (flags.get('--wait') !== 'queued' || !PLAIN_NAME.test(to) || more.length > 0) return undefined;
  if (text === '-') return { to, text: undefined, flags };
  return isGood(text) ? { to, text, flags } : undefined;
}

function isGood(text: string): boolean {
  return text !== '' && text.isWellFormed() && Buffer.byteLength(text) <= TEXT_BYTES_MAX;
}

function textOf(bytes: Buffer): string | undefined {
  const text = bytes.toString().replace(/\r?\n$/, '');
  return isUtf8(bytes) && isGood(text) ? text : undefined;
}

/** Ends early when there is more than a text may have. Undefined when it cannot be read. */
async function readAll(stdin: Readable, stop: Stop): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const isRead = await new Promise<boolean>((resolve) => {
    stop.onStop(() => resolve(false));
    stdin.on('data', (chunk: Uint8Array) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > TEXT_BYTES_MAX + 2) resolve(true);
    });
    stdin.once('end', () => resolve(true));
    stdin.once('error', () => resolve(false));
  });
  if (!stdin.readableEnded) stdin.destroy();
  return isRead ? Buffer.concat(chunks) : undefined;
}

type Sent =
  { readonly isListening: boolean } | { readonly exitCode: number } | { readonly messageId?: MessageId };

async function sendOver(
  { path, isOwner }: QuickHome,
  message: { readonly to: string; readonly text: string },
  stop: Stop,
): Promise<Sent> {
  using link = new Link(path);
  const greeting = link.ask('hello', {}, HELLO_MS);
  stop.onStop(() => link.end());
  const hello = asRecord(asRecord(await greeting)?.['result']);
  if (stop.exitCode !== undefined) return { exitCode: stop.exitCode };
  const identity = asRecord(hello?.['identity']);
  if (hello?.['control'] !== CONTROL_VERSION || !isOwner(identity?.['username'])) return {};
  const { listening } = identity ?? {};
  if (!Array.isArray(listening)) return {};
  const id = makeId();
  stop.graceMs = STOP_GRACE_MS;
  const answer = asRecord(await link.ask('send', { id, ...message }, ANSWER_MS));
  if (asRecord(answer?.['result'])?.['id'] === id) return { isListening: listening.length > 0 };
  if (stop.exitCode !== undefined) return { exitCode: stop.exitCode };
  // What was refused is said on the long way.
  return answer?.['error'] === undefined ? { messageId: id } : {};
}

/** A UUIDv7 (RFC 9562 §5.7). The kernel's dice are at hand; node:crypto takes longer to load than all that is here. */
function makeId(): MessageId {
  const bytes = Buffer.alloc(16);
  const dice = openSync('/dev/urandom', 'r');
  if (readSync(dice, bytes) !== bytes.length) throw new Error('/dev/urandom has ended');
  closeSync(dice);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') as MessageId;
}

/** One line out, one line back. */
class Link implements Disposable {
  readonly #socket: Socket;
  #heard = '';
  #next = 1;
  #answer: ((answer: unknown) => void) | undefined;

  constructor(path: string) {
    this.#socket = connect({ path, noDelay: true });
    this.#socket.setEncoding('utf8');
    this.#socket.on('data', (text: string) => this.#hear(text));
    this.#socket.on('error', () => this.end());
    this.#socket.on('close', () => this.end());
  }

  /** Undefined when no answer comes, or something else does. */
  async ask(method: string, params: object, withinMs: number): Promise<unknown> {
    const id = this.#next++;
    const timer = setTimeout(() => this.end(), withinMs);
    const said = await new Promise<unknown>((resolve) => {
      this.#answer = resolve;
      if (this.#socket.destroyed) resolve(undefined);
      else this.#socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    });
    clearTimeout(timer);
    return asRecord(said)?.['id'] === id ? said : undefined;
  }
  end(): void {
    this.#socket.destroy();
    this.#answer?.(undefined);
  }
  [Symbol.dispose](): void {
    this.end();
  }

  #hear(text: string): void {
    this.#heard += text;
    const end = this.#heard.indexOf('\n');
    if (end < 0) return;
    const line = this.#heard.slice(0, end);
    this.#heard = this.#heard.slice(end + 1);
    this.#answer?.(parseJson(line));
  }
}

/** Ctrl-C and its like: what waits is given up, at once or after a grace. */
class Stop {
  readonly #unhook: (() => void)[] = [];
  readonly #waiting: (() => void)[] = [];
  exitCode: number | undefined;
  graceMs = 0;

  constructor(signals: QuickRun['signals']) {
    for (const name of Object.keys(EXITS) as SignalName[]) {
      const listener = (): void => this.#stop(EXITS[name]);
      signals.on(name, listener);
      this.#unhook.push(() => signals.off(name, listener));
    }
  }

  onStop(act: () => void): void {
    this.#waiting.push(act);
  }
  unhook(): void {
    for (const unhook of this.#unhook) unhook();
  }

  #stop(exitCode: number): void {
    this.exitCode ??= exitCode;
    setTimeout(() => this.#waiting.forEach((act) => act()), this.graceMs).unref();
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
