import { CodedError, type Bytes } from '../base/index.ts';
import type { Database } from './database.ts';

/** Who the home's person is: two rows of the table `home`. */
export interface Identity {
  readonly username: string;
  /** X25519, 32 bytes. */
  readonly secret: Bytes;
}

/** Undefined in a database that was only just made. Throws home-damaged. */
export function readIdentity(database: Database): Identity | undefined {
  const rows = database.prepare<{ name: string; value: unknown }>(
    "SELECT name, value FROM home WHERE name IN ('username', 'secret')",
  );
  const values = new Map(rows.all().map(({ name, value }) => [name, value]));
  if (values.size === 0) return undefined;
  const [username, secret] = [values.get('username'), values.get('secret')];
  if (typeof username === 'string' && secret instanceof Uint8Array && secret.length === 32) {
    return { username, secret: new Uint8Array(secret) };
  }
  throw new CodedError({ code: 'home-damaged', message: `${database.path} does not say whose it is` });
}

/** Within the caller's transaction. */
export function writeIdentity(database: Database, { username, secret }: Identity): void {
  const set = database.prepare('INSERT OR REPLACE INTO home (name, value) VALUES (?, ?)');
  set.run('username', username);
  set.run('secret', secret);
}
