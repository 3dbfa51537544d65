import type { Bytes } from '../../base/index.ts';
import type { Database, SqlValue } from '../database.ts';
import { rangesWithin, timesOf, type Bounds, type Range } from './ranges.ts';
import type { WordIndex } from './word-index.ts';

/** A message with what its contact's row says of it. */
export interface MessageRow {
  readonly position: number;
  readonly peer: number;
  readonly username: string;
  readonly direction: 0 | 1;
  readonly id: Bytes;
  readonly text: string;
  readonly written: number;
  readonly stored: number;
  readonly seq: number;
  readonly epoch: number;
  readonly reply_to: Bytes | null;
  readonly state: number;
  readonly reason: string | null;
  readonly settled: number | null;
  readonly expires: number | null;
  readonly sent: number;
}

export const COLUMNS = `message.position, message.peer, username, direction, message.id, text, written, message.stored,
  message.seq, message.epoch, reply_to, state, reason, message.settled, expires, sent`;

export interface Selection extends Bounds {
  readonly peer?: number;
  readonly search?: string;
}

export interface Slice {
  readonly order: 'ASC' | 'DESC';
  readonly limit: number;
}

/** Rows of one range in the slice's order, at most its limit. */
type Source = (range: Range, slice: Slice) => Steps<readonly MessageRow[]>;

/** Work that pauses after each of its parts, some milliseconds, for whoever else has something to do. */
export type Steps<Value> = Generator<undefined, Value, undefined>;

/** Without any pause. */
export function allAtOnce<Value>(steps: Steps<Value>): Value {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Of what only the texts say whether it fits, so many are read at once. */
const PART = 256;

/** The first messages of the selection in the given order. */
export function* select(
  database: Database,
  index: WordIndex,
  selection: Selection,
  { order, limit }: Slice,
): Steps<readonly MessageRow[]> {
  const source = sourceOf(database, index, selection);
  const ascending = rangesWithin(database, selection);
  const rows: MessageRow[] = [];
  for (const range of order === 'ASC' ? ascending : ascending.toReversed()) {
    if (rows.length >= limit) break;
    rows.push(...(yield* source(range, { order, limit: limit - rows.length })));
  }
  return rows;
}

function sourceOf(database: Database, index: WordIndex, selection: Selection): Source {
  const { peer, search } = selection;
  const times = timesOf(selection);
  if (search === undefined)
    return inOneStep(({ first, last }, { order, limit }) =>
      database
        .prepare<MessageRow>(scanSql(peer !== undefined, order))
        .all(...(peer === undefined ? [] : [peer]), first, last, ...times, limit),
    );
  const { expression, fits } = index.match(search, peer);
  const read: Read = ({ first, last }, { order, limit }) => {
    const values: readonly SqlValue[] = [expression, first, last, ...times, limit];
    return database.prepare<MessageRow>(searchSql(order)).all(...values);
  };
  return fits ? (range, slice) => readFitting(read, fits, { range, slice }) : inOneStep(read);
}

type Read = (range: Range, slice: Slice) => readonly MessageRow[];

function inOneStep(read: Read): Source {
  // oxlint-disable-next-line require-yield -- there is nothing between its parts: it has one.
  return function* (range, slice) {
    return read(range, slice);
  };
}

/** Reads on, part by part, until enough of what the index found really fits. */
function* readFitting(
  read: Read,
  fits: (text: string) => boolean,
  wanted: { readonly range: Range; readonly slice: Slice },
): Steps<readonly MessageRow[]> {
  const { order, limit } = wanted.slice;
  const fitting: MessageRow[] = [];
  let { range } = wanted;
  for (;;) {
    const rows = read(range, { order, limit: PART });
    fitting.push(...rows.filter(({ text }) => fits(text)));
    const last = rows.at(-1);
    if (!last || rows.length < PART || fitting.length >= limit) return fitting.slice(0, limit);
    range = order === 'ASC' ? { ...range, first: last.position + 1 } : { ...range, last: last.position - 1 };
    yield;
  }
}

// CROSS JOIN keeps the order of the loops: SQLite must not begin with the contacts.

function scanSql(isOfPeer: boolean, order: Slice['order']): string {
  return `SELECT ${COLUMNS} FROM message CROSS JOIN contact USING (peer)
    WHERE ${isOfPeer ? 'message.peer = ? AND ' : ''}position BETWEEN ? AND ?
    AND message.stored >= ? AND message.stored < ? ORDER BY position ${order} LIMIT ?`;
}

function searchSql(order: Slice['order']): string {
  return `SELECT ${COLUMNS} FROM words CROSS JOIN message ON position = words.rowid CROSS JOIN contact USING (peer)
    WHERE words MATCH ? AND words.rowid BETWEEN ? AND ?
    AND message.stored >= ? AND message.stored < ? ORDER BY words.rowid ${order} LIMIT ?`;
}
