import { encodeUtf8, type Bytes } from '../../base/index.ts';
import type { Ledger, OutboxStanding } from './ledger.ts';
import { OUTSTANDING_MESSAGES_MAX, ROW_BYTES } from './limits.ts';
import type { MessageContent, OutboxRow } from './message.ts';

/** As `OUTSTANDING_MESSAGES_MAX`, in bytes. Twice what a session may have unacknowledged: what is next is at hand when an ack comes. */
const BYTES_MAX = 2_097_152;
/** One reading of the ledger, so that even the longest texts stay near `BYTES_MAX`. */
const PAGE_ROWS = 64;
/** Withdrawn messages of the tail, remembered one by one, before those are dropped that the ledger knows of by now. */
const WITHDRAWN_MIN = 1_024;

const VOID_PLAINTEXT: Bytes = encodeUtf8('{}');

/**
 * The unsettled rows of one numbering: the first ones in memory, the others (the tail) in the ledger until their turn comes. The
 * ledger shows what was committed; what was withdrawn in the tail since is remembered here until it is read.
 */
export class OutboxWindow {
  readonly #peer: string;
  readonly #ledger: Ledger;
  #epoch: Bytes;
  #assigned: number;
  #settled: number;
  #settledId: string | undefined;
  #rows: OutboxRow[] = [];
  #bytes = 0;
  #withdrawn = new Set<number>();
  #withdrawnMax = WITHDRAWN_MIN;
  /** All of the tail between these was withdrawn. */
  #withdrawnFrom = 0;
  #withdrawnTo = 0;

  constructor(peer: string, ledger: Ledger, epoch: Bytes, standing: OutboxStanding | undefined) {
    this.#peer = peer;
    this.#ledger = ledger;
    this.#epoch = epoch;
    this.#assigned = standing?.assigned ?? 0;
    this.#settled = standing?.settled ?? 0;
    this.#settledId = standing?.settledId;
  }

  get epoch(): Bytes {
    return this.#epoch;
  }
  get assigned(): number {
    return this.#assigned;
  }
  get settled(): number {
    return this.#settled;
  }
  get settledId(): string | undefined {
    return this.#settledId;
  }
  /** In order of seq without gaps, from the first unsettled one. */
  get rows(): readonly OutboxRow[] {
    return this.#rows;
  }
  /** The last seq in memory. */
  get end(): number {
    return this.#settled + this.#rows.length;
  }
  get isFull(): boolean {
    return this.#rows.length >= OUTSTANDING_MESSAGES_MAX || this.#bytes >= BYTES_MAX;
  }

  append(row: OutboxRow): void {
    // What waited before is at hand with it: whoever asks how it stands is told of both.
    this.fill();
    const isNext = this.end === this.#assigned && !this.isFull;
    this.#assigned = row.seq;
    if (isNext) this.#push(row);
  }

