import type { GuessLedger } from '../../directory/index.ts';
import type { Database } from '../database.ts';

/** Failed guesses at passwords: the rows that differ are written, in place of a whole ledger at each guess. */
export class Guesses {
  readonly #database: Database;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(database: Database) {
    this.#database = database;
    this.#sql = prepare(database);
  }

  read(): GuessLedger {
    const buckets = this.#database.prepare<{ bucket: number; failures: number; lastWall: number }>(
      'SELECT bucket, failures, last AS lastWall FROM guess ORDER BY bucket',
    );
    const names = this.#database.prepare<{ username: string; failures: number }>(
      'SELECT username, failures FROM guess_name ORDER BY username',
    );
    return {
      buckets: new Map(
        buckets.all().map(({ bucket, failures, lastWall }) => [bucket, { failures, lastWall }]),
      ),
      names: new Map(names.all().map(({ username, failures }) => [username, failures])),
    };
  }

  write(before: GuessLedger, { buckets, names }: GuessLedger): void {
    for (const [bucket, value] of buckets) {
      const { failures, lastWall } = value;
      const known = before.buckets.get(bucket);
      if (known?.failures === failures && known.lastWall === lastWall) continue;
      this.#sql.setBucket.run(bucket, failures, Math.max(0, Math.round(lastWall)));
    }
    for (const bucket of before.buckets.keys()) if (!buckets.has(bucket)) this.#sql.dropBucket.run(bucket);
    for (const [name, failures] of names)
      if (before.names.get(name) !== failures) this.#sql.setName.run(name, failures);
    for (const name of before.names.keys()) if (!names.has(name)) this.#sql.dropName.run(name);
  }
}

function prepare(database: Database) {
  return {
    setBucket: database.prepare('INSERT OR REPLACE INTO guess (bucket, failures, last) VALUES (?, ?, ?)'),
    dropBucket: database.prepare('DELETE FROM guess WHERE bucket = ?'),
    setName: database.prepare('INSERT OR REPLACE INTO guess_name (username, failures) VALUES (?, ?)'),
    dropName: database.prepare('DELETE FROM guess_name WHERE username = ?'),
  };
}
