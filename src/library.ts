import { resolve } from 'node:path';
import {
  settledAs,
  type Cancellable,
  type Chat,
  type ChatOptions,
  type OutgoingState,
  type SendText,
} from './api/index.ts';
import { CodedError } from './base/index.ts';
import { connectControl, controlPath, type ControlPatience } from './control/client/index.ts';

type Environment = Readonly<Record<string, string | undefined>>;

type Which = Pick<NodeOptions, 'directory' | 'as' | 'home' | 'port'>;
type Found = Which & { readonly directory: string };

/** What was sent is waited for this long. */
const OUTCOME_MS = 30_000;
/** No timer goes further. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/**
 * How `openNode` opens a home. What is not given is what `sotto up` would take: from its variables (`SOTTO_AS`, `SOTTO_HOME`,
 * `SOTTO_PORT` …), else from its configuration file, else the default that stands here. But who says `as` or `home` is
 * not asked for the other one. `signal` gives up the opening.
 */
export interface NodeOptions extends Omit<ChatOptions, 'directory' | 'mode' | 'answerWithinMs'>, Cancellable {
  /** The directory file's path; default `sotto/directory.json` in the XDG config folder. */
  readonly directory?: string;
}

/** Which running node `connect` speaks to. What is not given comes from where `openNode` has it from. */
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
  const { ambientNode } = await import('./cli/ambient/index.ts');
  const own = { ...ambientNode(env), ...(await withDefaults(options, env)), mode: 'listen' } as const;
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
  const which = await withDefaults(options, env);
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
 * Sends a text and waits until it is delivered or has failed for good, at most `withinMs` (default 30,000; `Infinity`: without end). When the time is over, or a
 * person has to decide before it may go out (`held`), it resolves with how the message stands: queued or sent, and why. It is then
 * kept, and goes out as soon as it can.
 *
 * Rejects as `Chat.sendText` does, and with `control-unusable` when the node of another process ends meanwhile.
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
  const timer = withinMs > TIMER_MAX_MS ? undefined : setTimeout(() => enough.abort(), withinMs);
  let progress: OutgoingState = { state: 'queued', held: false };
  try {
    const id = await chat.sendText(message);
    // Who chose the id may have sent it before: then nothing may be told any more.
    const [before] = message.id === undefined ? [] : (await chat.history({ id, with: message.to })).entries;
    const settled = before && settledAs(before);
    if (settled) return settled;
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

/** Whoever names a home or a user means that one, whatever the environment says. */
async function withDefaults<Options extends Which>(
  options: Options,
  env: Environment,
): Promise<Options & Found> {
  const { ambientHome } = await import('./cli/ambient/index.ts');
  const { as, home, ...ambient } = ambientHome(env);
  const isNamed = options.as !== undefined || options.home !== undefined;
  const own = isNamed ? {} : { ...(as !== undefined && { as }), ...(home !== undefined && { home }) };
  return { ...ambient, ...own, ...withoutUndefined(options) };
}

/** What is undefined is not given, also for those whose compiler lets them say it. */
function withoutUndefined<Options extends object>(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options;
}

async function homeFolder(which: Found, env: Environment): Promise<string> {
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
