import { existsSync, rmSync } from 'node:fs';
import type { Bytes } from '../base/index.ts';
import { isIndexImpossible, toCodedError } from './database-error.ts';
import type { SqlValue } from './database.ts';
import { connect, type Connection } from './sqlite.ts';

// Reading of a database that is not open, without changing a byte of it or of its log. Reading makes an index of the log, in a
// file that goes again; the home's lock keeps everybody else out.

/**
 * The `user_version` of a database that is not open; not a byte of it or of its WAL changes. Undefined when a full disk has no room for
 * the log's index. Throws as `openDatabase`.
 */
export function peekVersion(path: string, key: Bytes): number | undefined {
  const isIndexed = existsSync(`${path}-shm`);
  let connection: Connection | undefined;
  try {
    connection = connect(path, key, { readonly: true });
    return Number(connection.pragma('user_version', { simple: true }));
  } catch (error) {
    if (isIndexImpossible(error)) return undefined;
    throw toCodedError(path, error);
  } finally {
    connection?.close();
    if (!isIndexed) rmSync(`${path}-shm`, { force: true });
  }
}

export type SqlRow = Readonly<Record<string, SqlValue>>;

/** A damaged database, to be read as far as it goes. */
export interface DamagedDatabase extends Disposable {
  /** Calls `take` with row after row; false when one of them cannot be read. What `take` throws is thrown. */
  read(sql: string, values: readonly SqlValue[], take: (row: SqlRow) => void): boolean;
}

export function openDamaged(path: string, key: Bytes): DamagedDatabase {
  let connection: Connection | undefined;
  try {
    connection = connect(path, key, { readonly: true });
  } catch {
    // Then nothing of it can be read.
  }
  return {
    read: (sql, values, take) => {
      const rows = attempt(() => connection?.prepare(sql).iterate(...values));
      if (!rows) return false;
      try {
        for (;;) {
          const next = attempt(() => rows.next());
          if (!next) return false;
          if (next.done === true) return true;
          take(next.value as SqlRow);
        }
      } finally {
        attempt(() => rows.return?.());
      }
    },
    [Symbol.dispose]: () => {
      connection?.close();
      rmSync(`${path}-shm`, { force: true });
    },
  };
}

function attempt<Value>(act: () => Value): Value | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
