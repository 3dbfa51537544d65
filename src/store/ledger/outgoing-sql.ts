import type { Bytes } from '../../base/index.ts';
import type { Database, Statement } from '../database.ts';
import { MESSAGE_STATE } from '../message-state.ts';

export interface MessageRow {
  readonly id: Bytes;
  readonly seq: number;
  readonly text: string | null;
  readonly written: number | null;
  readonly reply_to: Bytes | null;
  readonly expires: number | null;
}
interface Sum {
  readonly count: number;
  readonly bytes: number;
}

type Write =
  | 'addMessage'
  | 'addOutgoing'
  | 'again'
  | 'refuse'
  | 'purge'
  | 'deliver'
  | 'settle'
  | 'withdraw'
  | 'detach'
  | 'renumber'
  | 'clear'
  | 'takeOver'
  | 'tellMessages';
interface Reads {
  readonly ofId: Statement<{ position: number; state: number }>;
  readonly find: Statement<{ id: Bytes; settled: number | null }>;
  readonly findById: Statement<{ peer: string; seq: number }>;
  readonly sum: Statement<Sum>;
  readonly positions: Statement<{ position: number }>;
  readonly countSent: Statement<{ count: number }>;
  readonly page: Statement<MessageRow>;
  readonly expiring: Statement<MessageRow>;
  readonly nextExpiry: Statement<{ expires: number }>;
  readonly lastBefore: Statement<{ seq: number | null }>;
  readonly firstFrom: Statement<{ seq: number | null }>;
}

/** The statements of `Outgoing`. A range is contact, first and last seq. */
export type OutgoingSql = Reads & Readonly<Record<Write, Statement<never>>>;

export function prepareOutgoing(database: Database): OutgoingSql {
  const statements = Object.entries({ ...WRITES, ...READS }).map(([name, sql]) => [
    name,
    database.prepare(sql),
  ]);
  return Object.fromEntries(statements) as OutgoingSql;
}

const OF_RANGE = 'peer = ? AND seq BETWEEN ? AND ?';
const { waiting, delivered, refused } = MESSAGE_STATE;

const WRITES: Readonly<Record<Write, string>> = {
  addMessage: `INSERT INTO message (position, peer, direction, id, text, written, stored, seq, epoch, reply_to, state, expires)
       VALUES (?, ?, 1, ?, ?, ?, ?, ?, 0, ?, ${waiting}, ?)`,
  addOutgoing: 'INSERT INTO outgoing (peer, seq, id, position) VALUES (?, ?, ?, ?)',
  // What was delivered once stays so: neither a second delivery nor its withdrawal changes when.
  again: `UPDATE message SET settled = iif(state = ${delivered}, settled, NULL), state = ${waiting}, reason = NULL, seq = ?, expires = ?
       WHERE position = ?`,
  refuse: `UPDATE message SET state = ${refused}, reason = ?
       WHERE position = (SELECT position FROM outgoing WHERE peer = ? AND seq = ?)`,
  purge: 'DELETE FROM outgoing WHERE peer = ? AND seq <= ?',
  deliver: `UPDATE message SET state = ${delivered}, settled = coalesce(settled, ?) WHERE state = ${waiting}
       AND position IN (SELECT position FROM outgoing WHERE ${OF_RANGE})`,
  settle: `UPDATE outgoing SET settled = ? WHERE ${OF_RANGE}`,
  withdraw: `UPDATE message SET state = iif(settled IS NULL, ?, ${delivered}), reason = iif(settled IS NULL, ?, NULL),
       settled = coalesce(settled, ?) WHERE state = ${waiting}
       AND position IN (SELECT position FROM outgoing WHERE ${OF_RANGE})`,
  detach: `UPDATE outgoing SET position = NULL WHERE ${OF_RANGE} AND settled IS NULL`,
  renumber: `INSERT INTO outgoing (peer, seq, id, position)
       SELECT -outgoing.peer, row_number() OVER (ORDER BY outgoing.seq), outgoing.id, position
       FROM outgoing JOIN message USING (position)
       WHERE outgoing.peer = ? AND outgoing.settled IS NULL AND state = ${waiting}`,
  clear: 'DELETE FROM outgoing WHERE peer = ?',
  takeOver: 'UPDATE outgoing SET peer = -peer WHERE peer = -?',
  tellMessages: `UPDATE message SET seq = outgoing.seq FROM outgoing
       WHERE outgoing.peer = ? AND message.position = outgoing.position`,
};

const READS: Readonly<Record<keyof Reads, string>> = {
  ofId: 'SELECT position, state FROM message WHERE id = ? AND peer = ? AND direction = 1',
  find: 'SELECT id, settled FROM outgoing WHERE peer = ? AND seq = ?',
  findById: `SELECT username AS peer, seq FROM message JOIN contact USING (peer)
       WHERE id = ? AND direction = 1 AND state = ${waiting}`,
  sum: `SELECT count(*) AS count, coalesce(sum(octet_length(text)), 0) AS bytes FROM message WHERE state = ${waiting}
       AND position IN (SELECT position FROM outgoing WHERE ${OF_RANGE})`,
  positions: `SELECT position FROM outgoing WHERE ${OF_RANGE} AND settled IS NULL AND position IS NOT NULL`,
  countSent: `SELECT count(*) AS count FROM outgoing JOIN message USING (position)
       WHERE outgoing.peer = ? AND outgoing.seq <= ? AND outgoing.settled IS NULL AND state = ${waiting}`,
  page: `SELECT outgoing.id, outgoing.seq, text, written, reply_to, expires
       FROM outgoing LEFT JOIN message USING (position)
       WHERE outgoing.peer = ? AND outgoing.seq > ? AND outgoing.seq <= ? ORDER BY outgoing.seq LIMIT ?`,
  expiring: `SELECT id, seq, text, written, reply_to, expires FROM message INDEXED BY message_expiring_in_order
       WHERE peer = ? AND seq > ? AND expires <= ? AND state = 0 ORDER BY seq LIMIT ?`,
  nextExpiry: `SELECT expires FROM message INDEXED BY message_expiring
       WHERE peer = ? AND seq > ? AND expires > ? AND state = 0 ORDER BY expires LIMIT 1`,
  lastBefore: `SELECT max(seq) AS seq FROM outgoing WHERE ${OF_RANGE} AND settled < ?`,
  firstFrom: `SELECT min(seq) AS seq FROM outgoing WHERE ${OF_RANGE}`,
};
