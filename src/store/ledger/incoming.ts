import { compareBytes, decodeUtf8, equalBytes, type Bytes } from '../../base/index.ts';
import {
  OUTSTANDING_MESSAGES_MAX,
  type DeliveryChange,
  type InboxStanding,
  type RefusalStatus,
} from '../../protocol/delivery/index.ts';
import { blobOfId } from './id-blob.ts';
import type { Database } from '../database.ts';
import { textOfId, type Contact } from './contacts.ts';

type Of<Type extends DeliveryChange['type']> = Extract<DeliveryChange, { readonly type: Type }>;

const NO_EPOCH: Bytes = new Uint8Array(16);

/** What comes in: messages with direction 0, and the ids that passed without one. */
export class Incoming {
  readonly #nextPosition: () => number;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(database: Database, nextPosition: () => number) {
    this.#nextPosition = nextPosition;
    this.#sql = prepare(database);
  }

  put(contact: Contact, { row }: Of<'inbox-put'>): void {
    const id = blobOfId(row.id);
    const isNew = this.#isLargest(contact, id) || this.seqOf(contact, id) === undefined;
    this.#advance(contact, id, row.seq);
    if (!isNew) return;
    const text = decodeUtf8(row.plaintext);
    if (text === undefined) throw new Error('a text was taken that is not UTF-8');
    const reply = row.replyTo === undefined ? null : blobOfId(row.replyTo);
    const { peer, peer_epoch_number: epoch } = contact;
    const [written, stored] = [row.timestamp, row.receivedWall];
    this.#sql.add.run(this.#nextPosition(), peer, id, text, written, stored, row.seq, epoch, reply);
  }

  pass(contact: Contact, { id: name, seq, status }: Of<'inbox-pass'>): void {
    const id = blobOfId(name);
    this.#advance(contact, id, seq);
    this.#sql.pass.run(contact.peer, id, contact.peer_epoch_number, seq, status ?? null);
  }

  setCursor(contact: Contact, { epoch, stored, storedId }: Of<'inbox-cursor'>): void {
    if (contact.peer_epoch === null || !equalBytes(contact.peer_epoch, epoch)) {
      contact.peer_epoch = epoch;
      contact.peer_epoch_number++;
    }
    contact.stored = stored;
    contact.stored_id = storedId === undefined ? null : blobOfId(storedId);
  }

  /** 0: in an earlier epoch; undefined: never. */
  seqOf(contact: Contact, id: Bytes): number | undefined {
    const found = this.#sql.seqs.all(contact.peer, id, contact.peer, id);
    const present = found.find(({ epoch }) => epoch === contact.peer_epoch_number);
    return found.length === 0 ? undefined : (present?.seq ?? 0);
  }

  /** After a rebuild there is no epoch, but the ids that came are known: the peer sends them again, and they are not new. */
  standing(contact: Contact): InboxStanding | undefined {
    if (contact.peer_epoch === null && contact.largest_id === null) return undefined;
    const refusals = this.#sql.refusals.all(
      contact.peer,
      contact.peer_epoch_number,
      OUTSTANDING_MESSAGES_MAX,
    );
    return {
      epoch: new Uint8Array(contact.peer_epoch ?? NO_EPOCH),
      stored: contact.stored,
      storedId: textOfId(contact.stored_id),
      largestId: textOfId(contact.largest_id),
      refusals: refusals.toReversed(),
    };
  }

  /** Also a message that was deleted since tells where it was. */
  markShown(contact: Contact, id: string): void {
    const key = [contact.peer, blobOfId(id)] as const;
    const found = this.#sql.position.get(...key) ?? this.#sql.formerPosition.get(...key);
    contact.shown = Math.max(contact.shown, found?.position ?? 0);
  }

  #isLargest({ largest_id }: Contact, id: Bytes): boolean {
    return largest_id === null || compareBytes(id, largest_id) > 0;
  }

  #advance(contact: Contact, id: Bytes, seq: number): void {
    if (this.#isLargest(contact, id)) contact.largest_id = id;
    contact.stored = seq;
    contact.stored_id = id;
  }
}

function prepare(database: Database) {
  return {
    add: database.prepare(
      `INSERT INTO message (position, peer, direction, id, text, written, stored, seq, epoch, reply_to, state)
       VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, 0)`,
    ),
    pass: database.prepare(
      `INSERT INTO passed (peer, id, epoch, seq, status) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, status = excluded.status`,
    ),
    // A message that came once more under another seq has both rows: the later seq is the one that passed.
    seqs: database.prepare<{ epoch: number; seq: number }>(
      `SELECT epoch, seq FROM passed WHERE peer = ? AND id = ?
       UNION ALL SELECT epoch, seq FROM message WHERE peer = ? AND id = ? AND direction = 0`,
    ),
    refusals: database.prepare<{ seq: number; status: RefusalStatus }>(
      'SELECT seq, status FROM passed WHERE peer = ? AND epoch = ? AND status IS NOT NULL ORDER BY seq DESC LIMIT ?',
    ),
    position: database.prepare<{ position: number }>(
      'SELECT position FROM message WHERE peer = ? AND id = ? AND direction = 0',
    ),
    formerPosition: database.prepare<{ position: number | null }>(
      'SELECT position FROM passed WHERE peer = ? AND id = ?',
    ),
  };
}
