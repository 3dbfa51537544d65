import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import type { Cancellable, Chat, ChatOptions, OutgoingState, SendText } from './api/index.ts';
import { CodedError } from './base/index.ts';
import { connectControl, controlPath, type ControlPatience } from './control/index.ts';

type Environment = Readonly<Record<string, string | undefined>>;

type Which = Pick<NodeOptions, 'directory' | 'as' | 'home' | 'port'>;
type WhichFound = Which & { readonly directory: string };

/** What was sent is waited for this long. */
const OUTCOME_MS = 30_000;

/**
 * How `openNode` opens a home. Every field has a default; where the program has a variable for it (`SOTTO_DIRECTORY`, `SOTTO_AS`,
 * `SOTTO_HOME`, `SOTTO_PORT`), that comes first. `signal` gives up the opening.
 */
export interface NodeOptions extends Omit<ChatOptions, 'directory' | 'mode' | 'answerWithinMs'>, Cancellable {
  /** The directory file's path; default `sotto/directory.json` in the XDG config folder. */
  readonly directory?: string;
}

/** Which running node `connect` speaks to. What is not given comes from the same variables as for `openNode`. */
export interface ConnectOptions extends Pick<ChatOptions, 'answerWithinMs'> {
  /** The node's home folder; default: that of `as`, else of whoever the directory says is at home here. */
  readonly home?: string;
  /** Whose node it is: the username. */
  readonly as?: string;
  /** The directory file's path; read only when neither `home` nor `as` is given. Default: as for `openNode`. */
  readonly directory?: string;
  /** The port of our own entry in that file; default: `DEFAULT_PORT`. */
  readonly port?: number;
}

/**
 * Opens a node in this process: it listens, calls on its contacts and keeps what is said in its home. Resolves when it listens; close it
 * with `close()` or `await using`.
 *
 * Rejects with a `CodedError`, first of all with `home-locked` when another program has the home (`connect` to that one),
 * `directory-missing`, `directory-invalid` or `own-entry` when it is not clear who we are, `port-in-use` or
 * `listen-failed`, and `locked` or `passphrase-wrong`.
 *
 * @example
 * await using chat = await openNode({ as: 'alice' });
 * await chat.sendText({ to: 'bob', text: 'hello' });
 */
export async function openNode({ signal, ...options }: NodeOptions = {}): Promise<Chat> {
  const { env } = process;
  // A program that only connects loads neither the engine nor the database.
  const { openChat } = await import('./node/index.ts');
  const own = { ...options, ...whichHome(options, env), mode: 'listen' } as const;
  return openChat(own, env, signal === undefined ? {} : { signal });
}

/**
 * The chat of a node that runs already, such as `sotto up` or `sotto`, over its socket. Closing it leaves the node running. When the
 * node ends, every call and every stream of events rejects with `control-unusable`.
 *
 * Rejects with a `CodedError`: `node-not-running`, `control-unusable` when a program is there but does not answer, `home-owner`
 * when the home is not that of `as`, and, when neither `home` nor `as` says whose node it is, as the directory file does.
 *
 * @example
 * await using chat = await connect();
 * for await (const event of chat.events()) console.log(event.type);
 */
export async function connect({ answerWithinMs, ...options }: ConnectOptions = {}): Promise<Chat> {
  const { env } = process;
  const which = whichHome(options, env);
  const home = await homeFolder(which, env);
  const chat = await reach(home, env, answerWithinMs === undefined ? {} : { answerWithinMs });
  if (which.as === undefined || chat.self.username === which.as) return chat;
  await chat.close();
  throw new CodedError({
    code: 'home-owner',
    message: `the node of the home ${home} is that of ${chat.self.username}, not of ${which.as}`,
  });
}

/**
 * Sends a text and waits until it is delivered or has failed for good, at most `withinMs` (default 30,000). When the time is over, or a
 * person has to decide before it may go out (`held`), it resolves with how the message stands: queued or sent, and why. It is then
 * kept, and goes out as soon as it can.
 *
 * Rejects as `Chat.sendText` does, and with `control-unusable` when the node ends meanwhile.
 *
 * @example
 * const outcome = await sendAndWait(chat, { to: 'ops', text: 'disk full' });
 * if (outcome.state !== 'delivered') console.error(outcome.state, outcome.reason?.message);
 */
export async function sendAndWait(
  chat: Chat,
  message: SendText,
  { withinMs = OUTCOME_MS }: { readonly withinMs?: number } = {},
): Promise<OutgoingState> {
  const enough = new AbortController();
  // Before it is sent: no outcome is missed.
  const events = chat.events({ signal: enough.signal });
  const timer = setTimeout(() => enough.abort(), withinMs);
  let progress: OutgoingState = { state: 'queued', held: false };
  try {
    const id = await chat.sendText(message);
    for await (const event of events) {
      if (event.type !== 'message-progress' || event.id !== id) continue;
      ({ progress } = event);
      if (!isOpen(progress)) break;
    }
    return progress;
  } finally {
    clearTimeout(timer);
    enough.abort();
  }
}

/** More is going to happen by itself. */
function isOpen(progress: OutgoingState): boolean {
  return (progress.state === 'queued' || progress.state === 'sent') && !progress.held;
}

/** Options beat variables, as flags do. */
function whichHome(options: Which, env: Environment): WhichFound {
  const as = options.as ?? given(env, 'SOTTO_AS');
  const home = options.home ?? given(env, 'SOTTO_HOME');
  const port = options.port ?? portOf(env);
  return {
    directory: options.directory ?? given(env, 'SOTTO_DIRECTORY') ?? defaultDirectory(env),
    ...(as !== undefined && { as: as.normalize('NFC') }),
    ...(home !== undefined && { home }),
    ...(port !== undefined && { port }),
  };
}

function given(env: Environment, variable: string): string | undefined {
  const value = env[variable];
  return value === '' ? undefined : value;
}

function portOf(env: Environment): number | undefined {
  const text = given(env, 'SOTTO_PORT');
  if (text === undefined) return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new CodedError({
    code: 'usage',
    message: 'SOTTO_PORT is not a port, which is a number from 1 to 65535',
  });
}

function defaultDirectory(env: Environment): string {
  const config = env['XDG_CONFIG_HOME'] ?? '';
  // The XDG base directory specification ignores relative paths.
  const folder = isAbsolute(config) ? config : join(env['HOME'] ?? homedir(), '.config');
  return join(folder, 'sotto', 'directory.json');
}

async function homeFolder(which: WhichFound, env: Environment): Promise<string> {
  if (which.home !== undefined) return resolve(which.home);
  const { defaultHome, findOwnHome, loadDirectory } = await import('./store/index.ts');
  if (which.as !== undefined) return defaultHome(which.as, env);
  return findOwnHome(which, loadDirectory(which.directory), env).folder;
}

async function reach(home: string, env: Environment, patience: ControlPatience): Promise<Chat> {
  try {
    return await connectControl(controlPath(home, env), patience);
  } catch (error) {
    if (!isNobodyThere(error)) throw error;
    throw new CodedError(
      {
        code: 'node-not-running',
        message: `no Sotto runs on the home ${home}`,
        hint: 'Start it with “sotto up”, or open it in this process with openNode().',
      },
      { cause: error },
    );
  }
}

/** There is no socket, or nobody is behind the one that was left. A home whose path is too long for a socket may be missing, too. */
function isNobodyThere(error: unknown): boolean {
  const cause = error instanceof CodedError ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR';
}
