import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type {
  DirectoryEntryInput,
  DirectoryEntryView,
  DirectoryReport,
  DirectoryTool,
} from '../api/index.ts';
import { CodedError, decodeUtf8, encodeUtf8, systemReason, toSafeText, type Failure } from '../base/index.ts';
import { editDirectory, EMPTY_DIRECTORY, parseDirectory, parseUsernameText } from '../directory/index.ts';
import type { Directory, DirectoryEdit, DirectoryEntry } from '../directory/index.ts';
import { syncFolder, writeFileAtomic } from './atomic-write.ts';
import { readDirectoryFile } from './directory-file.ts';
import { lockTemporaryFile, type FileLock } from './file-lock.ts';
import { reachableAddresses } from './local-addresses.ts';

/** An edit takes milliseconds; who holds the lock longer than this hangs. */
const LOCK_WAIT_MS = 5_000;

export function createDirectoryTool(): DirectoryTool {
  return {
    check: async (path) => check(path),
    list: async (path) => loadDirectory(path).entries.map((entry) => viewOf(entry)),
    init: async (path) => init(path),
    add: async (path, entry) => addEntry(path, entry),
    set: async (path, username, fields) => change(path, { type: 'set', username, fields }),
    remove: async (path, username) => change(path, { type: 'remove', username }),
    revealPassword: async (path, username) => revealPassword(path, username),
    readPasswordFile: async (path) => readPasswordFile(path),
    generatePassword,
    localAddresses: reachableAddresses,
  };
}

/** What a start says about a bad directory file: its first mistake, and where to see all of them. */
export function invalidDirectory(path: string, problems: readonly Failure[]): CodedError {
  const [first] = problems;
  const more =
    problems.length > 1 ? ` (and ${problems.length - 1} more: “sotto directory check” lists them)` : '';
  const message = `${path}: ${first?.message ?? 'the directory has mistakes'}${more}`;
  const hint = first?.hint;
  return new CodedError({ code: 'directory-invalid', message, ...(hint !== undefined && { hint }) });
}

function check(path: string): DirectoryReport {
  const { bytes, warnings } = readDirectoryFile(path);
  const parsed = parseDirectory(bytes);
  return parsed.ok
    ? { entries: parsed.value.entries.length, problems: [], warnings }
    : { entries: 0, problems: parsed.failure, warnings };
}

/** Throws directory-missing, directory-unreadable or directory-invalid, which names every mistake. */
export function loadDirectory(path: string): Directory {
  const parsed = parseDirectory(readDirectoryFile(path).bytes);
  if (parsed.ok) return parsed.value;
  throw invalidDirectory(path, parsed.failure);
}

function viewOf({ username, port, ip, addresses, password, key, line }: DirectoryEntry): DirectoryEntryView {
  const further = addresses.slice(1);
  return {
    username,
    port,
    ip,
    ...(further.length > 0 && { furtherAddresses: further }),
    hasPassword: password.reveal() !== '',
    ...(key !== undefined && { key: Buffer.from(key).toString('base64') }),
    line,
  };
}

function revealPassword(path: string, username: string): string {
  const name = parseUsernameText(username);
  const entry = name.ok ? loadDirectory(path).entry(name.value) : undefined;
  if (entry !== undefined) return entry.password.reveal();
  throw new CodedError({
    code: 'contact-unknown',
    message: `the directory has no “${toSafeText(username)}”`,
  });
}

/** A password has at most 1 KiB; a longer line is another file by mistake. */
const PASSWORD_FILE_BYTES_MAX = 4_096;

function readPasswordFile(path: string): string {
  const problem = (why: string) =>
    new CodedError({ code: 'usage', message: `the password file ${path} ${why}` });
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new CodedError(
      { code: 'file-unusable', message: `the password file ${path} cannot be read: ${systemReason(error)}` },
      { cause: error },
    );
  }
  if (bytes.length > PASSWORD_FILE_BYTES_MAX) throw problem('is larger than 4 KiB');
  const line = decodeUtf8(bytes)?.split(/\r?\n/, 1)[0];
  if (line === undefined) throw problem('is not UTF-8');
  if (line === '') throw problem('begins with an empty line');
  return line;
}

function init(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) {
    throw new CodedError({
      code: 'directory-invalid',
      message: `${path} is there already`,
      hint: 'Nothing was changed.',
    });
  }
  writing(path, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const file = openSync(path, 'wx', 0o600);
    try {
      writeFileSync(file, EMPTY_DIRECTORY);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    syncFolder(dirname(path));
  });
}

function addEntry(path: string, entry: DirectoryEntryInput): void {
  const exists = statSync(path, { throwIfNoEntry: false }) !== undefined;
  if (!exists) writing(path, () => mkdirSync(dirname(path), { recursive: true, mode: 0o700 }));
  change(path, { type: 'add', entry }, EMPTY_DIRECTORY);
}

/** Two tools at once lose nothing: each reads and replaces under the lock. */
function change(path: string, edit: DirectoryEdit, missing?: string): void {
  const target = resolveLinks(path);
  using _lock = lockDirectory(target);
  const stats = statSync(target, { throwIfNoEntry: false });
  const text = stats === undefined && missing !== undefined ? missing : readText(target);
  const edited = editDirectory(text, edit);
  if (!edited.ok) throw new CodedError(edited.failure);
  writing(target, () => writeFileAtomic(target, encodeUtf8(edited.value), keptOf(stats)));
}

/** To replace a symbolic link itself would leave the file that it names behind, unchanged. */
function resolveLinks(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch {
    return absolute;
  }
}

function lockDirectory(path: string): FileLock {
  const lock = writing(path, () =>
    lockTemporaryFile(join(dirname(path), `.${basename(path)}.lock`), LOCK_WAIT_MS),
  );
  if (lock !== undefined) return lock;
  const message = `the directory file ${path} is being edited by another program`;
  throw new CodedError({ code: 'directory-unwritable', message, hint: 'Try again in a moment.' });
}

function readText(path: string): string {
  const { bytes } = readDirectoryFile(path);
  const text = decodeUtf8(bytes);
  if (text !== undefined) return text;
  const parsed = parseDirectory(bytes);
  throw invalidDirectory(path, parsed.ok ? [] : parsed.failure);
}

/** The same owner, and never more rights than 0600. */
function keptOf(stats: Stats | undefined): { mode?: number; owner?: { uid: number; gid: number } } {
  if (stats === undefined) return {};
  const isForeign = process.getuid !== undefined && stats.uid !== process.getuid();
  const owner = isForeign ? { owner: { uid: stats.uid, gid: stats.gid } } : {};
  return { mode: stats.mode & 0o600, ...owner };
}

function writing<Value>(path: string, write: () => Value): Value {
  try {
    return write();
  } catch (error) {
    const why = systemReason(error);
    throw new CodedError(
      { code: 'directory-unwritable', message: `the directory file ${path} cannot be written: ${why}` },
      { cause: error },
    );
  }
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** 32 letters divide the 256 values of a byte evenly: every password is as likely as any other. */
function generatePassword(): string {
  const letters = Array.from(randomBytes(20), (byte) => CROCKFORD[byte % CROCKFORD.length]);
  return letters.join('').replaceAll(/.{5}(?=.)/g, '$&-');
}
