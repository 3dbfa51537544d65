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
  readonly #onArrival: (contact: Contact) => void;
  /** Of what the present transaction holds, or the last one held. */
  readonly #placed = new Map<string, number>();
  readonly #sql: ReturnType<typeof prepare>;

  constructor(
    database: Database,
    options: { readonly nextPosition: () => number; readonly onArrival: (contact: Contact) => void },
  ) {
    this.#nextPosition = options.nextPosition;
    this.#onArrival = options.onArrival;
    this.#sql = prepare(database);
  }

  /** A transaction begins. */
  begin(): void {
    this.#placed.clear();
  }
  /** Where the last transaction has put a message. */
  placeOf(username: string, id: string): number | undefined {
    return this.#placed.get(`${username} ${id}`);
  }

  put(contact: Contact, { row }: Of<'inbox-put'>): void {
    const id = blobOfId(row.id);
    const isNew = this.#isLargest(contact, id) || this.seqOf(contact, id) === undefined;
    this.#advance(contact, id, row.seq);
    if (!isNew) return this.#place(contact, row.id, this.#positionOf(contact, id));
    const text = decodeUtf8(row.plaintext);
    if (text === undefined) throw new Error('a text was taken that is not UTF-8');
    const reply = row.replyTo === undefined ? null : blobOfId(row.replyTo);
    const { peer, peer_epoch_number: epoch } = contact;
    const [written, stored] = [row.timestamp, row.receivedWall];
    const position = this.#nextPosition();
    this.#sql.add.run(position, peer, id, text, written, stored, row.seq, epoch, reply);
    this.#place(contact, row.id, position);
    this.#onArrival(contact);
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
    contact.shown = Math.max(contact.shown, this.#positionOf(contact, blobOfId(id)));
  }

  #place({ username }: Contact, id: string, position: number): void {
    this.#placed.set(`${username} ${id}`, position);
  }
  /** 0: nowhere. */
  #positionOf({ peer }: Contact, id: Bytes): number {
    const found = this.#sql.position.get(peer, id) ?? this.#sql.formerPosition.get(peer, id);
    return found?.position ?? 0;
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
