import { decodeUtf8, encodeUtf8, equalBytes, type Bytes, type Failure } from '../base/index.ts';
import {
  ROW_BYTES,
  type DeliveryChange,
  type InboxRow,
  type InboxStanding,
  type Ledger,
  type OutboxRow,
  type OutboxStanding,
  type RefusalStatus,
  type VoidOutcome,
} from '../protocol/delivery/index.ts';

type OutboxChange = Extract<DeliveryChange, { readonly type: `outbox-${string}` }>;
type InboxChange = Extract<DeliveryChange, { readonly type: `inbox-${string}` }>;
type ChangeOf<Type extends DeliveryChange['type']> = Extract<DeliveryChange, { readonly type: Type }>;

/** How the store has a message that goes out. */
export interface OutgoingRecord {
  readonly id: string;
  /** Empty when it was erased. */
  readonly text: string;
  /** In the present numbering; 0 when it has no place in it any more. */
  readonly seq: number;
  readonly state: 'queued' | 'sent' | 'delivered' | 'refused' | VoidOutcome;
  readonly reason: Failure | undefined;
}

interface Outgoing {
  row: OutboxRow;
  outcome: 'waiting' | 'delivered' | 'refused' | VoidOutcome;
  reason: Failure | undefined;
  settledWall: number | undefined;
}

const VOID_PLAINTEXT = encodeUtf8('{}');

/** Outgoing messages of one contact, as a store keeps them. */
export class MemoryOutbox {
  #epoch: Bytes | undefined;
  /** All there ever were; the same message anew takes the place of its former self. */
  readonly #all = new Map<string, Outgoing>();
  /** Of the present numbering, from seq 1. */
  #bySeq: Outgoing[] = [];
  #sent = 0;
  #settled = 0;
  #settledId: string | undefined;
  #ackedKey: Bytes | undefined;
  #ackedFrom = 1;
  #waiting = 0;
  #waitingBytes = 0;