  /** The unsettled row with this seq, read from the ledger when memory has room for it. */
  rowAt(seq: number): OutboxRow | undefined {
    if (seq > this.end) this.fill();
    return this.#rows[seq - this.#settled - 1];
  }
  find(id: string): OutboxRow | undefined {
    return this.#rows.find((row) => row.id === id);
  }
  /** A message of the tail or one that is settled, as the ledger has it. */
  read(seq: number): OutboxRow | undefined {
    const [row] = this.page(seq, seq, 1);
    return row && this.isWithdrawn(seq) ? voided(row) : row;
  }
  /** A row of the tail was withdrawn, whatever has been committed. */
  isWithdrawn(seq: number): boolean {
    return (seq >= this.#withdrawnFrom && seq <= this.#withdrawnTo) || this.#withdrawn.has(seq);
  }
  idAt(seq: number): string | undefined {
    if (seq === this.#settled) return this.#settledId;
    return (this.#rows[seq - this.#settled - 1] ?? this.read(seq))?.id;
  }
  page(first: number, last: number, limit: number): readonly OutboxRow[] {
    return this.#ledger.outgoing(this.#peer, { epoch: this.#epoch, after: first - 1, upTo: last, limit });
  }

  /** Rows that the ledger does not have yet come at a later call. */
  fill(): void {
    if (this.#withdrawn.size >= this.#withdrawnMax) this.#forgetKnown();
    while (this.end < this.#assigned && !this.isFull) {
      const limit = Math.min(PAGE_ROWS, OUTSTANDING_MESSAGES_MAX - this.#rows.length);
      const page = this.#nextPage(this.end, this.#assigned, limit);
      if (page.length === 0) return;
      for (const row of page) if (!this.isFull) this.#push(row);
    }
  }

  /** What never left and is over, of all that may leave in this turn. */
  expired(sent: number, nowWall: number): readonly OutboxRow[] {
    this.fill();
    return this.#rows.filter((row) => row.seq > sent && isOver(row, nowWall));
  }
  /** Of the rows in memory that come after `seq`. */
  nextExpiryAfter(seq: number): number | undefined {
    let next: number | undefined;
    for (const { seq: each, expiresWall } of this.#rows)
      if (each > seq && expiresWall !== undefined) next = Math.min(next ?? expiresWall, expiresWall);
    return next;
  }

  /** All of it is read before anything is changed: the ledger may fail in between. */
  settleTo(seq: number, visit: (row: OutboxRow) => void): void {
    for (const row of this.#tailTo(seq)) this.#push(row);
    for (const row of this.#rows.splice(0, seq - this.#settled)) {
      this.#bytes -= costOf(row);
      this.#settled = row.seq;
      this.#settledId = row.id;
      visit(row);
    }
  }

  /** The message keeps its seq and id and loses everything else. */
  makeVoid(seq: number): void {
    const index = seq - this.#settled - 1;
    const row = this.#rows[index];
    if (row) this.#replace(index, row);
    else this.#withdrawn.add(seq);
  }
  makeAllVoid(first: number): void {
    for (const [index, row] of this.#rows.entries()) if (row.seq >= first) this.#replace(index, row);
    if (this.#withdrawnTo <= this.end) this.#withdrawnFrom = first;
    this.#withdrawnTo = this.#assigned;
    this.#withdrawn.clear();
  }

  /** A new numbering of what is neither settled nor void: `waiting` of them. */
  restart(epoch: Bytes, waiting: number): void {
    this.#epoch = epoch;
    this.#assigned = waiting;
    this.#settled = 0;
    this.#settledId = undefined;
    this.#withdrawn.clear();
    this.#withdrawnTo = 0;
    this.#rows = this.#rows
      .filter((row) => row.type !== 'void')
      .map((row, index) => ({ ...row, seq: index + 1 }));
    this.#bytes = this.#rows.reduce((sum, row) => sum + costOf(row), 0);
  }

  #tailTo(seq: number): readonly OutboxRow[] {
    const rows: OutboxRow[] = [];
    for (;;) {
      const end = this.end + rows.length;
      const page = end < seq ? this.#nextPage(end, seq, PAGE_ROWS) : [];
      if (page.length === 0) return rows;
      rows.push(...page);
    }
  }
  /** As it is to go out. */
  #nextPage(after: number, upTo: number, limit: number): readonly OutboxRow[] {
    const page = this.page(after + 1, upTo, limit);
    if (page.some((row, index) => row.seq !== after + 1 + index))
      throw new RangeError('the ledger left out a message of the outbox');
    return page.map((row) => (this.isWithdrawn(row.seq) ? voided(row) : row));
  }

  #push(row: OutboxRow): void {
    this.#withdrawn.delete(row.seq);
    this.#rows.push(row);
    this.#bytes += costOf(row);
  }
  #replace(index: number, row: OutboxRow): void {
    const withdrawn = voided(row);
    this.#rows[index] = withdrawn;
    this.#bytes += costOf(withdrawn) - costOf(row);
  }
  #forgetKnown(): void {
    for (const each of this.#withdrawn) {
      if (this.page(each, each, 1)[0]?.type === 'void') this.#withdrawn.delete(each);
    }
    this.#withdrawnMax = Math.max(WITHDRAWN_MIN, 2 * this.#withdrawn.size);
  }
}

export function isOver({ expiresWall }: OutboxRow, nowWall: number): boolean {
  return expiresWall !== undefined && expiresWall <= nowWall;
}

/** What a message counts in windows and limits, in bytes. */
export function costOf(content: Pick<MessageContent, 'plaintext'>): number {
  return content.plaintext.length + ROW_BYTES;
}

/** What goes out in place of a message that was withdrawn: nothing of it but its place and its id. */
export function voided({ seq, id, timestamp }: OutboxRow): OutboxRow {
  return { seq, id, timestamp, type: 'void', plaintext: VOID_PLAINTEXT };
}
