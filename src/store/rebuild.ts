import { existsSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { CodedError, type Bytes, type Failure } from '../base/index.ts';
import { syncFolder } from './atomic-write.ts';
import { openDatabase, suspectMark } from './database.ts';
import { migrate } from './migrate.ts';
import type { RecoveryContent } from './recovery.ts';
import { salvage, type Salvaged } from './salvage.ts';
import { openDamaged } from './unchanged-database.ts';

// A new database in place of a damaged one: first it is made beside it, then the damaged one gets another name, then the new one gets
// its name. Whatever kills this, the next start finds one of them whole (STO-07).

export interface Rebuild {
  readonly path: string;
  readonly key: Bytes;
  readonly recovery: RecoveryContent | 'missing' | 'unreadable';
  /** What was found. */
  readonly cause: CodedError;
}

/** Says what was saved. Throws home-damaged, with nothing changed, when not even the identity can be had; disk-full, home-unusable. */
export function rebuild({ path, key, recovery, cause }: Rebuild): Failure {
  const known = typeof recovery === 'string' ? undefined : recovery;
  const salvaged = makeNew(path, key, known);
  if (!salvaged) throw beyondRepair(path, recovery, cause);
  renameSync(`${path}.making`, `${path}.rebuilt`);
  syncFolder(dirname(path));
  const aside = finishRebuilding(path);
  return noticeOf(path, aside, salvaged);
}

/** Goes on where a start that made a new database was killed; the name under which the damaged one is kept, if there was one. */
export function finishRebuilding(path: string): string | undefined {
  removeAll(`${path}.making`);
  if (!existsSync(`${path}.rebuilt`)) return undefined;
  const aside = setAside(path);
  renameSync(`${path}.rebuilt`, path);
  rmSync(suspectMark(path), { force: true });
  syncFolder(dirname(path));
  return aside;
}

function makeNew(path: string, key: Bytes, recovery: RecoveryContent | undefined): Salvaged | undefined {
  const making = `${path}.making`;
  removeAll(making);
  const database = openDatabase(making, key);
  try {
    migrate(database);
    using damaged = openDamaged(path, key);
    const salvaged = salvage(damaged, database, recovery);
    if (salvaged) database.checkpoint();
    return salvaged;
  } finally {
    database.abandon();
  }
}

function setAside(path: string): string | undefined {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  let aside = `${path}.damaged-${time}`;
  for (let n = 2; existsSync(aside); n++) aside = `${path}.damaged-${time}-${n}`;
  // With its log, so that it can still be opened as it was.
  for (const suffix of ['-wal', '']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  rmSync(`${path}-shm`, { force: true });
  return existsSync(aside) ? aside : undefined;
}

function removeAll(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '.suspect']) rmSync(path + suffix, { force: true });
}

function noticeOf(
  path: string,
  aside: string | undefined,
  { messages, contacts, isFromRecovery }: Salvaged,
): Failure {
  const kept = aside === undefined ? 'was missing' : `was damaged, and is kept as ${basename(aside)}`;
  const trust = isFromRecovery ? 'Your identity and all pinned keys are kept' : 'Your identity is kept';
  return {
    code: 'home-damaged',
    message: `the database ${path} ${kept}. ${trust}; ${messages} messages with ${contacts} contacts could be saved.`,
    hint: 'Contacts send again what they still keep.',
  };
}

function beyondRepair(path: string, recovery: string | RecoveryContent, cause: CodedError): CodedError {
  const other =
    recovery === 'missing'
      ? 'there is no file “recovery”'
      : 'the file “recovery” cannot be opened with this key either';
  const failure = {
    code: 'home-damaged' as const,
    message: `${path} cannot be opened with the home’s key, and ${other}`,
    hint: 'Perhaps the file “key” is another one’s: put the right one back, or restore a backup with “sotto restore”.',
  };
  return new CodedError(failure, { cause });
}
