import { randomBytes } from 'node:crypto';
import { compareBytes, type Bytes } from '../base/index.ts';
import type { TrustRecord } from '../directory/index.ts';
import type { Database } from './database.ts';
import { decodeTrust, encodeTrust } from './home-file.ts';
import { writeIdentity, type Identity } from './identity.ts';
import { beginLineage } from './lineage.ts';
import { MESSAGE_STATE } from './message-state.ts';
import type { RecoveryContent } from './recovery.ts';
import type { DamagedDatabase, SqlRow as Row } from './unchanged-database.ts';

// What can be read of a damaged database goes into a new one. Its numberings do not: what we know of them may be older than what
// peers know. Our own begin anew, with new epochs, and of each peer's we know nothing, so that it sends again what it keeps.

/** A read position that nobody says: an earlier version's database, or a row that cannot be read. */
const UNKNOWN = -1;

export interface Salvaged {
  readonly messages: number;
  readonly contacts: number;
  readonly isFromRecovery: boolean;
}

/** Undefined when nobody says who we are. */
export function salvage(
  source: DamagedDatabase,
  target: Database,
  recovery: RecoveryContent | undefined,
): Salvaged | undefined {
  const home = new Map<unknown, unknown>();
  source.read('SELECT name, value FROM home', [], ({ name, value }) => home.set(name, value));
  const identity = recovery ?? identityOf(home);
  if (!identity) return undefined;
  target.exec('BEGIN');
  const known = saveContacts(source, target, recovery);
  const [messages, last] = saveMessages(source, target);
  savePassed(source, target);
  saveGuesses(source, target);
  numberAnew(target);
  const removed = home.get('removed');
  const set = target.prepare('INSERT OR REPLACE INTO home (name, value) VALUES (?, ?)');
  saveDrafts(source, target);
  target.prepare('UPDATE contact SET shown = ?').run(known ?? last);
  // Whoever cannot say what was read is not to be read once more.
  target.prepare('UPDATE contact SET read_up_to = ? WHERE read_up_to < 0').run(known ?? last);
  if (typeof removed === 'number') set.run('removed', removed);
  set.run('trusted', recovery?.generation ?? 1);
  beginLineage(target);
  writeIdentity(target, identity);
  target.exec('COMMIT');
  const contacts = target
    .prepare<{ count: number }>('SELECT count(DISTINCT peer) AS count FROM message')
    .get();
  return { messages, contacts: contacts?.count ?? 0, isFromRecovery: recovery !== undefined };
}

function identityOf(home: ReadonlyMap<unknown, unknown>): Identity | undefined {
  const [username, secret] = [home.get('username'), home.get('secret')];
  return typeof username === 'string' && secret instanceof Uint8Array ? { username, secret } : undefined;
}

/**
 * Trust is the recovery file's, where there is one: it is never older than what can be read. Returns up to where everything was
 * shown; undefined when not all contacts can be read, which say so.
 */
