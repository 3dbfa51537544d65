import { idOfBlob } from './id-blob.ts';
import type { Bytes } from '../../base/index.ts';
import type { Database, Statement } from '../database.ts';

/** A row of `contact` without its trust, open to change within one transaction. */
export interface Contact {
  readonly peer: number;
  readonly username: string;
  reached_us: number | null;
  epoch: Bytes | null;
  assigned: number;
  sent: number;
  settled: number;
  settled_id: Bytes | null;
  waiting: number;
  waiting_bytes: number;
  acked_key: Bytes | null;
  acked_from: number;
  peer_epoch: Bytes | null;
  peer_epoch_number: number;
  stored: number;
  stored_id: Bytes | null;
  largest_id: Bytes | null;
  shown: number;
}

const FIELDS: readonly string[] = [
  'reached_us epoch assigned sent settled settled_id waiting waiting_bytes acked_key acked_from',
  'peer_epoch peer_epoch_number stored stored_id largest_id shown',
].flatMap((names) => names.split(' '));

/** Nobody else writes these rows: what was read of one stays true until a transaction fails or the file is opened anew. */
export class Contacts {
  readonly #database: Database;
  readonly #rows = new Map<string, Contact>();
  #openings = 0;
  readonly #find: Statement<Contact>;
  readonly #add: Statement<never>;
  readonly #save: Statement<never>;

  constructor(database: Database) {
    this.#database = database;
    this.#find = database.prepare(
      `SELECT peer, username, ${FIELDS.join(', ')} FROM contact WHERE username = ?`,
    );
    this.#add = database.prepare('INSERT INTO contact (username) VALUES (?)');
    this.#save = database.prepare(
      `UPDATE contact SET ${FIELDS.map((field) => `${field} = ?`).join(', ')} WHERE peer = ?`,
    );
  }

  find(username: string): Contact | undefined {
    const { openings } = this.#database;
    if (this.#openings !== openings) this.forget();
    this.#openings = openings;
    const known = this.#rows.get(username) ?? this.#find.get(username);
    if (known) this.#rows.set(username, known);
    return known;
  }

  /** Only within a transaction: a contact that is not there yet is made. */
  open(username: string): Contact {
    const found = this.find(username);
    if (found) return found;
    this.#add.run(username);
    return this.open(username);
  }

  save(contact: Contact): void {
    const { peer, username: _, ...row } = contact;
    const values = row as Readonly<Record<string, number | Bytes | null>>;
    this.#save.run(...FIELDS.map((field) => values[field] ?? null), peer);
  }

  /** A transaction has failed. */
  forget(): void {
    this.#rows.clear();
  }
}

export function textOfId(id: Bytes | null): string | undefined {
  return id === null ? undefined : idOfBlob(id);
}
