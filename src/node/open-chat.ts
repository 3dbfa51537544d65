import { resolve } from 'node:path';
import type { Cancellable, Chat, ChatOptions } from '../api/index.ts';
import { CodedError } from '../base/index.ts';
import { findOwnEntry, type Directory } from '../directory/index.ts';
import { systemEntropy } from '../primitives/index.ts';
import {
  defaultHome,
  homeOwner,
  machineAddresses,
  openHome,
  watchDirectoryFile,
  type Home,
} from '../store/index.ts';
import { loadDirectory } from './load-directory.ts';
import { Node } from './node.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Opens the whole program on one directory file and one home; see `ChatOptions` for what it rejects with. */
export async function openChat(
  options: ChatOptions,
  env: Environment,
  { signal }: Cancellable = {},
): Promise<Chat> {
  const watching = new AbortController();
  const path = resolve(options.directory);
  let node: Node | undefined;
  let home: Home | undefined;
  try {
    // Watching begins before the first read: no edit is missed between the two.
    if (options.mode === 'listen' || options.mode === 'dial') {
      watchDirectoryFile(path, () => node?.reloadDirectory(), { signal: watching.signal });
    }
    const { directory, warnings } = loadDirectory(path);
    home = openOwnHome(options, directory, env);
    node = new Node(options, { path, directory, home, trace: env['SOTTO_TRACE'] });
    for (const reason of warnings) node.warn(reason);
    const chat = await node.start(options, watching);
    if (!signal?.aborted) return chat;
    await chat.close({ graceMs: 0 });
    throw signal.reason;
  } catch (error) {
    watching.abort();
    home?.[Symbol.dispose]();
    throw error;
  }
}

/** Whose program this is: `--as`, else the home's own answer, else the entry that is at this port of this machine. */
function openOwnHome(options: ChatOptions, directory: Directory, env: Environment): Home {
  const as = options.as ?? (options.home === undefined ? undefined : homeOwner(options.home));
  const entry = findOwnEntry(directory, {
    ...(as === undefined ? {} : { as }),
    ...(options.port === undefined ? {} : { port: options.port }),
    localAddresses: machineAddresses(),
  });
  if (!entry.ok) throw new CodedError(entry.failure);
  return openHome({
    folder: resolve(options.home ?? defaultHome(entry.value.username, env)),
    username: entry.value.username,
    isReadOnly: options.mode === 'read',
    newSecret: () => systemEntropy.bytes(32),
  });
}
