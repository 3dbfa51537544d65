import type { Instant } from '../../base/index.ts';
import type { OutboxRow } from './message.ts';

/** Costs of acknowledged messages that may stay in the list before it is cut. */
const SLACK = 256;

/**
 * What one session has sent: a run before the peer's READY (early), and everything from the first seq that the peer lacks up to
 * `next`. Settled messages that the peer has lost come first (repair), then the unsettled ones.
 */
export class SendProgress {
  /** When the connection began: a READY of the peer is younger. */
  readonly begunAt: Instant;
  /** The seq that goes out next. */
  next: number;
  earlyFrom = 0;
  earlyTo = 0;
  pausedUntil: Instant = 0;
  /** The last `take` left out what the window would have allowed. */
  hasMore = false;
  /** The peer's READY has not come: what leaves now is early. */
  isEarly = true;
  /** `first` of our READY: nothing below it is ever sent on this session. */
  first: number;
  /** The peer's READY showed that it lacks settled messages up to this one; 0 for none. */
  repairTo = 0;
  /** Messages of the repair go out as `void`: the peer shows nothing of before its start. */
  isRepairVoid = false;
  /** What was read of the ledger for the repair, and under which of its versions. */
  page: readonly OutboxRow[] = [];
  pageVersion = 0;
  /** What the peer has acknowledged on this session, or before it. */
  ackedTo: number;
  #bytes = 0;
  /** Of the messages before `next`, as far as this session has sent them and they are not acknowledged. */
  #costs: number[] = [];
  #costsStart = 0;

  constructor(begunAt: Instant, settled: number) {
    this.begunAt = begunAt;
    this.ackedTo = settled;
    this.next = settled + 1;
    this.first = settled + 1;
  }

  get inFlightBytes(): number {
    return this.#bytes;
  }
  get inFlightMessages(): number {
    const early = Math.max(0, this.earlyTo - Math.max(this.earlyFrom - 1, this.next - 1, this.ackedTo));
    return this.#costs.length - this.#costsStart + early;
  }
  isEarlySeq(seq: number): boolean {
    return seq >= this.earlyFrom && seq <= this.earlyTo;
  }
  /** Up to where the peer holds everything, as far as this session can tell. */
  floor(settled: number): number {
    return this.ackedTo < this.repairTo ? this.ackedTo : Math.max(this.ackedTo, settled);
  }

  /** The message at `next` leaves, or has left early. */
  advance(cost: number): void {
    this.next++;
    this.#costs.push(cost);
    this.#bytes += cost;
  }
  /** The peer's READY has come: it lacks everything from `next` on, of settled messages those up to `repairTo`. */
  begin(next: number, repairTo: number, ackedTo: number): void {
    this.isEarly = false;
    const early = this.#costs.length - this.#costsStart;
    this.earlyFrom = early > 0 ? this.next - early : 0;
    this.earlyTo = early > 0 ? this.next - 1 : 0;
    this.repairTo = repairTo;
    this.ackedTo = ackedTo;
    this.skipTo(next);
  }
  /** Nothing before `next` is in flight any more. */
  skipTo(next: number): void {
    this.next = next;
    this.#costs = [];
    this.#costsStart = 0;
    this.#bytes = 0;
  }
  acked(seq: number): void {
    this.ackedTo = Math.max(this.ackedTo, seq);
    const left = Math.max(0, this.next - 1 - this.ackedTo);
    while (this.#costs.length - this.#costsStart > left) this.#bytes -= this.#costs[this.#costsStart++] ?? 0;
    if (this.#costsStart < SLACK) return;
    this.#costs.splice(0, this.#costsStart);
    this.#costsStart = 0;
  }
  /** The peer had no room: everything from `seq` on goes out again, later. */
  rewind(seq: number, pausedUntil: Instant): void {
    const left = Math.max(0, this.#costs.length - this.#costsStart - (this.next - seq));
    while (this.#costs.length - this.#costsStart > left) this.#bytes -= this.#costs.pop() ?? 0;
    this.next = seq;
    this.earlyFrom = 0;
    this.earlyTo = 0;
    this.pausedUntil = pausedUntil;
    this.page = [];
  }
}
