import type { EraseQuery, HistoryEntry, HistoryPage, HistoryQuery, OutboxQuery } from '../../api/index.ts';
import { CodedError } from '../../base/index.ts';
import { idFromBytes, idToBytes, parseMessageId, type MessageId } from '../../protocol/envelope/index.ts';
import { REPAIR_MESSAGES_MAX } from '../../protocol/delivery/index.ts';
import type { Database } from '../database.ts';
import { MESSAGE_STATE } from '../message-state.ts';
import { isWaiting, toEntry } from './entry.ts';
import { readPage } from './page.ts';
import { allAtOnce, COLUMNS, select, type MessageRow, type Selection, type Steps } from './selection.ts';
import { readSetting, writeSetting } from './settings.ts';
import { WordIndex } from './word-index.ts';
import { readLowestWaiting, readWaiting, type WaitingPage } from './waiting.ts';

export type { WaitingMessage, WaitingPage } from './waiting.ts';

/** A text that was delivered once. */
export interface ResendableMessage {
  readonly position: number;
  readonly id: MessageId;
  readonly text: string;
  readonly writtenAtWall: number;
  readonly replyTo?: MessageId;
}

export interface EraseProgress {
  /** Messages that this step deleted. */
  readonly erased: number;
  /** `after` of the next step. Undefined: nothing of it is left, in the file neither. */
  readonly next: number | undefined;
}

/** How many messages one step of indexing takes in when a search cannot wait: some milliseconds. */
const STEP = 200;
/** Behind every message: only the sweep is left. */
const END = Number.MAX_SAFE_INTEGER;

/** What was said, as the database keeps it: synchronous, and bounded by the limits that are given. All throw home-unusable, home-damaged. */
export class History {
  readonly #database: Database;
  readonly #index: WordIndex;

  readonly #onForget: () => void;

  /** `onForget`: messages were deleted, within a transaction or behind it. */
  constructor(database: Database, { onForget = () => {} }: { readonly onForget?: () => void } = {}) {
    this.#database = database;
    this.#onForget = onForget;
    this.#index = new WordIndex(database);
  }

  /** Throws usage. A search first indexes all that is new, and takes as long as it takes: see `pageInSteps`. */
  page(query: HistoryQuery = {}): HistoryPage {
    return allAtOnce(this.pageInSteps(query));
  }

