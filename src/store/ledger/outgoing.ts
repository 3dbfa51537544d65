import { decodeUtf8, encodeUtf8, equalBytes, type Bytes, type Failure } from '../../base/index.ts';
import {
  REPAIR_MESSAGES_MAX,
  ROW_BYTES,
  type DeliveryChange,
  type OutboxRow,
  type OutboxStanding,
  type VoidOutcome,
} from '../../protocol/delivery/index.ts';
import { idOfBlob, blobOfId } from './id-blob.ts';
import type { Database } from '../database.ts';
import { MESSAGE_STATE, stateOfVoid } from '../message-state.ts';
import { textOfId, type Contact } from './contacts.ts';
import { prepareOutgoing, type MessageRow, type OutgoingSql } from './outgoing-sql.ts';

type Of<Type extends DeliveryChange['type']> = Extract<DeliveryChange, { readonly type: Type }>;

export interface OutgoingOptions {
  readonly nextPosition: () => number;
  /** Removes messages and whatever was derived of them, within the transaction. */
  readonly forget: (positions: readonly number[]) => void;
}

/** What goes out: the rows of `outgoing` and their messages. The contact's own row is changed, and saved by the caller. */
export class Outgoing {
  readonly #options: OutgoingOptions;
  readonly #sql: OutgoingSql;

  constructor(database: Database, options: OutgoingOptions) {
    this.#options = options;
    this.#sql = prepareOutgoing(database);
  }

  put(contact: Contact, { epoch, row }: Of<'outbox-put'>): void {
    contact.epoch ??= epoch;
    if (!isPresent(contact, epoch) || row.seq <= contact.assigned) return; // It came before.
    if (row.seq !== contact.assigned + 1) throw new Error('a message would leave a gap in its numbering');
    const id = blobOfId(row.id);
    const position = row.type === 'void' ? null : this.#keep(contact, id, row);
    this.#sql.addOutgoing.run(contact.peer, row.seq, id, position);
    contact.assigned = row.seq;
    if (position === null) return;
    contact.waiting++;
    contact.waiting_bytes += row.plaintext.length + ROW_BYTES;
  }

  markSent(contact: Contact, { epoch, seq }: Of<'outbox-sent'>): void {
    if (isPresent(contact, epoch)) contact.sent = seq;
  }

  void(contact: Contact, change: Of<'outbox-void'>): void {
    if (!isPresent(contact, change.epoch)) return;
    const { seq, id, outcome, reason, atWall } = change;
    const found = this.#sql.find.get(contact.peer, seq);
    if (!found || found.settled !== null || !equalBytes(found.id, blobOfId(id))) return;
    this.#void(contact, { first: seq, last: seq, outcome, reason, atWall });
  }

  voidRange(contact: Contact, change: Of<'outbox-void-range'>): void {
    if (!isPresent(contact, change.epoch)) return;
    const { first, last, outcome, reason, atWall } = change;
    this.#void(contact, { first: Math.max(first, contact.settled + 1), last, outcome, reason, atWall });
  }

  settle(contact: Contact, change: Of<'outbox-settle'>): void {
    const { seq, id, key, atWall, refused } = change;
    if (!isPresent(contact, change.epoch) || seq <= contact.settled) return;
    const range = [contact.peer, contact.settled + 1, seq] as const;
    this.#count(contact, range);
    this.#sql.deliver.run(atWall, ...range);
    for (const { seq: of, reason } of refused) this.#sql.refuse.run(JSON.stringify(reason), contact.peer, of);
    this.#sql.settle.run(atWall, ...range);
    this.#sql.purge.run(contact.peer, seq - REPAIR_MESSAGES_MAX);
    if (contact.acked_key === null || !equalBytes(contact.acked_key, key)) {
      contact.acked_key = key;
      contact.acked_from = contact.settled + 1;
    }
    contact.settled = seq;
    contact.settled_id = blobOfId(id);
  }

  /** By way of the peer's negative number, where none of the seqs is taken. */
  beginEpoch(contact: Contact, { former, epoch }: Of<'outbox-epoch'>): void {
    contact.epoch ??= epoch;
    if (isPresent(contact, epoch) || !isPresent(contact, former)) return;
    const { peer } = contact;
    const sent = this.#sql.countSent.get(peer, contact.sent)?.count ?? 0;
    const assigned = this.#sql.renumber.run(peer);
    this.#sql.clear.run(peer);
    this.#sql.takeOver.run(peer);
    this.#sql.tellMessages.run(peer);
    const { count, bytes } = this.#sumOf([peer, 1, assigned]);
    Object.assign(contact, { epoch, assigned, sent, settled: 0, settled_id: null });
    Object.assign(contact, { waiting: count, waiting_bytes: bytes + count * ROW_BYTES });
    Object.assign(contact, { acked_key: null, acked_from: 0 });
  }

