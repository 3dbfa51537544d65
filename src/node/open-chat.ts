import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Cancellable, Chat, ChatOptions } from '../api/index.ts';
import { CodedError, wipe } from '../base/index.ts';
import { askToYield, connectControl, controlPath } from '../control/index.ts';
import { systemEntropy } from '../primitives/index.ts';
import {
  findOwnHome,
  keyFileOf,
  lockedError,
  lockOwnHome,
  openHome,
  watchDirectoryFile,
  type Home,
  type HomeLock,
  type OwnHome,
} from '../store/index.ts';
import { loadDirectory, type LoadedDirectory } from './load-directory.ts';
import { Node } from './node.ts';
import { PassingChat, type Reopen } from './passing-chat.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A program that uses the home for a moment, or is about to leave it, is waited for this long. */
const LOCK_WAIT_MS = 5_000;
/** Whoever has left the home to a listener does not take it again before. */
const YIELD_MS = 2_000;
const LOCK_AGAIN_MS = 50;

/** Opens the whole program on one directory file and one home; see `ChatOptions` for what it rejects with. */
export async function openChat(
  options: ChatOptions,
  env: Environment,
  cancel: Cancellable = {},
): Promise<Chat> {
  const { mode } = options;
  if (mode === 'listen')
    return openOnce(options, env, { ...cancel, isYielding: false, yieldHome: () => false });
  let passing: PassingChat | undefined;
  const yieldHome = (): boolean => {
    passing?.yieldHome();
    return passing !== undefined;
  };
  const reopen: Reopen = async (how) => openOnce(options, env, { ...how, yieldHome });
  const chat = await reopen({ ...cancel, isYielding: false });
  passing = new PassingChat(chat, { reopen, isFollowing: mode === 'dial' });
  return passing;
}

interface Opening extends Cancellable {
  /** Another program is about to take the home: it is waited for. */
  readonly isYielding: boolean;
  readonly yieldHome: () => boolean;
}

async function openOnce(options: ChatOptions, env: Environment, opening: Opening): Promise<Chat> {
  const path = resolve(options.directory);
  let node: Node | undefined;
  const watching = new AbortController();
  try {
    // Watching begins before the first read: no edit is missed between the two.
    if (options.mode !== 'offline') {
      watchDirectoryFile(path, () => node?.reloadDirectory(), { signal: watching.signal });
    }
    const loaded = loadDirectory(path);
    const own = findOwnHome(options, loaded.directory, env);
    const holder = await lockOrConnect(own, options, { ...opening, env });
    if ('chat' in holder) {
      watching.abort();
      return holder.chat;
    }
    const home = await openLocked(own, options, holder.lock);
    node = startNode(options, { path, loaded, home, env });
    return await start(node, { options, env, watching, ...opening });
  } catch (error) {
    watching.abort();
    throw error;
  }
}

/** The home's lock, or the chat of the program that has it. */
async function lockOrConnect(
  { folder, username }: OwnHome,
  { mode, answerWithinMs }: ChatOptions,
  { env, signal, isYielding }: Opening & { readonly env: Environment },
): Promise<{ readonly lock: HomeLock } | { readonly chat: Chat }> {
  const path = controlPath(folder, env);
  const patience = answerWithinMs === undefined ? {} : { answerWithinMs };
  const begunAt = performance.now();
  let giveUpAt = begunAt + LOCK_WAIT_MS;
  for (;;) {
    if (signal?.aborted) throw signal.reason;
    const isTaking = !isYielding || performance.now() > begunAt + YIELD_MS;
    const locked = isTaking ? lockIfFree(folder) : undefined;
    if (locked && 'lock' in locked) return locked;
    if (mode !== 'listen') {
      const chat = await ifReached(connectControl(path, patience));
      if (chat) return { chat: await mustBeOf(chat, username) };
    } else if (locked) {
      const isLeaving = await ifReached(askToYield(path));
      if (isLeaving === false) throw locked.error;
      if (isLeaving) giveUpAt = performance.now() + LOCK_WAIT_MS;
    }
    if (locked && performance.now() > giveUpAt) throw locked.error;
    await pause(LOCK_AGAIN_MS);
  }
}

function lockIfFree(folder: string): { readonly lock: HomeLock } | { readonly error: CodedError } {
  try {
    return { lock: lockOwnHome(folder) };
  } catch (error) {
    if (error instanceof CodedError && error.code === 'home-locked') return { error };
    throw error;
  }
}

/** Undefined when nobody answers at the socket. */
async function ifReached<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CodedError && error.code === 'control-unusable') return undefined;
    throw error;
  }
}

async function mustBeOf(chat: Chat, username: string): Promise<Chat> {
  const { self } = chat;
  if (self.username === username) return chat;
  await chat.close();
  throw new CodedError({
    code: 'home-owner',
    message: `the home ${self.home} belongs to ${self.username}, not to ${username}`,
    hint: 'Give each user name a home of its own with --home, or say --as with the right name.',
  });
}

/** The passphrase is asked for under the lock: nobody types it in vain. */
async function openLocked(own: OwnHome, options: ChatOptions, lock: HomeLock): Promise<Home> {
  let passphrase: Uint8Array | undefined;
  try {
    if (keyFileOf(own.folder)?.isWrapped === true) {
      if (!options.passphrase) throw lockedError(own.folder);
      passphrase = await options.passphrase();
    }
    return openHome({
      ...own,
      lock,
      ...(passphrase === undefined ? {} : { passphrase }),
      newSecret: () => systemEntropy.bytes(32),
    });
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  } finally {
    wipe(passphrase);
  }
}

function startNode(
  options: ChatOptions,
  parts: {
    readonly path: string;
    readonly loaded: LoadedDirectory;
    readonly home: Home;
    readonly env: Environment;
  },
): Node {
  const { path, loaded, home, env } = parts;
  try {
    const node = new Node(options, { path, directory: loaded.directory, home, trace: env['SOTTO_TRACE'] });
    for (const reason of [...loaded.warnings, ...home.notices]) node.warn(reason);
    return node;
  } catch (error) {
    home[Symbol.dispose]();
    throw error;
  }
}

async function start(
  node: Node,
  context: {
    readonly options: ChatOptions;
    readonly env: Environment;
    readonly watching: AbortController;
  } & Opening,
): Promise<Chat> {
  const { signal } = context;
  const chat = await node.start(context);
  if (!signal?.aborted) return chat;
  await chat.close({ graceMs: 0 });
  throw signal.reason;
}
