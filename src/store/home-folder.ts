import { chmodSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { CodedError, type Bytes } from '../base/index.ts';
import { syncFolder } from './atomic-write.ts';
import { toCodedError } from './database-error.ts';
import { decodeHomeFile, type HomeContent } from './home-file.ts';
import { keyFileOf } from './key-file.ts';

/** What versions before the database had in its place. */
const FORMER_FILE = 'home.json';

/** The XDG data folder's `sotto/<own username>`: two people on one machine never share a key. */
export function defaultHome(username: string, env: Readonly<Record<string, string | undefined>>): string {
  const data = env['XDG_DATA_HOME'] ?? '';
  // A name is safe as a folder's: it holds no separator, and a leading dot would hide it or leave the folder.
  const folder = username.replace(/^\./, '_.');
  return join(isAbsolute(data) ? data : join(env['HOME'] ?? homedir(), '.local', 'share'), 'sotto', folder);
}

/** Whose home this is, or undefined when nobody has used the folder. Throws home-damaged, home-newer or home-unusable. */
export function homeOwner(folder: string): string | undefined {
  return keyFileOf(folder)?.username ?? readFormerHome(folder)?.username;
}

/** Throws home-owner. */
export function checkOwner(folder: string, owner: string, username: string): void {
  if (owner === username) return;
  throw new CodedError({
    code: 'home-owner',
    message: `the home ${folder} belongs to ${owner}, not to ${username}`,
    hint: 'Give each user name a home of its own with --home, or say --as with the right name.',
  });
}

export function readFormerHome(folder: string): HomeContent | undefined {
  const path = join(folder, FORMER_FILE);
  let bytes: Bytes;
  try {
    bytes = new Uint8Array(readFileSync(path));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw toCodedError(folder, cause);
  }
  const content = decodeHomeFile(bytes);
  if (content.ok) return content.value;
  throw new CodedError({
    code: 'home-damaged',
    message: `${path} is damaged: ${content.failure.message}`,
    hint: 'Restore it from a backup. Moved away, a new key is made, and every contact must approve it.',
  });
}

/** Only once its content is on the disk in another form. */
export function removeFormerHome(folder: string): void {
  rmSync(join(folder, FORMER_FILE), { force: true });
  syncFolder(folder);
}

/** 0700, also when it was there before. */
export function makeHomeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (process.platform !== 'win32' && (statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
  } catch (cause) {
    throw toCodedError(folder, cause);
  }
}
