import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { CodedError, type Bytes, type Failure } from '../base/index.ts';
import { syncFolder } from './atomic-write.ts';
import { openDatabase, suspectMark } from './database.ts';
import { migrate } from './migrate.ts';
import type { RecoveryContent } from './recovery.ts';
import { salvage, type Salvaged } from './salvage.ts';
import { openDamaged } from './unchanged-database.ts';

// A new database in place of a damaged one: first it is made beside it (.making), then it is named after the moment (.rebuilt-TIME), then
// the damaged one gets the name of the same moment (.damaged-TIME), its log first, then the new one gets its name. Whatever kills this, the
// next start finds one of them whole, goes on under the same names, and says what has become of it (STO-07).

/** Chosen once: a log belongs to the database of the same name. */
interface Names {
  /** Of the damaged one. */
  readonly aside: string;
  /** Of the new one, until it is in its place. */
  readonly rebuilt: string;
}

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
  const names = namesOf(path, unusedTime(path));
  renameSync(`${path}.making`, names.rebuilt);
  syncFolder(dirname(path));
  putInPlace(path, names);
  return noticeOf(path, names.aside, salvaged);
}

/** Goes on where a start that made a new database was killed, and says so; undefined when none was. */
export function finishRebuilding(path: string): Failure | undefined {
  removeAll(`${path}.making`);
  const begin = basename(namesOf(path, '').rebuilt);
  const rebuilt = readdirSync(dirname(path)).find((name) => name.startsWith(begin));
  if (rebuilt === undefined) return undefined;
  const names = namesOf(path, rebuilt.slice(begin.length));
  putInPlace(path, names);
  return noticeOf(path, names.aside, undefined);
}

/** With its log, so that the damaged one can still be opened as it was. */
function putInPlace(path: string, { aside, rebuilt }: Names): void {
  for (const suffix of ['-wal', '']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  rmSync(`${path}-shm`, { force: true });
  renameSync(rebuilt, path);
  rmSync(suspectMark(path), { force: true });
  syncFolder(dirname(path));
}

function namesOf(path: string, time: string): Names {
  return { aside: `${path}.damaged-${time}`, rebuilt: `${path}.rebuilt-${time}` };
}

function unusedTime(path: string): string {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const isUsed = (name: string): boolean => existsSync(name) || existsSync(`${name}-wal`);
  let unused = time;
  for (let n = 2; isUsed(namesOf(path, unused).aside); n++) unused = `${time}-${n}`;
  return unused;
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

function removeAll(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '.suspect']) rmSync(path + suffix, { force: true });
}

/** `salvaged`: unknown of a start that was killed. */
function noticeOf(path: string, aside: string, salvaged: Salvaged | undefined): Failure {
  const kept = existsSync(aside) ? `was damaged, and is kept as ${basename(aside)}` : 'was missing';
  const trust = salvaged?.isFromRecovery
    ? 'Your identity and all pinned keys are kept'
    : 'Your identity is kept';
  const saved = salvaged
    ? `${salvaged.messages} messages with ${salvaged.contacts} contacts could be saved`
    : 'what could be read of it was saved';
  return {
    code: 'home-damaged',
    message: `the database ${path} ${kept}. ${trust}; ${saved}.`,
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
