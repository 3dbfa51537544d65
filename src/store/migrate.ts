import { CodedError, type Bytes } from '../base/index.ts';
import type { Database } from './database.ts';
import { MIGRATIONS } from './schema.ts';
import { peekVersion } from './unchanged-database.ts';

/** Throws home-newer when the database is a later version's: nothing of it changes (STO-09). */
export function checkVersion(path: string, key: Bytes): void {
  mustBeKnown(path, peekVersion(path, key) ?? 0, MIGRATIONS.length);
}

function mustBeKnown(path: string, version: number, newest: number): void {
  if (version <= newest) return;
  throw new CodedError({
    code: 'home-newer',
    message: `${path} is of version ${version}; this program knows versions up to ${newest}`,
    hint: 'Update Sotto. The home was not touched.',
  });
}

/** Each step and its number are one transaction: whenever it is killed, a step is there or it is not (STO-08). */
export function migrate(database: Database, steps: readonly string[] = MIGRATIONS): void {
  // On a full disk nobody could look before it was opened.
  mustBeKnown(database.path, userVersion(database), steps.length);
  for (let version = userVersion(database); version < steps.length; version++) {
    database.transaction(() => {
      database.exec(steps[version] ?? '');
      database.exec(`PRAGMA user_version = ${version + 1}`);
    });
  }
}

export function userVersion(database: Database): number {
  return Number(database.pragma('user_version'));
}
