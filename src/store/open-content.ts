import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError, type Bytes, type Failure } from '../base/index.ts';
import { NO_GUESSES } from '../directory/index.ts';
import { openDatabase, type Database } from './database.ts';
import { checkOwner, readFormerHome, removeFormerHome } from './home-folder.ts';
import type { HomeContent } from './home-file.ts';
import type { HomeLock } from './home-lock.ts';
import { readIdentity, writeIdentity, type Identity } from './identity.ts';
import { createKey, keyFileOf, openKey } from './key-file.ts';
import { checkBeginning, DurableLedger } from './ledger/index.ts';
import { checkVersion, migrate } from './migrate.ts';
import { finishRebuilding, rebuild } from './rebuild.ts';
import { readRecovery, RECOVERY_FILE } from './recovery.ts';

// A home is complete when its database says whose it is. Whatever kills a start before that, the next one goes on from there: a key
// without a database belongs to none, and a former home file stays until its content is in the database.

const DATABASE_FILE = 'sotto.db';

export interface OpenHome {
  readonly folder: string;
  readonly username: string;
  /** UTF-8, for a home that is under one; ignored by any other. The caller overwrites it. */
  readonly passphrase?: Bytes | undefined;
  /** A new identity's secret key, 32 bytes; asked for only when the home is new. */
  readonly newSecret: () => Bytes;
  /** Of the folder, when it was taken before (`lockOwnHome`); it is given back with the home, or when this throws. */
  readonly lock?: HomeLock;
}

export interface HomeContents {
  readonly identity: Identity;
  readonly key: Bytes;
  readonly database: Database;
  readonly notices: readonly Failure[];
}

/** Under the home's lock. Throws what `openHome` throws. */
export function openContent({ folder, username, passphrase, newSecret }: OpenHome): HomeContents {
  const former = readFormerHome(folder);
  if (former) checkOwner(folder, former.username, username);
  const path = join(folder, DATABASE_FILE);
  const key = openOrCreateKey(folder, username, passphrase);
  // Behind the key: a wrong passphrase would take the notice away.
  const finished = finishRebuilding(path);
  const { database, notices } = openOrRebuild(folder, path, key);
  const newHome = () => ({ username, secret: newSecret(), records: [], guesses: NO_GUESSES });
  try {
    const identity = readIdentity(database) ?? begin(database, beginning({ folder, key, former, newHome }));
    checkOwner(folder, identity.username, username);
    if (former) removeFormerHome(folder);
    return { identity, key, database, notices: [...(finished ? [finished] : []), ...notices] };
  } catch (error) {
    database[Symbol.dispose]();
    throw error;
  }
}

function openOrCreateKey(folder: string, username: string, passphrase: Bytes | undefined): Bytes {
  const found = keyFileOf(folder);
  if (found) {
    checkOwner(folder, found.username, username);
    return openKey(folder, passphrase);
  }
  const orphan = [DATABASE_FILE, RECOVERY_FILE].find((name) => existsSync(join(folder, name)));
  if (orphan === undefined) return createKey(folder, username);
  throw new CodedError({
    code: 'home-damaged',
    message: `the home ${folder} has lost its file “key”: without it ${orphan} cannot be read`,
    hint: 'Put a copy of that file back, or restore a backup with “sotto restore”.',
  });
}

function openOrRebuild(folder: string, path: string, key: Bytes): Pick<HomeContents, 'database' | 'notices'> {
  const isThere = (lstatSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
  const recovery = readRecovery(folder, key);
  // A start that was killed before there was anything to lose leaves neither.
  if (!isThere && recovery === 'missing') return { database: openChecked(path, key), notices: [] };
  try {
    if (!isThere) throw new CodedError({ code: 'home-damaged', message: `${path} is empty or missing` });
    checkVersion(path, key);
    const database = openChecked(path, key);
    return { database, notices: [] };
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'home-damaged') throw error;
    const notice = rebuild({ path, key, recovery, cause: error });
    return { database: openChecked(path, key), notices: [notice] };
  }
}

/** What every start needs is read at once; damage anywhere else shows when it is read (STO-07). */
function openChecked(path: string, key: Bytes): Database {
  const database = openDatabase(path, key);
  try {
    migrate(database);
    if (database.isSuspect) database.check();
    readIdentity(database);
    checkBeginning(database);
    return database;
  } catch (error) {
    database.abandon();
    throw error;
  }
}

/** When all of the database was in a log that is spoiled, it is as empty as a new one. */
function beginning(options: {
  readonly folder: string;
  readonly key: Bytes;
  readonly former: HomeContent | undefined;
  readonly newHome: () => HomeContent;
}): HomeContent {
  const { folder, key, former, newHome } = options;
  const recovery = readRecovery(folder, key);
  if (recovery === 'missing') return former ?? newHome();
  if (recovery !== 'unreadable') return { ...recovery, guesses: NO_GUESSES };
  throw new CodedError({
    code: 'home-damaged',
    message: `the database of the home ${folder} is empty, and the file “recovery” is damaged or of another key`,
    hint: 'Restore a backup with “sotto restore”. Moved away, a new key is made, and every contact must approve it.',
  });
}

/** The identity comes last: it says that all the rest is there. */
function begin(database: Database, { username, secret, records, guesses }: HomeContent): Identity {
  const trust = records.map((record) => ({ type: 'trust' as const, record }));
  new DurableLedger(database).commit([...trust, { type: 'guesses', guesses }]);
  database.transaction(() => writeIdentity(database, { username, secret }));
  // From now on no damage of the log can take it away.
  database.checkpoint();
  return { username, secret };
}
