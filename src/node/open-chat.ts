import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Cancellable, Chat, ChatOptions } from '../api/index.ts';
import { CodedError, wipe } from '../base/index.ts';
import { connectControl, controlPath } from '../control/index.ts';
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

export type Environment = Readonly<Record<string, string | undefined>>;

/** Another command that uses the home for a moment, without serving others, is waited for this long. */
const LOCK_WAIT_MS = 3_000;
const LOCK_AGAIN_MS = 50;

/** Opens the whole program on one directory file and one home; see `ChatOptions` for what it rejects with. */
export async function openChat(
  options: ChatOptions,
  env: Environment,
  cancel: Cancellable = {},
): Promise<Chat> {
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
    const holder = await lockOrConnect(own, options, { env, signal: cancel.signal });
    if ('chat' in holder) {
      watching.abort();
      return holder.chat;
    }
    const home = await openLocked(own, options, holder.lock);
    node = startNode(options, { path, loaded, home, env });
    return await start(node, { options, env, watching, signal: cancel.signal });
  } catch (error) {
    watching.abort();
    throw error;
  }
}

/** The home's lock, or the chat of the program that has it. */
async function lockOrConnect(
  { folder, username }: OwnHome,
  { mode }: ChatOptions,
  { env, signal }: { readonly env: Environment; readonly signal: Cancellable['signal'] },
): Promise<{ readonly lock: HomeLock } | { readonly chat: Chat }> {
  const giveUpAt = performance.now() + LOCK_WAIT_MS;
  for (;;) {
    if (signal?.aborted) throw signal.reason;
    try {
      return { lock: lockOwnHome(folder) };
    } catch (error) {
      if (!(error instanceof CodedError) || error.code !== 'home-locked' || mode === 'listen') throw error;
      const chat = await connected(folder, env);
      if (chat) return { chat: await mustBeOf(chat, username) };
      if (performance.now() > giveUpAt) throw error;
    }
    await pause(LOCK_AGAIN_MS);
  }
}

async function connected(folder: string, env: Environment): Promise<Chat | undefined> {
  try {
    return await connectControl(controlPath(folder, env));
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
    readonly signal: Cancellable['signal'];
  },
): Promise<Chat> {
  const { signal } = context;
  const chat = await node.start(context);
  if (!signal?.aborted) return chat;
  await chat.close({ graceMs: 0 });
  throw signal.reason;
}
