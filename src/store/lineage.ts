import { randomBytes } from 'node:crypto';
import type { Bytes } from '../base/index.ts';
import type { Database } from './database.ts';

const NAME = 'lineage';
const LENGTH = 16;

/**
 * Names the course that this home's history takes. A backup that is restored, and damage that took the end away, begin another
 * one: places are then given out that messages had before which are not there any more. Empty: it has been one from the start.
 */
export function readLineage(database: Database): Bytes {
  const row = database.prepare<{ value: unknown }>('SELECT value FROM home WHERE name = ?').get(NAME);
  return row?.value instanceof Uint8Array ? new Uint8Array(row.value) : new Uint8Array(0);
}

export function beginLineage(database: Database): void {
  database.prepare('INSERT OR REPLACE INTO home (name, value) VALUES (?, ?)').run(NAME, randomBytes(LENGTH));
}
