import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

// A lock that the kernel releases when its process dies, however it dies: SQLite's exclusive lock on an empty database.
// Nothing can be stale, so nothing has to be guessed from process ids (which are reused, and mean nothing in another
// container) or from times of change (which stand still in a stopped process). Node has no flock of its own.
//
// POSIX drops a process's locks on a file when that process closes any handle of it: nobody else opens these files.

export interface FileLock extends Disposable {
  [Symbol.dispose](): void;
}

/** Undefined when another holder, in this process or another one, keeps the file for all of `waitMs`. */
export function lockFile(path: string, waitMs: number): FileLock | undefined {
  const database = new DatabaseSync(path, { timeout: waitMs });
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  return { [Symbol.dispose]: () => database.isOpen && database.close() };
}

/** As `lockFile`, for a lock that leaves no file behind: the holder removes it before it lets go. */
export function lockTemporaryFile(path: string, waitMs: number): FileLock | undefined {
  for (;;) {
    closeSync(openSync(path, 'a', 0o600));
    const before = inodeOf(path);
    const lock = lockFile(path, waitMs);
    if (lock === undefined) return undefined;
    // While we waited, the holder may have removed the file that we have locked now: the name decides.
    if (before !== undefined && before === inodeOf(path)) {
      return {
        [Symbol.dispose]: () => {
          rmSync(path, { force: true });
          lock[Symbol.dispose]();
        },
      };
    }
    lock[Symbol.dispose]();
  }
}

function inodeOf(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
