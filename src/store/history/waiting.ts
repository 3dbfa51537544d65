import type { OutboxQuery } from '../../api/index.ts';
import { CodedError } from '../../base/index.ts';
import { idFromBytes, type MessageId } from '../../protocol/envelope/index.ts';
import type { Database } from '../database.ts';
import { COLUMNS, type MessageRow } from './selection.ts';

/** An outgoing message that is neither delivered nor given up. */
export interface WaitingMessage {
  readonly position: number;
  readonly id: MessageId;
  readonly to: string;
  readonly text: string;
  readonly writtenAtWall: number;
  readonly expiresAtWall?: number;
  /** It has left, and waits for its ack. */
  readonly isSent: boolean;
}

export interface WaitingPage {
  /** Oldest first. */
  readonly messages: readonly WaitingMessage[];
  /** `after` of the next page, when there is one. */
  readonly next?: number;
  /** Of all pages. */
  readonly total: number;
}

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;
const WAITING = 'direction = 1 AND state = 0';

export function readWaiting(database: Database, peer: number | undefined, query: OutboxQuery): WaitingPage {
  const { after = 0, limit = LIMIT_DEFAULT } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX)
    throw new CodedError({ code: 'usage', message: `a page has 1 to ${LIMIT_MAX} messages` });
  const contacts = contactsThatWait(database, peer);
  // A page of each contact's own, from the index alone; the first ones of all are the page.
  const perContact = database.prepare<{ position: number }>(
    `SELECT position FROM message WHERE peer = ? AND ${WAITING} AND position > ? ORDER BY position LIMIT ?`,
  );
  const positions = contacts
    .flatMap((contact) => perContact.all(contact.peer, after, limit + 1).map(({ position }) => position))
    .sort((a, b) => a - b);
  const read = database.prepare<MessageRow>(
    `SELECT ${COLUMNS} FROM message CROSS JOIN contact USING (peer) WHERE position = ?`,
  );
  const messages = positions.slice(0, limit).flatMap((position) => read.all(position).map(toWaiting));
  const last = messages.at(-1);
  return {
    messages,
    ...(last && positions.length > limit && { next: last.position }),
    total: contacts.reduce((total, { waiting }) => total + waiting, 0),
  };
}

/** Of all contacts, from the index alone; undefined when nothing waits. */
export function readLowestWaiting(database: Database): number | undefined {
  const sql = `SELECT min((SELECT position FROM message WHERE peer = contact.peer AND ${WAITING} ORDER BY position LIMIT 1))
    AS position FROM contact WHERE waiting > 0`;
  return database.prepare<{ position: number | null }>(sql).get()?.position ?? undefined;
}

function contactsThatWait(
  database: Database,
  peer: number | undefined,
): readonly { readonly peer: number; readonly waiting: number }[] {
  const sql = 'SELECT peer, waiting FROM contact WHERE waiting > 0';
  const contacts = database.prepare<{ peer: number; waiting: number }>(sql).all();
  return peer === undefined ? contacts : contacts.filter((contact) => contact.peer === peer);
}

function toWaiting(row: MessageRow): WaitingMessage {
  const { position, id, username, text, written, expires, seq, sent } = row;
  return {
    position,
    id: idFromBytes(id),
    to: username,
    text,
    writtenAtWall: written,
    ...(expires !== null && { expiresAtWall: expires }),
    isSent: seq <= sent,
  };
}
