import type { Database, SqlValue } from '../database.ts';

type Setting = 'indexed' | 'words' | 'spanned' | 'sweep' | 'removed';

/** A value of the table `home` that is history's own; undefined when it was never set. */
export function readSetting(database: Database, name: Setting): unknown {
  return database.prepare<{ value: unknown }>('SELECT value FROM home WHERE name = ?').get(name)?.value;
}

export function writeSetting(database: Database, name: Setting, value: SqlValue): void {
  const sql = 'INSERT INTO home VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value';
  database.prepare(sql).run(name, value);
}
