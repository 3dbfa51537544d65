import {
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { CodedError, systemReason } from '../base/index.ts';
import { makeHomeFolder } from './home-folder.ts';

/** Beside it there is at most one that is older: together they say what happened lately, and fill no disk. */
const LOG_BYTES_MAX = 1024 * 1024;

export interface NodeLog extends Disposable {
  readonly path: string;
  /** Open for appending: a program may have it as its stderr. */
  readonly descriptor: number;
}

/** The file in which a program that nobody sits in front of says what happens, 0600. Throws file-unusable, or as `makeHomeFolder`. */
export function openLog(home: string): NodeLog {
  makeHomeFolder(home);
  const path = join(home, 'log');
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  let descriptor: number | undefined;
  try {
    // A pipe of this name would wait for a reader.
    descriptor = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
    if (!fstatSync(descriptor).isFile()) throw new Error('it is no file');
    fchmodSync(descriptor, 0o600);
  } catch (cause) {
    if (descriptor !== undefined) closeSync(descriptor);
    throw new CodedError(
      {
        code: 'file-unusable',
        message: `the log ${path} cannot be opened: ${systemReason(cause)}`,
        hint: 'Move it away, or make it yours and writable.',
      },
      { cause },
    );
  }
  const opened = descriptor;
  return { path, descriptor: opened, [Symbol.dispose]: () => closeSync(opened) };
}

/**
 * Moves what a long log says to `log.1`. The descriptor stays the one it is, as a program cannot get another stderr; so the
 * content is copied and the file emptied. Where there is no room for a copy, the old lines are lost.
 */
export function keepLogShort(home: string, descriptor: number): void {
  const path = join(home, 'log');
  if (!isLong(path, descriptor)) return;
  try {
    const former = `${path}.1`;
    rmSync(former, { force: true });
    copyFileSync(path, former, constants.COPYFILE_EXCL);
  } finally {
    ftruncateSync(descriptor);
  }
}

/** And the descriptor is that of the log: not of a file that somebody has moved away, or of another one. */
function isLong(path: string, descriptor: number): boolean {
  const written = fstatSync(descriptor);
  if (!written.isFile() || written.size < LOG_BYTES_MAX) return false;
  const named = statSync(path, { throwIfNoEntry: false });
  return named?.dev === written.dev && named.ino === written.ino;
}