  get records(): readonly OutgoingRecord[] {
    return [...this.#all.values()].map((each) => {
      const { id, seq, plaintext } = each.row;
      const { outcome, reason } = each;
      const state = outcome !== 'waiting' ? outcome : seq > this.#sent ? 'queued' : 'sent';
      const isPlaced = this.#bySeq[seq - 1] === each;
      const text = outcome === 'erased' ? '' : (decodeUtf8(plaintext) ?? '');
      return { id, text, seq: isPlaced ? seq : 0, state, reason };
    });
  }

  get standing(): OutboxStanding | undefined {
    if (!this.#epoch) return undefined;
    const expiries = this.#unsettled().flatMap(({ outcome, row }) =>
      outcome === 'waiting' && row.expiresWall !== undefined ? [row.expiresWall] : [],
    );
    return {
      epoch: this.#epoch,
      assigned: this.#bySeq.length,
      sent: this.#sent,
      settled: this.#settled,
      settledId: this.#settledId,
      waiting: this.#waiting,
      waitingBytes: this.#waitingBytes,
      nextExpiryWall: expiries.length > 0 ? Math.min(...expiries) : undefined,
    };
  }

  page({ epoch, after, upTo, limit }: Parameters<Ledger['outgoing']>[1]): readonly OutboxRow[] {
    if (!this.#isPresent(epoch)) return [];
    return this.#bySeq.slice(after, Math.min(upTo, after + limit)).map(wireRow);
  }
  /** Of an unsettled message that was not withdrawn. */
  seqOf(id: string): number | undefined {
    const found = this.#all.get(id);
    return found?.outcome === 'waiting' ? found.row.seq : undefined;
  }
  expiring(nowWall: number, limit: number): ReturnType<Ledger['expiring']> {
    const rows: OutboxRow[] = [];
    let nextWall: number | undefined;
    for (const { outcome, row } of this.#bySeq.slice(Math.max(this.#sent, this.#settled))) {
      if (outcome !== 'waiting' || row.expiresWall === undefined) continue;
      if (row.expiresWall > nowWall) nextWall = Math.min(nextWall ?? row.expiresWall, row.expiresWall);
      else if (rows.length < limit) rows.push(row);
    }
    return { rows, nextWall };
  }
  repairableFrom(
    key: Bytes,
    { sinceWall, limit }: Parameters<Ledger['repairableFrom']>[2],
  ): number | undefined {
    if (!this.#ackedKey || !equalBytes(this.#ackedKey, key)) return undefined;
    let first = this.#settled + 1;
    while (first > this.#ackedFrom && this.#settled + 1 - first < limit) {
      const before = this.#bySeq[first - 2];
      if (!before || (before.settledWall ?? 0) < sinceWall) break;
      first--;
    }
    return first > this.#settled ? undefined : first;
  }

  apply(change: OutboxChange): void {
    if (change.type === 'outbox-epoch') return this.#renumber(change);
    if (change.type === 'outbox-put') this.#epoch ??= change.epoch;
    if (!this.#isPresent(change.epoch)) return;
    switch (change.type) {
      case 'outbox-put':
        return this.#put(change.row);
      case 'outbox-sent':
        this.#sent = change.seq;
        return;
      case 'outbox-void': {
        const found = this.#bySeq[change.seq - 1];
        if (found?.row.id === change.id && change.seq > this.#settled) this.#void(found, change);
        return;
      }
      case 'outbox-void-range':
        for (const each of this.#bySeq.slice(Math.max(change.first - 1, this.#settled), change.last))
          this.#void(each, change);
        return;
      case 'outbox-settle':
        return this.#settle(change);
    }
  }

  #isPresent(epoch: Bytes): boolean {
    return this.#epoch !== undefined && equalBytes(this.#epoch, epoch);
  }
  #unsettled(): readonly Outgoing[] {
    return this.#bySeq.slice(this.#settled);
  }
  #put(row: OutboxRow): void {
    if (row.seq <= this.#bySeq.length) return;
    if (row.seq !== this.#bySeq.length + 1) throw new RangeError('a message was put behind a gap');
    const record: Outgoing = { row, outcome: 'waiting', reason: undefined, settledWall: undefined };
    this.#all.delete(row.id);
    this.#all.set(row.id, record);
    this.#bySeq.push(record);
    this.#count(row, 1);
  }
  #void(each: Outgoing, { outcome, reason }: Pick<ChangeOf<'outbox-void'>, 'outcome' | 'reason'>): void {
    if (each.outcome !== 'waiting') {
      if (outcome === 'erased') each.outcome = outcome;
      return;
    }
    each.outcome = outcome;
    each.reason = reason;
    this.#count(each.row, -1);
  }
  #settle({ seq, id, key, atWall, refused }: ChangeOf<'outbox-settle'>): void {
    if (seq <= this.#settled || this.#bySeq[seq - 1]?.row.id !== id) return;
    const reasons = new Map(refused.map((each) => [each.seq, each.reason]));
    for (const each of this.#bySeq.slice(this.#settled, seq)) {
      each.settledWall = atWall;
      if (each.outcome !== 'waiting') continue;
      each.reason = reasons.get(each.row.seq);
      each.outcome = each.reason ? 'refused' : 'delivered';
      this.#count(each.row, -1);
    }
    if (!this.#ackedKey || !equalBytes(this.#ackedKey, key)) this.#ackedFrom = this.#settled + 1;
    this.#ackedKey = key;
    this.#settled = seq;
    this.#settledId = id;
  }
  #renumber({ former, epoch }: ChangeOf<'outbox-epoch'>): void {
    if (this.#epoch && !equalBytes(this.#epoch, former)) return;
    this.#epoch = epoch;
    const kept = this.#unsettled().filter((each) => each.outcome === 'waiting');
    const left = kept.filter((each) => each.row.seq <= this.#sent).length;
    for (const each of this.#all.values()) each.row = { ...each.row, seq: 0 };
    for (const [index, each] of kept.entries()) each.row = { ...each.row, seq: index + 1 };
    this.#bySeq = kept;
    this.#sent = left;
    this.#settled = 0;
    this.#settledId = undefined;
    this.#ackedKey = undefined;
    this.#ackedFrom = 1;
  }
  #count(row: OutboxRow, by: 1 | -1): void {
    this.#waiting += by;
    this.#waitingBytes += by * (row.plaintext.length + ROW_BYTES);
  }
}

/** Incoming messages of one contact, as a store keeps them. */
export class MemoryInbox {
  #epoch: Bytes | undefined;
  #epochNumber = 0;
  #stored = 0;
  #storedId: string | undefined;
  #largestId: string | undefined;
  #refusals: { readonly seq: number; readonly status: RefusalStatus }[] = [];
  readonly #places = new Map<string, { readonly epoch: number; readonly seq: number }>();
  readonly rows: Map<string, InboxRow> = new Map();

  get texts(): readonly string[] {
    return [...this.rows.values()].map((row) => decodeUtf8(row.plaintext) ?? '');
  }
  get standing(): InboxStanding | undefined {
    if (!this.#epoch) return undefined;
    return {
      epoch: this.#epoch,
      stored: this.#stored,
      storedId: this.#storedId,
      largestId: this.#largestId,
      refusals: this.#refusals,
    };
  }
  seqOf(id: string): number | undefined {
    const place = this.#places.get(id);
    return place && (place.epoch === this.#epochNumber ? place.seq : 0);
  }

  apply(change: InboxChange): void {
    switch (change.type) {
      case 'inbox-put':
        if (!this.rows.has(change.row.id)) this.rows.set(change.row.id, change.row);
        return this.#moveTo(change.row.seq, change.row.id);
      case 'inbox-pass': {
        const { seq, status } = change;
        if (status && !this.#refusals.some((each) => each.seq === seq))
          this.#refusals = [...this.#refusals, { seq, status }];
        return this.#moveTo(seq, change.id);
      }
      case 'inbox-cursor':
        if (!this.#epoch || !equalBytes(this.#epoch, change.epoch)) {
          this.#epochNumber++;
          this.#refusals = [];
        }
        this.#epoch = change.epoch;
        this.#stored = change.stored;
        this.#storedId = change.storedId;
    }
  }

  #moveTo(seq: number, id: string): void {
    this.#stored = seq;
    this.#storedId = id;
    this.#places.set(id, { epoch: this.#epochNumber, seq });
    if (this.#largestId === undefined || id > this.#largestId) this.#largestId = id;
  }
}

/** As it goes over the wire. */
function wireRow({ row, outcome }: Outgoing): OutboxRow {
  if (outcome === 'waiting' || outcome === 'delivered' || outcome === 'refused') return row;
  const { seq, id, timestamp } = row;
  return { seq, id, timestamp, type: 'void', plaintext: VOID_PLAINTEXT };
}