  rows(
    contact: Contact,
    { after, upTo, limit }: { readonly after: number; readonly upTo: number; readonly limit: number },
  ): readonly OutboxRow[] {
    return this.#sql.page.all(contact.peer, after, upTo, limit).map((row) => toOutboxRow(row));
  }

  find(id: string): { readonly peer: string; readonly seq: number } | undefined {
    return this.#sql.findById.get(blobOfId(id));
  }

  standing(contact: Contact, epoch: Bytes): OutboxStanding {
    const { assigned, sent, settled, settled_id, waiting, waiting_bytes } = contact;
    return {
      epoch: new Uint8Array(epoch),
      assigned,
      sent,
      settled,
      waiting,
      settledId: textOfId(settled_id),
      waitingBytes: waiting_bytes,
      nextExpiryWall: this.#sql.nextExpiry.get(contact.peer, 0, -1)?.expires,
    };
  }

  expiring(
    contact: Contact,
    nowWall: number,
    limit: number,
  ): { readonly rows: readonly OutboxRow[]; readonly nextWall: number | undefined } {
    const found = this.#sql.expiring.all(contact.peer, contact.sent, nowWall, limit);
    return {
      rows: found.map((row) => toOutboxRow(row)),
      nextWall: this.#sql.nextExpiry.get(contact.peer, contact.sent, nowWall)?.expires,
    };
  }

  repairableFrom(
    contact: Contact,
    key: Bytes,
    { sinceWall, limit }: { readonly sinceWall: number; readonly limit: number },
  ): number | undefined {
    if (contact.acked_key === null || !equalBytes(contact.acked_key, key)) return undefined;
    const from = Math.max(contact.acked_from, contact.settled - Math.min(limit, REPAIR_MESSAGES_MAX) + 1);
    const tooOld = this.#sql.lastBefore.get(contact.peer, from, contact.settled, sinceWall)?.seq ?? from - 1;
    return this.#sql.firstFrom.get(contact.peer, tooOld + 1, contact.settled)?.seq ?? undefined;
  }

  /** Where its message is. Null: it waits under an earlier seq, and this one is a `void`. */
  #keep(
    contact: Contact,
    id: Bytes,
    { plaintext, timestamp, replyTo, expiresWall, seq }: OutboxRow,
  ): number | null {
    const text = decodeUtf8(plaintext);
    if (text === undefined) throw new Error('a text was queued that is not UTF-8');
    const former = this.#sql.ofId.get(id, contact.peer);
    if (former?.state === MESSAGE_STATE.waiting) return null;
    if (former) {
      this.#sql.again.run(seq, expiresWall ?? null, former.position);
      return former.position;
    }
    const position = this.#options.nextPosition();
    const reply = replyTo === undefined ? null : blobOfId(replyTo);
    this.#sql.addMessage.run(
      position,
      contact.peer,
      id,
      text,
      timestamp,
      timestamp,
      seq,
      reply,
      expiresWall ?? null,
    );
    return position;
  }

  #void(
    contact: Contact,
    options: {
      readonly first: number;
      readonly last: number;
      readonly outcome: VoidOutcome;
      readonly reason: Failure | undefined;
      readonly atWall: number;
    },
  ): void {
    const { first, last, outcome, reason, atWall } = options;
    const range = [contact.peer, first, last] as const;
    this.#count(contact, range);
    if (outcome === 'erased') {
      const positions = this.#sql.positions.all(...range).map(({ position }) => position);
      this.#sql.detach.run(...range);
      this.#options.forget(positions);
      return;
    }
    const text = reason === undefined ? null : JSON.stringify(reason);
    this.#sql.withdraw.run(stateOfVoid(outcome), text, atWall, ...range);
    this.#sql.detach.run(...range);
  }

  /** What is in this range waits no longer. */
  #count(contact: Contact, range: readonly [number, number, number]): void {
    const { count, bytes } = this.#sumOf(range);
    contact.waiting -= count;
    contact.waiting_bytes -= bytes + count * ROW_BYTES;
  }
  #sumOf(range: readonly [number, number, number]): { readonly count: number; readonly bytes: number } {
    return this.#sql.sum.get(...range) ?? { count: 0, bytes: 0 };
  }
}

function isPresent(contact: Contact, epoch: Bytes): boolean {
  return contact.epoch !== null && equalBytes(contact.epoch, epoch);
}

const NO_TEXT: Bytes = encodeUtf8('{}');

/** A withdrawn message keeps nothing but its id, which begins with the time at which it was written (UUIDv7). */
function toOutboxRow({ id, seq, text, written, reply_to, expires }: MessageRow): OutboxRow {
  const name = idOfBlob(id);
  if (text === null || written === null)
    return { id: name, seq, type: 'void', plaintext: NO_TEXT, timestamp: Buffer.from(id).readUIntBE(0, 6) };
  return {
    id: name,
    seq,
    type: 'text',
    plaintext: encodeUtf8(text),
    timestamp: written,
    ...(reply_to !== null && { replyTo: idOfBlob(reply_to) }),
    ...(expires !== null && { expiresWall: expires }),
  };
}
