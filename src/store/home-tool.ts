import { resolve } from 'node:path';
import type { HomeOptions, HomeTool } from '../api/index.ts';
import { CodedError, wipe, type Bytes } from '../base/index.ts';
import { parseDirectory } from '../directory/index.ts';
import { readDirectoryFile } from './directory-file.ts';
import { invalidDirectory } from './directory-tool.ts';
import { keyFileOf, lockedError, openKey, setPassphrase, type KeyFile } from './key-file.ts';
import { findOwnHome } from './own-home.ts';
import { restoreBackup } from './restore.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What is done to a home as a whole; the home of `HomeOptions` is the one that `openChat` would open. */
export function createHomeTool(env: Environment): HomeTool {
  return {
    isLocked: async (options) => mustHaveKey(folderOf(options, env)).isWrapped,
    checkPassphrase: async (options) =>
      withPresent(options, env, (folder, present) => wipe(openKey(folder, present))),
    setPassphrase: async (options, next) =>
      withPresent(options, env, (folder, present) => setPassphrase(folder, present, next)),
    restore: async (command) => restoreBackup(command, env),
  };
}

async function withPresent(
  options: HomeOptions,
  env: Environment,
  act: (folder: string, present: Bytes | undefined) => void,
): Promise<void> {
  const folder = folderOf(options, env);
  const { isWrapped } = mustHaveKey(folder);
  if (isWrapped && !options.passphrase) throw lockedError(folder);
  const present = isWrapped ? await options.passphrase?.() : undefined;
  try {
    act(folder, present);
  } finally {
    wipe(present);
  }
}

function folderOf(options: HomeOptions, env: Environment): string {
  // Whose home a named folder is, it says itself: no directory is needed for that.
  if (options.home !== undefined) return resolve(options.home);
  const parsed = parseDirectory(readDirectoryFile(options.directory).bytes);
  if (!parsed.ok) throw invalidDirectory(options.directory, parsed.failure);
  return findOwnHome(options, parsed.value, env).folder;
}

function mustHaveKey(folder: string): KeyFile {
  const found = keyFileOf(folder);
  if (found) return found;
  throw new CodedError({
    code: 'home-unusable',
    message: `there is no home in ${folder} yet`,
    hint: 'It is made when Sotto is first used, for instance by: sotto identity',
  });
}
