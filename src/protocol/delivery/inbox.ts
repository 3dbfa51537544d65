import { decodeUtf8, equalBytes, failure, success, type Bytes, type Result } from '../../base/index.ts';
import { TEXT_BYTES_MAX, type EnvelopeHeader } from '../envelope/index.ts';
import { VOLATILE_EPOCH, type Ack, type Ready } from '../session/index.ts';
import type { InboxStanding, Ledger } from './ledger.ts';
import { OUTSTANDING_MESSAGES_MAX, ROW_BYTES, WINDOW_BYTES_MAX, WINDOW_MESSAGES_MAX } from './limits.ts';
import {
  NOTHING,
  type Decision,
  type DeliveryChange,
  type DeliveryEffect,
  type InboxRow,
  type RefusalStatus,
} from './message.ts';
import { SeenIds } from './seen-ids.ts';

// The receiving half of one pair (spec/05-delivery.md): at least once on the wire, once to the person, in the
// sender's order.

/** It waits behind a gap. */
interface HeldRow {
  readonly row: InboxRow;
  /** Its id had come before already. */
  readonly isRepeat: boolean;
}

const NO_EPOCH: Bytes = new Uint8Array(16);

/** What came of one message. `isRepeat`: it had come before, and its first content counts, whatever this one holds. */
export interface Arrival extends Decision {
  readonly isRepeat: boolean;
}

/** What our READY says of the peer's messages. */
export interface ReceiverFields {
  readonly peerEpoch: Bytes;
  readonly stored: number;
  readonly storedId: string | undefined;
}

/** What came of the peer's READY. `fields`: for our own one, when it comes after. */
export interface Meeting extends Decision {
  readonly fields: ReceiverFields;
}

/** What comes from one peer: in order, once, stored before it is acked (spec/05). */
export class Inbox {
  readonly #peer: string;
  readonly #ledger: Ledger;
  #epoch: Bytes;
  #stored: number;
  #storedId: string | undefined;
  readonly #held = new Map<number, HeldRow>();
  readonly #busy = new Set<number>();
  #refusals: { readonly seq: number; readonly status: RefusalStatus }[];
  readonly #seen: SeenIds;

  constructor(peer: string, ledger: Ledger, standing?: InboxStanding) {
    this.#peer = peer;
    this.#ledger = ledger;
    this.#epoch = standing?.epoch ?? NO_EPOCH;
    this.#stored = standing?.stored ?? 0;
    this.#storedId = standing?.storedId;
    this.#refusals = (standing?.refusals ?? []).slice(-OUTSTANDING_MESSAGES_MAX);
    this.#seen = new SeenIds(standing?.largestId);
  }