  /** As `page`, in parts of some milliseconds. */
  *pageInSteps(query: HistoryQuery): Steps<HistoryPage> {
    if (query.search !== undefined) while (this.#index.step(STEP)) yield;
    return yield* readPage(query, {
      peerOf: (name) => this.#peerOf(name),
      ofId: (id) => this.#ofId(id),
      select: (selection, slice) => select(this.#database, this.#index, selection, slice),
    });
  }

  /** A message by its id, one of ours first; undefined also when the text is no id. */
  find(id: string): HistoryEntry | undefined {
    const [row] = this.#ofId(id);
    return row && toEntry(row);
  }

  /** Outgoing messages that are neither delivered nor given up, oldest first. */
  waiting(query: OutboxQuery = {}): WaitingPage {
    const peer = query.to === undefined ? undefined : this.#peerOf(query.to);
    if (query.to !== undefined && peer === undefined) return { messages: [], total: 0 };
    return readWaiting(this.#database, peer, query);
  }

  /**
   * Incoming messages that no screen has shown, oldest first; `after`: the position of the last one of the page before. What
   * another screen has shown since that page is in the next one.
   */
  unshown(after: number | undefined, limit: number): readonly HistoryEntry[] {
    const from = after ?? this.#shown;
    const sql = `SELECT ${COLUMNS} FROM message CROSS JOIN contact USING (peer)
      WHERE position > ? AND direction = 0 ORDER BY position LIMIT ?`;
    return this.#database.prepare<MessageRow>(sql).all(from, limit).map(toEntry);
  }

  /** Outgoing messages among the next `limit` from this position on, oldest first; `next`: where the rest begins. */
  sentFrom(
    from: number,
    limit: number,
  ): { readonly entries: readonly HistoryEntry[]; readonly next: number | undefined } {
    const positions = this.#database
      .prepare<{ position: number }>(
        'SELECT position FROM message WHERE position >= ? ORDER BY position LIMIT ?',
      )
      .all(from, limit + 1);
    const next = positions[limit]?.position;
    const sql = `SELECT ${COLUMNS} FROM message CROSS JOIN contact USING (peer)
      WHERE position >= ? AND position < ? AND direction = 1 ORDER BY position`;
    const rows = this.#database.prepare<MessageRow>(sql).all(from, next ?? END);
    return { entries: rows.map(toEntry), next };
  }

  /** The position of the oldest message that is neither delivered nor given up. */
  get lowestWaiting(): number | undefined {
    return readLowestWaiting(this.#database);
  }

  /** What was delivered to a contact and stored at or after `sinceWall`, oldest first. */
  resendable(query: {
    readonly to: string;
    readonly sinceWall: number;
    readonly after?: number;
    readonly limit: number;
  }): readonly ResendableMessage[] {
    const { to, limit, ...bounds } = query;
    const peer = this.#peerOf(to);
    if (peer === undefined) return [];
    const found: ResendableMessage[] = [];
    let after = bounds.after ?? 0;
    while (found.length < limit) {
      const slice = { order: 'ASC', limit } as const;
      const rows = allAtOnce(select(this.#database, this.#index, { ...bounds, after, peer }, slice));
      found.push(...rows.filter(isDelivered).map(toResendable));
      if (rows.length < limit) break;
      after = rows.at(-1)?.position ?? END;
    }
    return found.slice(0, limit);
  }

  /**
   * One step of deleting for good: at most `limit` messages of the query that lie after the position `after`, in one
   * transaction; then, step by step, what FTS5 and the WAL still hold of them. What waits in the outbox stays: the engine withdraws it.
   * The ids of incoming ones stay known, so that they do not come again. Throws usage when the query is empty.
   */
  erase(query: EraseQuery, after: number, limit: number): EraseProgress {
    // Where old messages lie is known of those that are indexed.
    if (query.beforeWall !== undefined && after !== END && this.#index.step(limit))
      return { erased: 0, next: after };
    const rows = after === END ? [] : this.#toErase(query, after, limit);
    const wanted = rows.filter((row) => !isWaiting(row));
    if (wanted.length > 0) this.#database.transaction(() => this.#forget(wanted));
    const last = rows.at(-1);
    if (query.id === undefined && last && rows.length === limit)
      return { erased: wanted.length, next: last.position };
    return { erased: wanted.length, next: this.#index.sweep() ? END : undefined };
  }

  /** Deletes these messages within the caller's transaction; `tidy` takes the rest of them out of the file. */
  forget(positions: readonly number[]): void {
    const sql = `SELECT ${COLUMNS} FROM message CROSS JOIN contact USING (peer) WHERE position = ?`;
    const statement = this.#database.prepare<MessageRow>(sql);
    const rows = positions.flatMap((position) => statement.all(position));
    if (rows.length > 0) this.#forget(rows);
  }

  /**
   * The next piece of work for idle time, some tens of milliseconds: taking deleted words out of the file, indexing `limit`
   * messages. True when more is to be done.
   */
  tidy(limit: number): boolean {
    return this.#index.sweep() || this.#index.step(limit);
  }

  #toErase(query: EraseQuery, after: number, limit: number): readonly MessageRow[] {
    const { id, with: name, beforeWall } = query;
    if (id === undefined && name === undefined && beforeWall === undefined)
      throw new CodedError({ code: 'usage', message: 'nothing was named that is to be deleted' });
    const peer = name === undefined ? undefined : this.#peerOf(name);
    if (name !== undefined && peer === undefined) return [];
    if (id !== undefined)
      return this.#ofId(id).filter(
        (row) => (peer ?? row.peer) === row.peer && row.stored < (beforeWall ?? Number.MAX_SAFE_INTEGER),
      );
    const selection: Selection = {
      after,
      ...(peer !== undefined && { peer }),
      ...(beforeWall !== undefined && { untilWall: beforeWall }),
    };
    return allAtOnce(select(this.#database, this.#index, selection, { order: 'ASC', limit }));
  }

  #forget(rows: readonly MessageRow[]): void {
    const keepId = this.#database.prepare(
      `INSERT INTO passed (peer, id, epoch, seq, position) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET position = excluded.position`,
    );
    const detach = this.#database.prepare(
      'UPDATE outgoing SET position = NULL WHERE peer = ? AND seq = ? AND position = ?',
    );
    // What was queued again has an earlier seq, too, as long as that is kept for repair.
    const detachFormer = this.#database.prepare(
      `UPDATE outgoing SET position = NULL FROM contact WHERE contact.peer = ? AND outgoing.peer = contact.peer
       AND seq > contact.settled - ? AND seq <= contact.settled AND position = ?`,
    );
    const remove = this.#database.prepare('DELETE FROM message WHERE position = ?');
    this.#onForget();
    this.#index.remove(rows);
    const removed = Number(readSetting(this.#database, 'removed') ?? 0);
    const highest = rows.reduce((last, { position }) => Math.max(last, position), removed);
    writeSetting(this.#database, 'removed', highest);
    for (const { position, peer, direction, id, epoch, seq } of rows) {
      if (direction === 0) keepId.run(peer, id, epoch, seq, position);
      else {
        detach.run(peer, seq, position);
        detachFormer.run(peer, REPAIR_MESSAGES_MAX, position);
      }
      remove.run(position);
    }
  }

  /** Outgoing first: a contact may have given its message the id of one of ours. */
  #ofId(id: string): readonly MessageRow[] {
    if (!parseMessageId(id).ok) return [];
    const sql = `SELECT ${COLUMNS} FROM message CROSS JOIN contact USING (peer)
      WHERE message.id = ? ORDER BY direction DESC, position`;
    return this.#database.prepare<MessageRow>(sql).all(idToBytes(id));
  }

  get #shown(): number {
    const sql = 'SELECT max(shown) AS shown FROM contact';
    return this.#database.prepare<{ shown: number | null }>(sql).get()?.shown ?? 0;
  }

  #peerOf(name: string): number | undefined {
    const sql = 'SELECT peer FROM contact WHERE username = ?';
    return this.#database.prepare<{ peer: number }>(sql).get(name)?.peer;
  }
}

function isDelivered({ direction, state }: MessageRow): boolean {
  return direction === 1 && state === MESSAGE_STATE.delivered;
}

function toResendable({ position, id, text, written, reply_to }: MessageRow): ResendableMessage {
  return {
    position,
    id: idFromBytes(id),
    text,
    writtenAtWall: written,
    ...(reply_to !== null && { replyTo: idFromBytes(reply_to) }),
  };
}
