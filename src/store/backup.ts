import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, readSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BackupCommand } from '../api/index.ts';
import { CodedError, systemCode, systemReason, type Bytes, type ErrorCode } from '../base/index.ts';
import { syncFolder } from './atomic-write.ts';
import { copy, encodeBackupHead, writeAll } from './backup-file.ts';
import type { Database } from './database.ts';

export interface BackupSource {
  readonly database: Database;
  /** The home: the copy is made in it first. */
  readonly folder: string;
  readonly username: string;
  /** Of the database, 32 bytes. */
  readonly key: Bytes;
  readonly nowWall: number;
}

const TEMPORARY = /^\.backup-[0-9a-f]{12}$/;

/**
 * Writes an encrypted copy of the home to a new file, 0600, on the disk when this returns; on failure nothing of it stays. It holds up the
 * program for as long as copying takes. Throws usage when the file exists, file-unusable, disk-full, home-unusable.
 */
export function writeBackup(source: BackupSource, { path, passphrase }: BackupCommand): void {
  const { database, folder, username, key, nowWall } = source;
  removeBackupLeftovers(folder);
  const temporary = join(folder, `.backup-${randomBytes(6).toString('hex')}`);
  // Made first, because SQLite would make it with the rights of the umask.
  closeSync(makeNew(temporary, 'home-unusable'));
  try {
    database.prepare('VACUUM INTO ?').run(temporary);
    using made = opened(temporary);
    mustBeEncrypted(made.handle);
    const head = encodeBackupHead(
      { username, created: nowWall, ...copy(made.handle, 0, undefined) },
      key,
      passphrase,
    );
    writeTarget(path, head, made.handle);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** What a program that was killed left behind; encrypted, but as large as the database. */
export function removeBackupLeftovers(folder: string): void {
  for (const name of readdirSync(folder))
    if (TEMPORARY.test(name)) rmSync(join(folder, name), { force: true });
}

function writeTarget(path: string, head: Bytes, database: number): void {
  const target = makeNew(path, 'file-unusable');
  try {
    writeAll(target, head);
    copy(database, 0, target);
    fsyncSync(target);
    syncFolder(dirname(path));
  } catch (cause) {
    rmSync(path, { force: true });
    throw failed(path, cause, 'file-unusable');
  } finally {
    closeSync(target);
  }
}

function makeNew(path: string, code: ErrorCode): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (cause) {
    if (systemCode(cause) === 'EEXIST')
      throw new CodedError({
        code: 'usage',
        message: `${path} is there already`,
        hint: 'A backup overwrites nothing: give another file.',
      });
    throw failed(path, cause, code);
  }
}

function opened(path: string): Disposable & { readonly handle: number } {
  const handle = openSync(path, 'r');
  return { handle, [Symbol.dispose]: () => closeSync(handle) };
}

/** What would leave the machine in the clear here must never do so. */
function mustBeEncrypted(handle: number): void {
  const beginning = Buffer.alloc(16);
  readSync(handle, beginning, 0, 16, 0);
  if (beginning.toString('latin1') === 'SQLite format 3\0') throw new Error('the copy is not encrypted');
}

function failed(path: string, cause: unknown, otherwise: ErrorCode): CodedError {
  const code = systemCode(cause) === 'ENOSPC' ? 'disk-full' : otherwise;
  return new CodedError({ code, message: `${path} cannot be written: ${systemReason(cause)}` }, { cause });
}
