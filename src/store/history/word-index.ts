// By which words messages are found: an FTS5 table without texts, whose tokens are made by words.ts.
//
// Messages are indexed after they were committed, in idle time, so that storing one costs nothing for it; a search catches up
// first. A removed message leaves markers in FTS5's segments, and its words stay in older segments until all are merged into
// one: the sweep does that step by step, and ends with an empty WAL. Refused: FTS5's `secure-delete`, which takes a hundred
// times as long for each message, and leaves the beginnings of deleted words in the directory of its pages (measured).
import type { Database } from '../database.ts';
import { noteTimes } from './ranges.ts';
import { readSetting, writeSetting } from './settings.ts';
import { parseSearch, tokensOf, WORDS_VERSION, type Search } from './words.ts';

/** UTF-16 units of text that one step takes in: some tens of milliseconds. */
const STEP_LENGTH_MAX = 128 * 1_024;
/** FTS5 keeps segments of each size; put together as one they answer a search from the middle many times as fast. */
const MERGED_EVERY = 65_536;
/** Pages of 2 KiB that one step of the sweep writes. */
const SWEEP_PAGES = 128;
/** Before a contact's number: a character that is in no word. */
const CONTACT_MARK = '\uE000';

export interface IndexedMessage {
  readonly position: number;
  readonly peer: number;
  readonly text: string;
}

/** What FTS5 is asked; undefined when nothing can fit. */
export interface Match {
  readonly expression: string;
  readonly fits: Search['fits'];
}

export class WordIndex {
  readonly #database: Database;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(database: Database) {
    this.#database = database;
    this.#sql = prepare(database);
  }

  /** Everything a search sees is indexed up to here. */
  get #indexed(): number {
    return this.#isCurrent ? Number(readSetting(this.#database, 'indexed') ?? 0) : 0;
  }
  get #isCurrent(): boolean {
    return readSetting(this.#database, 'words') === WORDS_VERSION;
  }

  /** Takes in the next messages, at most `limit`, in one transaction; true when more may be left. */
  step(limit: number): boolean {
    const indexed = this.#indexed;
    const rows = this.#sql.next.all(indexed, limit);
    if (rows.length === 0) return false;
    return this.#database.transaction(() => {
      if (!this.#isCurrent) this.#reset();
      let length = 0;
      let count = 0;
      for (const row of rows) {
        this.#sql.add.run(row.position, tokenTextOf(row));
        count++;
        length += row.text.length;
        if (length > STEP_LENGTH_MAX) break;
      }
      const taken = rows.slice(0, count);
      const last = taken.at(-1)?.position ?? 0;
      noteTimes(this.#database, taken);
      writeSetting(this.#database, 'indexed', last);
      if (Math.floor(last / MERGED_EVERY) > Math.floor(indexed / MERGED_EVERY))
        writeSetting(this.#database, 'sweep', 'begin');
      return rows.length === limit || last !== rows.at(-1)?.position;
    });
  }

  /** Within the caller's transaction, before or after the message's own row is deleted. */
  remove(messages: readonly IndexedMessage[]): void {
    const indexed = this.#indexed;
    for (const message of messages)
      if (message.position <= indexed) this.#sql.remove.run(message.position, tokenTextOf(message));
    writeSetting(this.#database, 'sweep', 'begin');
  }

  /** One step towards a file in which nothing of what was deleted is left; true when more is to be done. */
  sweep(): boolean {
    const state = readSetting(this.#database, 'sweep');
    if (state === undefined || state === 'done') return false;
    const hasMore = this.#database.transaction(() => {
      if (!this.#isCurrent) this.#reset();
      if (state !== 'begin') return this.#merge(SWEEP_PAGES);
      // A merge counts what it writes: of nothing but deleted words it would take in everything in one step.
      if (!this.#sql.any.get()) this.#sql.clear.run();
      // A negative number takes all segments together; positive ones go on with that.
      else this.#merge(-SWEEP_PAGES);
      writeSetting(this.#database, 'sweep', 'merging');
      return true;
    });
    if (hasMore) return true;
    this.#database.checkpoint();
    writeSetting(this.#database, 'sweep', 'done');
    return false;
  }

  /** What to ask for all messages, or one contact's, that a person's search fits. */
  match(search: string, peer: number | undefined): Match {
    const { terms, fits } = parseSearch(search);
    const wanted = terms.map(({ token, isPrefix }) => (isPrefix ? `${quote(token)} *` : quote(token)));
    if (peer !== undefined) wanted.push(quote(CONTACT_MARK + String(peer)));
    return { expression: wanted.join(' AND '), fits };
  }

  /** FTS5 says by the number of its changes whether there was anything to merge (its manual, “The 'merge' Command”). */
  #merge(pages: number): boolean {
    const before = this.#sql.changes.get()?.count ?? 0;
    this.#sql.merge.run(pages);
    return (this.#sql.changes.get()?.count ?? 0) - before >= 2;
  }

  #reset(): void {
    this.#sql.clear.run();
    writeSetting(this.#database, 'words', WORDS_VERSION);
    writeSetting(this.#database, 'indexed', 0);
  }
}

function tokenTextOf({ peer, text }: IndexedMessage): string {
  return [CONTACT_MARK + String(peer), ...tokensOf(text)].join(' ');
}

/** A string of FTS5: nothing in it has a meaning of its own. */
function quote(token: string): string {
  return `"${token.replaceAll('"', '""')}"`;
}

function prepare(database: Database) {
  return {
    next: database.prepare<IndexedMessage & { readonly stored: number }>(
      'SELECT position, peer, text, stored FROM message WHERE position > ? ORDER BY position LIMIT ?',
    ),
    any: database.prepare('SELECT 1 FROM message LIMIT 1'),
    add: database.prepare('INSERT INTO words (rowid, tokens) VALUES (?, ?)'),
    remove: database.prepare("INSERT INTO words (words, rowid, tokens) VALUES ('delete', ?, ?)"),
    merge: database.prepare("INSERT INTO words (words, rank) VALUES ('merge', ?)"),
    clear: database.prepare("INSERT INTO words (words) VALUES ('delete-all')"),
    changes: database.prepare<{ count: number }>('SELECT total_changes() AS count'),
  };
}