  get readyFields(): ReceiverFields {
    return { peerEpoch: this.#epoch, stored: this.#stored, storedId: this.#storedId };
  }

  /** A peer whose epoch is new starts at 1 again; what it can no longer send is skipped and shown as missing. */
  onReady(ready: Ready): Meeting {
    const changes: DeliveryChange[] = [];
    const effects: DeliveryEffect[] = [];
    const isKnown = equalBytes(ready.epoch, this.#epoch);
    if (!isKnown) {
      const isNews = (ready.capabilities & VOLATILE_EPOCH) === 0;
      if (isNews && !equalBytes(this.#epoch, NO_EPOCH)) {
        // A new store knows no message of ours, nor an id; what it says of our epoch it has from our READY.
        const isFromCopy = ready.storedId.some((byte) => byte !== 0);
        effects.push({ type: 'peer-restarted', isFromCopy });
      }
      this.#beginEpoch(ready.epoch);
    }
    // Before anything is skipped: the sender is to learn what was lost here, whoever of us speaks first.
    const fields = this.readyFields;
    if (ready.first > this.#stored + 1) {
      // An unknown epoch's earlier messages were settled before our time: nothing of ours is missing then.
      if (isKnown) effects.push({ type: 'missing', count: ready.first - 1 - this.#stored });
      this.#stored = ready.first - 1;
      this.#storedId = undefined;
      changes.push(this.#cursor());
      this.#drain(changes, effects);
    } else if (!isKnown) changes.push(this.#cursor());
    this.#refusals = this.#refusals.filter((refusal) => refusal.seq >= ready.first);
    return { changes, effects, fields };
  }

  /**
   * Fails with message-seq-reused when the peer gives a seq of this epoch a second id: that is never acked. Without room,
   * when nobody is there to see it, a new message is left to its sender, who is told to send it again later.
   */
  onMessage(header: EnvelopeHeader, plaintext: Bytes, receivedWall: number, hasRoom = true): Result<Arrival> {
    const heldId = this.#held.get(header.seq)?.row.id;
    const isRepeat =
      header.seq <= this.#stored ? this.#seqOf(header.id) === header.seq : heldId === header.id;
    if (isRepeat) return success({ ...NOTHING, isRepeat });
    if (header.seq <= this.#stored || heldId !== undefined) {
      return failure('message-seq-reused', `${this.#peer} gave message ${header.seq} two different ids.`);
    }
    if (!hasRoom || (header.seq > this.#stored + 1 && !this.#mayHold(plaintext.length))) {
      // The sender goes back to the first of these: the others need no word, and an ack must fit its record.
      if (this.#busy.size < WINDOW_MESSAGES_MAX) this.#busy.add(header.seq);
      return success({ ...NOTHING, isRepeat });
    }
    return success({ ...this.#take(rowOf(header, plaintext, receivedWall)), isRepeat });
  }

  /** The ack that is true now. The first of a session repeats every final refusal the peer may not know of. */
  ack(isFirst: boolean, sinceSeq: number): Ack {
    if (this.#refusals.length + this.#busy.size === 0) return { cumulative: this.#stored, exceptions: [] };
    const refusals = this.#refusals.filter((refusal) => isFirst || refusal.seq > sinceSeq);
    const busy = [...this.#busy]
      .filter((seq) => seq > this.#stored && !this.#held.has(seq))
      .sort((a, b) => a - b);
    this.#busy.clear();
    return {
      cumulative: this.#stored,
      exceptions: [...refusals, ...busy.map((seq) => ({ seq, status: 'busy' as const }))],
    };
  }

  /** As much as a sender may have under way: a peer that leaves a gap on purpose must not fill our memory (spec/05). */
  #mayHold(length: number): boolean {
    let bytes = length + ROW_BYTES;
    for (const { row } of this.#held.values()) bytes += row.plaintext.length + ROW_BYTES;
    return this.#held.size < WINDOW_MESSAGES_MAX && bytes <= WINDOW_BYTES_MAX;
  }

  #take(row: InboxRow): Decision {
    // Read before anything is changed: the ledger may fail, and what was stored in between would be acked and not be there.
    const isRepeat = this.#seqOf(row.id) !== undefined;
    if (row.seq > this.#stored + 1) {
      // A view would keep all that came with it in memory until the gap is filled.
      this.#held.set(row.seq, { row: { ...row, plaintext: row.plaintext.slice() }, isRepeat });
      return NOTHING;
    }
    const changes: DeliveryChange[] = [];
    const effects: DeliveryEffect[] = [];
    this.#accept({ row, isRepeat }, changes, effects);
    this.#drain(changes, effects);
    return { changes, effects };
  }

  #beginEpoch(epoch: Bytes): void {
    this.#epoch = epoch;
    this.#stored = 0;
    this.#storedId = undefined;
    this.#held.clear();
    this.#busy.clear();
    this.#refusals = [];
    this.#seen.beginEpoch();
  }

  #drain(changes: DeliveryChange[], effects: DeliveryEffect[]): void {
    if (this.#held.size === 0) return;
    for (const seq of this.#held.keys()) if (seq <= this.#stored) this.#held.delete(seq);
    for (;;) {
      const held = this.#held.get(this.#stored + 1);
      if (!held) return;
      this.#held.delete(held.row.seq);
      // What came while it waited is in memory.
      const isRepeat = held.isRepeat || this.#seen.seqOf(held.row.id) !== undefined;
      this.#accept({ row: held.row, isRepeat }, changes, effects);
    }
  }

  #accept({ row, isRepeat }: HeldRow, changes: DeliveryChange[], effects: DeliveryEffect[]): void {
    this.#stored = row.seq;
    this.#storedId = row.id;
    this.#seen.add(row.id, row.seq);
    if (isRepeat || row.type === 'void') {
      changes.push({ type: 'inbox-pass', peer: this.#peer, seq: row.seq, id: row.id });
      return;
    }
    const status = refusalOf(row);
    if (status) {
      this.#refusals = [...this.#refusals, { seq: row.seq, status }].slice(-OUTSTANDING_MESSAGES_MAX);
      changes.push({ type: 'inbox-pass', peer: this.#peer, seq: row.seq, id: row.id, status });
      return;
    }
    changes.push({ type: 'inbox-put', peer: this.#peer, row });
    effects.push({ type: 'received', row });
  }

  /** The seq of the present epoch under which this id came, 0 for an earlier epoch's; undefined when it never came. */
  #seqOf(id: string): number | undefined {
    const seq = this.#seen.seqOf(id);
    if (seq !== undefined || !this.#seen.mayHaveCome(id)) return seq;
    return this.#ledger.seqOfIncoming(this.#peer, id);
  }

  #cursor(): DeliveryChange {
    return {
      type: 'inbox-cursor',
      peer: this.#peer,
      epoch: this.#epoch,
      stored: this.#stored,
      storedId: this.#storedId,
    };
  }
}

function rowOf(header: EnvelopeHeader, plaintext: Bytes, receivedWall: number): InboxRow {
  const { id, seq, type, timestamp, replyTo } = header;
  const row = { id, seq, type, timestamp, plaintext, receivedWall };
  return replyTo === undefined ? row : { ...row, replyTo };
}

/** FRM-08: an over-long text or an unknown type is a valid envelope that we refuse; the session lives. */
function refusalOf(row: InboxRow): RefusalStatus | undefined {
  if (row.type !== 'text') return 'unsupported';
  if (row.plaintext.length > TEXT_BYTES_MAX || row.plaintext.length === 0) return 'refused';
  return decodeUtf8(row.plaintext) === undefined ? 'refused' : undefined;
}
