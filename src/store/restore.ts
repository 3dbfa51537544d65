import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { CodedError, wipe, type Bytes } from '../base/index.ts';
import type { Change } from '../engine/index.ts';
import { syncFolder } from './atomic-write.ts';
import { invalid, openBackupFile, openBackupKey, type BackupFile } from './backup-file.ts';
import { toCodedError } from './database-error.ts';
import { openDatabase } from './database.ts';
import { defaultHome } from './home-folder.ts';
import { readIdentity } from './identity.ts';
import { writeNewKey } from './key-file.ts';
import { DurableLedger } from './ledger/index.ts';
import { beginLineage } from './lineage.ts';
import { checkVersion, migrate } from './migrate.ts';
import { writeRecovery } from './recovery.ts';

const DATABASE_FILE = 'sotto.db';

export interface RestoreCommand {
  readonly from: string;
  /** The backup's own. The caller overwrites it. */
  readonly passphrase: Bytes;
  /** Default: `defaultHome` of whose backup it is. */
  readonly home?: string;
}

/**
 * Makes a home out of a backup: beside its place, and moved there as a whole when it is on the disk. Its key lies in the file as it is. Throws
 * file-unusable, backup-invalid, passphrase-wrong, home-exists, home-newer, home-unusable or disk-full; then nothing of it stays.
 */
export function restoreBackup(
  { from, passphrase, home }: RestoreCommand,
  env: Readonly<Record<string, string | undefined>>,
): { readonly home: string; readonly username: string } {
  using backup = openBackupFile(from);
  const { username } = backup.header;
  const key = openBackupKey(from, backup.header, passphrase);
  const folder = resolve(home ?? defaultHome(username, env));
  mustBeFree(folder);
  // No default home begins with a dot: nobody lives here, and an attempt that was killed is taken away by the next one.
  const staging = join(dirname(folder), `.${basename(folder)}.restoring`);
  try {
    prepare(staging);
    fill(staging, { from, backup, key });
    moveTo(folder, staging);
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    throw error instanceof CodedError ? error : toCodedError(folder, error);
  } finally {
    wipe(key);
  }
  return { home: folder, username };
}

function prepare(staging: string): void {
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true, mode: 0o700 });
}

interface Opened {
  readonly from: string;
  readonly backup: BackupFile;
  readonly key: Bytes;
}

function fill(staging: string, { from, backup, key }: Opened): void {
  const path = join(staging, DATABASE_FILE);
  const file = openSync(path, 'wx', 0o600);
  try {
    backup.copyDatabase(file);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    checkVersion(path, key);
    beginAnew(staging, key, backup.header.username);
  } catch (error) {
    // Its bytes are those that were written: it was damaged before.
    if (error instanceof CodedError && error.code === 'home-damaged') throw invalid(from, error.message);
    throw error;
  }
  writeNewKey(staging, backup.header.username, key);
}

/**
 * What was numbered after the backup nobody here remembers: a peer would take another message for one that it has. So every numbering
 * begins again (spec/05), and peers send once more what we acked since, because our cursors are lower.
 */
function beginAnew(staging: string, key: Bytes, username: string): void {
  using database = openDatabase(join(staging, DATABASE_FILE), key);
  database.check();
  migrate(database);
  const identity = readIdentity(database);
  if (identity?.username !== username)
    throw new CodedError({ code: 'home-damaged', message: 'it does not say whose it is' });
  const ledger = new DurableLedger(database);
  const numbered = database.prepare<NumberedContact>(
    'SELECT username, epoch FROM contact WHERE epoch IS NOT NULL',
  );
  ledger.commit(numbered.all().map(newEpoch));
  beginLineage(database);
  const { records, peers, generation } = ledger;
  writeRecovery(staging, key, { ...identity, records, peers, generation });
}

interface NumberedContact {
  readonly username: string;
  readonly epoch: Bytes;
}

function newEpoch({ username, epoch }: NumberedContact): Change {
  return { type: 'outbox-epoch', peer: username, former: epoch, epoch: randomBytes(16) };
}

function moveTo(folder: string, staging: string): void {
  syncFolder(staging);
  try {
    rmdirSync(folder);
  } catch (error) {
    // A folder that has got something in it meanwhile refuses the renaming, too.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  renameSync(staging, folder);
  syncFolder(dirname(folder));
}

function mustBeFree(folder: string): void {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw toCodedError(folder, error);
  }
  if (names.length === 0) return;
  throw new CodedError({
    code: 'home-exists',
    message: `there is something in ${folder} already`,
    hint: 'Move it away first, or name another folder with --home.',
  });
}
