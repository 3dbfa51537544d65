import type { Database, SqlValue } from '../database.ts';

/** A value of the table `home` that is history's own; undefined when it was never set. */
export function readSetting(database: Database, name: 'indexed' | 'words' | 'sweep' | 'shown'): unknown {
  return database.prepare<{ value: unknown }>('SELECT value FROM home WHERE name = ?').get(name)?.value;
}

export function writeSetting(database: Database, name: 'indexed' | 'words' | 'sweep', value: SqlValue): void {
  const sql = 'INSERT INTO home VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value';
  database.prepare(sql).run(name, value);
}
