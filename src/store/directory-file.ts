import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, statSync, watch } from 'node:fs';
import type { BigIntStats, FSWatcher, Stats } from 'node:fs';
import { basename, dirname } from 'node:path';
import {
  CodedError,
  systemCode,
  systemReason,
  type Bytes,
  type ErrorCode,
  type Failure,
} from '../base/index.ts';
import { DIRECTORY_BYTES_MAX } from '../directory/index.ts';

export interface DirectoryFile {
  readonly bytes: Bytes;
  /** directory-unsafe: others can read the passwords, or can replace the file (DIR-05, DIR-08). */
  readonly warnings: readonly Failure[];
}

/** Reads a regular file of at most 1 MiB (DIR-01). Throws directory-missing or directory-unreadable. */
export function readDirectoryFile(path: string): DirectoryFile {
  let handle: number | undefined;
  try {
    // Without O_NONBLOCK the open of a FIFO would wait for a writer.
    handle = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = fstatSync(handle);
    if (!stats.isFile()) throw unreadable(path, 'it is not a regular file');
    if (stats.size > DIRECTORY_BYTES_MAX)
      throw unreadable(path, `it has ${stats.size} bytes; at most 1 MiB is possible`);
    const bytes = readAll(handle, path);
    return { bytes, warnings: findWarnings(path, stats, bytes) };
  } catch (error) {
    throw error instanceof CodedError ? error : readError(path, error);
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

/** The file may grow while it is read. */
function readAll(handle: number, path: string): Bytes {
  const buffer = Buffer.alloc(DIRECTORY_BYTES_MAX + 1);
  let length = 0;
  for (;;) {
    const read = readSync(handle, buffer, length, buffer.length - length, null);
    length += read;
    if (length > DIRECTORY_BYTES_MAX) throw unreadable(path, 'it has more than 1 MiB');
    if (read === 0) return new Uint8Array(buffer.subarray(0, length));
  }
}

function readError(path: string, cause: unknown): CodedError {
  const code = systemCode(cause);
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return unreadable(path, systemReason(cause), cause);
  const failure = {
    code: 'directory-missing' as const,
    message: `there is no directory file ${path}`,
    hint: 'Create it with “sotto directory init”, or name another one with --directory.',
  };
  return new CodedError(failure, { cause });
}

function unreadable(path: string, why: string, cause?: unknown): CodedError {
  const code: ErrorCode = 'directory-unreadable';
  return new CodedError({ code, message: `the directory file ${path} cannot be read: ${why}` }, { cause });
}

function findWarnings(path: string, stats: Stats, bytes: Bytes): readonly Failure[] {
  // Windows has no such ids, and other rights.
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  if (uid === undefined || gid === undefined) return [];
  const real = realpathSync(path);
  const folder = statSync(dirname(real));
  const warnings: Failure[] = [];
  const warn = (message: string, hint: string) => warnings.push({ code: 'directory-unsafe', message, hint });
  const isForeign = (owner: number) => owner !== uid && owner !== 0;
  if (isForeign(stats.uid))
    warn(`the directory file ${path} belongs to another user`, `Run: chown ${uid} ${quote(path)}`);
  if ((stats.mode & 0o022) !== 0) {
    warn(`others can write the directory file ${path}`, `Run: chmod 600 ${quote(path)}`);
  } else if ((stats.mode & 0o044) !== 0 && Buffer.from(bytes).includes('"password"')) {
    warn(`others can read the passwords in ${path}`, `Run: chmod 600 ${quote(path)}`);
  }
  if (isForeign(folder.uid) || isWritableByOthers(folder, gid)) {
    warn(
      `others can replace the directory file ${path}: they can write its folder`,
      `Run: chmod go-w ${quote(dirname(real))}`,
    );
  }
  return warnings;
}

/** In a sticky folder, such as /tmp, only its owner replaces a file; one's own group is often of one person. */
function isWritableByOthers({ mode, gid }: Stats, ownGid: number): boolean {
  if ((mode & 0o1000) !== 0) return false;
  return (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== ownGid);
}

function quote(path: string): string {
  return /^[\w./~+-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

/** An editor's save is several events; a save is over when nothing has happened for this long. */
const DEBOUNCE_MS = 200;
/** Network file systems, symbolic links and a replaced folder give no events. */
const POLL_MS = 2_000;

/**
 * Calls `onChange` after the file was edited, replaced, removed or created again, until the signal aborts (DIR-02). Begin
 * to watch before the first read: then no edit is missed between the two.
 */
export function watchDirectoryFile(
  path: string,
  onChange: () => void,
  { signal }: { readonly signal: AbortSignal },
): void {
  if (signal.aborted) return;
  let seen = fingerprint(path);
  let debounce: NodeJS.Timeout | undefined;
  const compare = () => {
    const now = fingerprint(path);
    if (now === seen) return;
    seen = now;
    onChange();
  };
  const onEvent = (_type: string, name: string | null) => {
    if (name !== null && name !== basename(path)) return;
    clearTimeout(debounce);
    debounce = setTimeout(compare, DEBOUNCE_MS);
  };
  const watcher = watchFolder(dirname(path), onEvent);
  const poll = setInterval(compare, POLL_MS).unref();
  const stop = () => {
    clearTimeout(debounce);
    clearInterval(poll);
    watcher?.close();
  };
  signal.addEventListener('abort', stop, { once: true });
}

/** Undefined where the system cannot watch (a missing folder, no watches left): then the poll alone notices. */
function watchFolder(
  folder: string,
  onEvent: (type: string, name: string | null) => void,
): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, onEvent);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}

function fingerprint(path: string): string {
  try {
    const stats: BigIntStats = statSync(path, { bigint: true });
    return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(' ');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}
