import { CodedError, type Bytes } from '../base/index.ts';
import type { Database } from './database.ts';
import { MIGRATIONS } from './schema.ts';
import { peekVersion } from './unchanged-database.ts';

/** Throws home-newer when the database is a later version's: nothing of it changes (STO-09). */
export function checkVersion(path: string, key: Bytes): void {
  const version = peekVersion(path, key);
  if (version <= MIGRATIONS.length) return;
  throw new CodedError({
    code: 'home-newer',
    message: `${path} is of version ${version}; this program knows versions up to ${MIGRATIONS.length}`,
    hint: 'Update Sotto. The home was not touched.',
  });
}

/** Each step and its number are one transaction: whenever it is killed, a step is there or it is not (STO-08). */
export function migrate(database: Database, steps: readonly string[] = MIGRATIONS): void {
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
