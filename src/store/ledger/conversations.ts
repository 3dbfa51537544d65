import type { Database } from '../database.ts';
import type { Contact } from './contacts.ts';

/** What a person did to the conversation with a contact, and what is left to read of it. */
export interface Conversation {
  /** 0: nothing. */
  readonly readUpTo: number;
  /** Incoming messages behind that: counted up to 1,000, among the last 10,000 of the conversation. */
  readonly unread: number;
  readonly mutedUntilWall: number | undefined;
  readonly draft: string | undefined;
}

const UNREAD_MAX = 1_000;
/** Of a conversation in which one's own texts are all but alone, no more is looked through. */
const LOOKED_AT_MAX = 10_000;

interface Row {
  readonly peer: number;
  readonly username: string;
  readonly read_up_to: number;
  readonly muted_until: number | null;
  readonly draft: string | null;
  /** Whether anything ever came from it. */
  readonly has_incoming: number;
}

/** Drafts, read positions and who is muted. The unread are counted when they are asked for, and from then on as they come. */
export class Conversations {
  readonly #database: Database;
  readonly #sql: ReturnType<typeof prepare>;
  readonly #unread = new Map<number, number>();
  #openings = 0;

  constructor(database: Database) {
    this.#database = database;
    this.#sql = prepare(database);
  }

  setDraft({ peer }: Contact, text: string): void {
    if (text === '') this.#sql.removeDraft.run(peer);
    else this.#sql.setDraft.run(peer, text);
  }
  markRead({ peer }: Contact, upTo: number): void {
    this.#sql.markRead.run(upTo, peer);
    this.#unread.delete(peer);
  }
  mute({ peer }: Contact, untilWall: number | undefined): void {
    this.#sql.mute.run(untilWall ?? null, peer);
  }
  /** A message came. */
  arrived({ peer }: Contact): void {
    const unread = this.#unread.get(peer);
    if (unread !== undefined) this.#unread.set(peer, Math.min(UNREAD_MAX, unread + 1));
  }
  /** Messages were deleted, or a transaction has failed. */
  forget(): void {
    this.#unread.clear();
  }

  /** Of everybody who was ever heard of. */
  all(): ReadonlyMap<string, Conversation> {
    const { openings } = this.#database;
    if (this.#openings !== openings) this.forget();
    this.#openings = openings;
    return new Map(this.#sql.all.all().map((row) => [row.username, this.#conversation(row)]));
  }

  /** The last message with this contact; 0 when there is none. */
  lastPosition(username: string): number {
    return this.#sql.last.get(username)?.position ?? 0;
  }

  #conversation(row: Row): Conversation {
    return {
      readUpTo: row.read_up_to,
      unread: row.has_incoming === 0 ? 0 : this.#unreadOf(row),
      mutedUntilWall: row.muted_until ?? undefined,
      draft: row.draft ?? undefined,
    };
  }
  #unreadOf({ peer, read_up_to }: Row): number {
    const known = this.#unread.get(peer);
    if (known !== undefined) return known;
    const counted = this.#sql.unread.get(peer, read_up_to, LOOKED_AT_MAX, UNREAD_MAX)?.count ?? 0;
    this.#unread.set(peer, counted);
    return counted;
  }
}

function prepare(database: Database) {
  return {
    setDraft: database.prepare(
      'INSERT INTO draft (peer, text) VALUES (?, ?) ON CONFLICT DO UPDATE SET text = excluded.text',
    ),
    removeDraft: database.prepare('DELETE FROM draft WHERE peer = ?'),
    markRead: database.prepare('UPDATE contact SET read_up_to = max(read_up_to, ?) WHERE peer = ?'),
    mute: database.prepare('UPDATE contact SET muted_until = ? WHERE peer = ?'),
    all: database.prepare<Row>(
      `SELECT contact.peer, username, read_up_to, muted_until, text AS draft, largest_id IS NOT NULL AS has_incoming
       FROM contact LEFT JOIN draft USING (peer) ORDER BY contact.peer`,
    ),
    unread: database.prepare<{ count: number }>(
      `SELECT count(*) AS count FROM (
         SELECT 1 FROM (SELECT direction FROM message WHERE peer = ? AND position > ? ORDER BY position DESC LIMIT ?)
         WHERE direction = 0 LIMIT ?)`,
    ),
    last: database.prepare<{ position: number | null }>(
      `SELECT max(position) AS position FROM message
       WHERE peer = (SELECT peer FROM contact WHERE username = ?)`,
    ),
  };
}
