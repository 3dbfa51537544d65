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
import { ifReached, mustBeOf } from './reached.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A program that uses the home for a moment, or is about to leave it, is waited for this long. */
const LOCK_WAIT_MS = 5_000;
/** Whoever has left the home to a listener does not take it again before. */
const YIELD_MS = 2_000;
const LOCK_AGAIN_MS = 50;

export interface Opening extends Cancellable {
  /** Another program is about to take the home: it is waited for. */
  readonly isYielding: boolean;
  readonly yieldHome: () => boolean;
}

/** `begunAt`: since when the home is wanted, ms of performance.now(). */
type Wanting = Opening & { readonly begunAt: number };

/** Takes the home, or finds the program that has it after all; see `ChatOptions` for what it rejects with. */
export async function openNode(options: ChatOptions, env: Environment, opening: Wanting): Promise<Chat> {
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
  { env, signal, isYielding, begunAt }: Wanting & { readonly env: Environment },
): Promise<{ readonly lock: HomeLock } | { readonly chat: Chat }> {
  const path = controlPath(folder, env);
  const patience = answerWithinMs === undefined ? {} : { answerWithinMs };
  let giveUpAt = begunAt + LOCK_WAIT_MS;
  const isTooLate = (): boolean => performance.now() > giveUpAt;
  for (;;) {
    if (signal?.aborted) throw signal.reason;
    const isTaking = !isYielding || performance.now() > begunAt + YIELD_MS;
    const locked = isTaking ? lockIfFree(folder) : undefined;
    if (locked && 'lock' in locked) return locked;
    if (locked && isTooLate()) throw locked.error;
    if (mode !== 'listen') {
      const chat = await ifReached(connectControl(path, patience));
      if (chat) return { chat: await mustBeOf(chat, username) };
    } else if (locked) {
      const isLeaving = await ifReached(askToYield(path));
      if (isLeaving === false) throw locked.error;
      if (isLeaving) giveUpAt = performance.now() + LOCK_WAIT_MS;
    }
    if (locked && isTooLate()) throw locked.error;
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