function saveContacts(
  source: DamagedDatabase,
  target: Database,
  recovery: RecoveryContent | undefined,
): number | undefined {
  const records = new Map<string, TrustRecord>();
  for (const record of recovery?.records ?? []) records.set(record.username, record);
  const peers = new Map<number, string>(recovery?.peers);
  const numbers = new Map<number, Row>();
  scan(source, { table: 'contact', key: 'peer' }, (row) => {
    const [peer, username] = [Number(row['peer']), String(row['username'])];
    peers.set(peer, username);
    numbers.set(peer, row);
    const trust = row['trust'];
    if (!records.has(username) && typeof trust === 'string') records.set(username, decodeTrust(trust));
  });
  const add = target.prepare(
    `INSERT INTO contact (peer, username, trust, reached_us, peer_epoch_number, largest_id, read_up_to, muted_until)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  for (const [peer, username] of peers) {
    const record = records.get(username);
    const { reached_us = null, peer_epoch_number = 0, largest_id = null, ...row } = numbers.get(peer) ?? {};
    const { read_up_to = UNKNOWN, muted_until = null } = row;
    const trust = record ? encodeTrust(record) : null;
    add.run(peer, username, trust, reached_us, peer_epoch_number, largest_id, read_up_to, muted_until);
  }
  const known = new Set(peers.values());
  for (const [username, record] of records) {
    if (!known.has(username)) add.run(null, username, encodeTrust(record), null, 0, null, 0, null);
  }
  const shown = [...numbers.values()].map((row) => Number(row['shown']));
  return numbers.size < peers.size ? undefined : Math.max(0, ...shown);
}

function saveDrafts(source: DamagedDatabase, target: Database): void {
  const add = target.prepare(
    'INSERT OR IGNORE INTO draft (peer, text) SELECT peer, ? FROM contact WHERE peer = ?',
  );
  scan(source, { table: 'draft', key: 'peer' }, ({ peer = null, text = null }) => void add.run(text, peer));
}

const MESSAGE_COLUMNS =
  'position peer direction id text written stored seq epoch reply_to state reason settled expires'.split(' ');

/** How many there are, and the highest position. */
function saveMessages(source: DamagedDatabase, target: Database): readonly [number, number] {
  const largest = new Map<number, { id: Bytes; epoch: number }>();
  const contacts = target.prepare<{ peer: number }>('SELECT peer FROM contact').all();
  const known = new Set(contacts.map(({ peer }) => peer));
  const add = target.prepare(
    `INSERT OR IGNORE INTO message (${MESSAGE_COLUMNS.join(', ')}) VALUES (${MESSAGE_COLUMNS.map(() => '?').join(', ')})`,
  );
  let [count, last] = [0, 0];
  scan(source, { table: 'message', key: 'position' }, (row) => {
    const peer = Number(row['peer']);
    if (!known.has(peer)) return;
    count += add.run(...MESSAGE_COLUMNS.map((column) => row[column] ?? null));
    last = Math.max(last, Number(row['position']));
    if (row['direction'] === 0) noteLargest(largest, peer, row);
  });
  raiseLargest(target, largest);
  return [count, last];
}

function savePassed(source: DamagedDatabase, target: Database): void {
  const largest = new Map<number, { id: Bytes; epoch: number }>();
  const add = target.prepare(
    'INSERT OR IGNORE INTO passed (peer, id, epoch, seq, status) VALUES (?, ?, ?, ?, NULL)',
  );
  const take = (row: Row) => {
    add.run(row['peer'] ?? null, row['id'] ?? null, row['epoch'] ?? null, row['seq'] ?? null);
    noteLargest(largest, Number(row['peer']), row);
  };
  const columns = 'SELECT peer, id, epoch, seq FROM passed ORDER BY peer';
  if (!source.read(`${columns}, id`, [], take)) source.read(`${columns} DESC, id DESC`, [], take);
  raiseLargest(target, largest);
}

function noteLargest(largest: Map<number, { id: Bytes; epoch: number }>, peer: number, row: Row): void {
  const id = row['id'] as Bytes;
  const found = largest.get(peer);
  const isLarger = !found || compareBytes(id, found.id) > 0;
  largest.set(peer, {
    id: isLarger ? id : found.id,
    epoch: Math.max(found?.epoch ?? 0, Number(row['epoch'])),
  });
}

/** An id above the largest is taken for new without a look (spec/05); the peer's next epoch must have a number of its own. */
function raiseLargest(target: Database, largest: ReadonlyMap<number, { id: Bytes; epoch: number }>): void {
  const raise = target.prepare(
    `UPDATE contact SET largest_id = max(coalesce(largest_id, x''), ?), peer_epoch_number = max(peer_epoch_number, ?)
     WHERE peer = ?`,
  );
  for (const [peer, { id, epoch }] of largest) raise.run(id, epoch, peer);
}

function saveGuesses(source: DamagedDatabase, target: Database): void {
  const bucket = target.prepare('INSERT OR IGNORE INTO guess (bucket, failures, last) VALUES (?, ?, ?)');
  scan(
    source,
    { table: 'guess', key: 'bucket' },
    ({ bucket: number = null, failures = null, last = null }) => {
      bucket.run(number, failures, last);
    },
  );
  const name = target.prepare('INSERT OR IGNORE INTO guess_name (username, failures) VALUES (?, ?)');
  source.read('SELECT username, failures FROM guess_name', [], ({ username = null, failures = null }) => {
    name.run(username, failures);
  });
}

/** Everything that still waits gets the seqs from 1 in the order in which it was queued. */
function numberAnew(target: Database): void {
  target.exec(
    `INSERT INTO outgoing (peer, seq, id, position)
     SELECT peer, row_number() OVER (PARTITION BY peer ORDER BY position), id, position FROM message
     WHERE direction = 1 AND state = ${MESSAGE_STATE.waiting}`,
  );
  target.exec(
    'UPDATE message SET seq = outgoing.seq FROM outgoing WHERE message.position = outgoing.position',
  );
  const totals = target.prepare<{ peer: number; count: number; bytes: number }>(
    `SELECT peer, count(*) AS count, sum(octet_length(text) + 512) AS bytes FROM message
     WHERE direction = 1 AND state = ${MESSAGE_STATE.waiting} GROUP BY peer`,
  );
  const set = target.prepare(
    'UPDATE contact SET epoch = ?, assigned = ?, waiting = ?, waiting_bytes = ? WHERE peer = ?',
  );
  for (const { peer, count, bytes } of totals.all()) set.run(randomBytes(16), count, count, bytes, peer);
}

/** The largest step over rows that cannot be read: beyond it there is nothing. */
const STEP_MAX = 2 ** 40;

/** All rows that can be read, each once: on from a bad place by growing steps, and from where that lands back to the bad place. */
function scan(
  source: DamagedDatabase,
  { table, key }: { readonly table: string; readonly key: string },
  take: (row: Row) => void,
): void {
  const forward = `SELECT * FROM ${table} WHERE ${key} > ? ORDER BY ${key}`;
  const backward = `SELECT * FROM ${table} WHERE ${key} > ? AND ${key} < ? ORDER BY ${key} DESC`;
  let highest = -1;
  for (let step = 0; step <= STEP_MAX; step = Math.max(1, step * 2)) {
    const before = highest;
    let first: number | undefined;
    const isEnd = source.read(forward, [before + step], (row) => {
      highest = Number(row[key]);
      first ??= highest;
      take(row);
    });
    if (first !== undefined && step > 0) source.read(backward, [before, first], take);
    if (isEnd && first !== undefined) return;
    if (isEnd) break;
    if (first !== undefined) step = 0;
  }
  source.read(backward, [highest, Number.MAX_SAFE_INTEGER], take);
}
