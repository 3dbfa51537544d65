import {
  equalBytes,
  failure,
  success,
  type Bytes,
  type Failure,
  type Instant,
  type Now,
  type Result,
} from '../../base/index.ts';
import { idFromBytes, idToBytes } from '../envelope/index.ts';
import { VOLATILE_EPOCH, type Ack, type Ready } from '../session/index.ts';
import type { Ledger, OutboxStanding } from './ledger.ts';
import {
  BUSY_PAUSE_MS,
  REPAIR_MESSAGES_MAX,
  REPAIR_MS,
  WINDOW_BYTES_MAX,
  WINDOW_MESSAGES_MAX,
} from './limits.ts';
import {
  NOTHING,
  type Decision,
  type DeliveryChange,
  type DeliveryEffect,
  type OutboxRow,
  type VoidOutcome,
} from './message.ts';
import { OutboxQueue, whyVoid, type NewMessage, type Withdrawal } from './outbox-queue.ts';
import { costOf, isOver, voided, type OutboxWindow } from './outbox-window.ts';
import { SendProgress } from './send-progress.ts';
import { refusalReason, settledEffect, tooManyBadEnvelopes } from './settled-effect.ts';

// The sending half of one pair (spec/05-delivery.md): numbers messages, knows what each session has sent, settles them by
// the peer's acks. In memory is only what is next to go; everything else is asked of the ledger when its turn comes.

const BAD_ENVELOPES_MAX = 3;
/** One reading of the ledger for a repair: even the longest texts stay near 2 MiB. */
const PAGE_ROWS = 64;

/** What READY says of our numbering. */
export interface ReadyFields {
  readonly epoch: Bytes;
  readonly first: number;
  readonly last: number;
}

/** What goes to one peer: numbered, sent, sent again after a cut, settled (spec/05). */
export class Outbox {
  readonly #peer: string;
  readonly #ledger: Ledger;
  readonly #queue: OutboxQueue;
  readonly #window: OutboxWindow;
  #isEpochKnown: boolean;
  /** Who alone has sent, before its peer's READY, what lies above `#sentBefore`. */
  #earlySender: SendProgress | undefined;
  #sentBefore = 0;
  #lastSettled: Instant | undefined;
  #bad = { seq: 0, times: 0 };
  /** Settled messages that the peer cannot open either when they are repaired. */
  readonly #unrepairable = new Set<number>();
  /** What was read for a repair before something was erased is read again. */
  #pageVersion = 1;

  /** `epochForNew`: the name of the numbering when there is none yet, 16 random bytes. */
  constructor(peer: string, ledger: Ledger, epochForNew: Bytes, standing?: OutboxStanding) {
    this.#peer = peer;
    this.#ledger = ledger;
    this.#queue = new OutboxQueue(peer, ledger, epochForNew, standing);
    this.#window = this.#queue.window;
    this.#isEpochKnown = standing !== undefined;
  }

  /** Nothing is unsettled, withdrawn messages included. */
  get isEmpty(): boolean {
    return this.#window.settled === this.#window.assigned;
  }
  /** Unsettled messages that were not withdrawn. */
  get waiting(): number {
    return this.#queue.waiting;
  }
  /** What they count: plaintext and `ROW_BYTES` each. */
  get waitingBytes(): number {
    return this.#queue.waitingBytes;
  }
  /** The highest seq that left on some session: what is unsettled up to it is “sent”, the rest “queued”. */
  get sent(): number {
    return this.#queue.sent;
  }
  get assigned(): number {
    return this.#window.assigned;
  }
  get settled(): number {
    return this.#window.settled;
  }
  /** The first of the unsettled rows, withdrawn ones among them: those in memory. */
  get rows(): readonly OutboxRow[] {
    this.#window.fill();
    return this.#window.rows;
  }
  /** When `expire` is to be called, UTC ms. */
  get nextExpiryWall(): number | undefined {
    return this.#queue.nextExpiryWall;
  }

  /** An unsettled message that was not withdrawn. */
  has(id: string): boolean {
    return this.#queue.has(id);
  }

  /** Fails with queue-full. */
  enqueue(message: NewMessage): Result<Decision> {
    this.#isEpochKnown = true;
    return this.#queue.enqueue(message);
  }
  /** Turns a message that never left into a `void` with the same seq and id; undefined when it is too late. */
  withdraw(id: string, nowWall: number, outcome?: VoidOutcome, reason?: Failure): Decision | undefined {
    return this.#queue.withdraw(id, whyVoid(nowWall, outcome, reason));
  }
  /** The same for everything that never left. */
  withdrawAll(nowWall: number, outcome?: VoidOutcome, reason?: Failure): Withdrawal {
    return this.#queue.withdrawAll(whyVoid(nowWall, outcome, reason));
  }
  /** A person deleted these messages: those that are unsettled go out as a `void`, though they may have left before. */
  erase(ids: readonly string[], nowWall: number): Withdrawal {
    this.#pageVersion++;
    return this.#queue.erase(ids, nowWall);
  }
  eraseAll(nowWall: number): Withdrawal {
    this.#pageVersion++;
    return this.#queue.eraseAll(nowWall);
  }
  /** Gives up what never left and whose time is over, a bounded number at once; `nextExpiryWall` says when to come again. */
  expire(nowWall: number): Decision {
    return this.#queue.expire(nowWall);
  }

  /** For a connection that began at `begunAt`, once its peer is proven. */
  newProgress(begunAt: Instant): SendProgress {
    return new SendProgress(begunAt, this.#window.settled);
  }

  /** What our READY says, to a peer with this static key; the changes come before it. */
  readyFields(
    progress: SendProgress,
    key: Bytes,
    nowWall: number,
  ): { readonly fields: ReadyFields; readonly changes: readonly DeliveryChange[] } {
    const { epoch, assigned, settled } = this.#window;
    const range = { sinceWall: nowWall - REPAIR_MS, limit: REPAIR_MESSAGES_MAX };
    const repairable = settled > 0 ? this.#ledger.repairableFrom(this.#peer, key, range) : undefined;
    progress.first = Math.min(settled + 1, repairable ?? settled + 1);
    const fields = { epoch, first: progress.first, last: assigned };
    if (this.#isEpochKnown) return { fields, changes: [] };
    this.#isEpochKnown = true;
    return { fields, changes: [{ type: 'outbox-epoch', peer: this.#peer, former: epoch, epoch }] };
  }

  /**
   * Takes the peer's READY into account: everything above what it holds goes out, except what this session sent early.
   * `rolled-back` when the peer holds more of this epoch than ever left, or another message under a seq of ours.
   */
  onReady(progress: SendProgress, ready: Ready): Result<Decision> {
    const { settled, epoch } = this.#window;
    const stored = equalBytes(ready.peerEpoch, epoch) ? ready.stored : 0;
    // What left was committed before it did: a peer that holds more holds what a later state of this store sent.
    if (stored > this.#queue.sent || !this.#isSameMessage(stored, ready.storedId))
      return failure('rolled-back', `${this.#peer} has seen messages of ours that we do not remember.`);
    if (this.#earlySender === progress) this.#earlySender = undefined;
    const next = Math.max(stored + 1, progress.first);
    progress.isRepairVoid = (ready.capabilities & VOLATILE_EPOCH) !== 0;
    progress.begin(next, next <= settled ? settled : 0, Math.min(settled, next - 1));
    // An ack may have overtaken this READY on another connection.
    const isCertain = this.#lastSettled === undefined || this.#lastSettled <= progress.begunAt;
    if (stored >= settled || progress.isRepairVoid || !isCertain) return success(NOTHING);
    const resent = Math.max(0, settled - next + 1);
    return success({ changes: [], effects: [{ type: 'lost-by-peer', count: settled - stored, resent }] });
  }

  /** This session has sent something that the peer has not acked. */
  isInFlight(progress: SendProgress): boolean {
    const floor = progress.floor(this.#window.settled);
    return progress.next - 1 > floor || progress.earlyTo > floor;
  }

  /** The next messages for a session, as the window allows, at most `bytesMax` of plaintext with headers. */
  take(progress: SendProgress, now: Now, bytesMax: number): readonly OutboxRow[] {
    const taken: OutboxRow[] = [];
    progress.hasMore = false;
    if (now.monotonic < progress.pausedUntil) return taken;
    progress.acked(progress.floor(this.#window.settled));
    let takenBytes = 0;
    while (progress.inFlightMessages < WINDOW_MESSAGES_MAX || progress.isEarlySeq(progress.next)) {
      const row = this.#rowFor(progress);
      if (!row) {
        // Queued in this very turn, it is not in the ledger yet.
        progress.hasMore = progress.next <= this.#window.assigned && !this.#window.isFull;
        break;
      }
      const cost = costOf(row);
      const isEarly = progress.isEarlySeq(row.seq);
      if (!isEarly && progress.inFlightBytes + cost > WINDOW_BYTES_MAX) break;
      if (row.seq > this.#queue.sent && isOver(row, now.wall)) {
        // Given up with the next turn: it came into memory after this one had looked.
        this.#queue.noteExpiry(row.expiresWall);
        progress.hasMore = true;
        break;
      }
      if (!isEarly && takenBytes + cost > bytesMax) {
        progress.hasMore = true;
        break;
      }
      progress.advance(cost);
      if (isEarly) continue;
      takenBytes += cost;
      taken.push(row);
    }
    return taken;
  }

  /** The record that carries these rows is about to leave. The changes come before it. */
  markSent(progress: SendProgress, rows: readonly OutboxRow[]): readonly DeliveryChange[] {
    const last = rows.at(-1)?.seq ?? 0;
    if (this.#earlySender !== progress && last > this.#sentBefore) this.#earlySender = undefined;
    if (last <= this.#queue.sent) return [];
    if (progress.isEarly && this.#earlySender !== progress) {
      this.#earlySender = progress;
      this.#sentBefore = this.#queue.sent;
    }
    return [this.#queue.sentUpTo(last)];
  }

  /** The peer's READY was not ok: what left before it counts as not received, and can be withdrawn again. */
  forgetEarly(progress: SendProgress): readonly DeliveryChange[] {
    if (this.#earlySender !== progress) return [];
    this.#earlySender = undefined;
    return [this.#queue.sentUpTo(Math.max(this.#sentBefore, this.#window.settled))];
  }

  /** `peerKey`: the static key that the session's peer has proven. */
  onAck(progress: SendProgress, ack: Ack, peerKey: Bytes, nowWall: number, now: Instant): Decision {
    // DLV-12: an ack of what has not left yet settles nothing, whoever says it.
    if (ack.cumulative > this.#queue.sent) return NOTHING;
    progress.acked(ack.cumulative);
    const decision = ack.cumulative > this.#window.settled ? this.#settle(ack, peerKey, nowWall) : NOTHING;
    if (decision !== NOTHING) this.#lastSettled = now;
    const busy = ack.exceptions.find((exception) => exception.status === 'busy');
    if (busy && busy.seq > ack.cumulative && busy.seq < progress.next)
      progress.rewind(Math.max(busy.seq, progress.first), now + BUSY_PAUSE_MS);
    return decision;
  }

  /** The peer closed with bad-envelope: the first message it lacks is the bad one; after three times it is given up. */
  onBadEnvelope(progress: SendProgress, nowWall: number): Decision {
    const seq = progress.floor(this.#window.settled) + 1;
    const isRepair = seq <= this.#window.settled;
    const row = isRepair ? undefined : this.#window.rowAt(seq);
    if (!this.isInFlight(progress) || (!isRepair && (!row || row.type === 'void'))) return NOTHING;
    this.#bad = { seq, times: this.#bad.seq === seq ? this.#bad.times + 1 : 1 };
    if (this.#bad.times < BAD_ENVELOPES_MAX) return NOTHING;
    if (!row) {
      this.#unrepairable.add(seq);
      return NOTHING;
    }
    return this.#queue.fail(row, nowWall, tooManyBadEnvelopes(this.#peer));
  }

  /** The peer remembers more than we do: everything unsettled is numbered anew, ids kept; withdrawn ones need no place. */
  startEpoch(epoch: Bytes): readonly DeliveryChange[] {
    this.#earlySender = undefined;
    this.#bad = { seq: 0, times: 0 };
    this.#unrepairable.clear();
    this.#isEpochKnown = true;
    this.#pageVersion++;
    return [this.#queue.renumber(epoch)];
  }

  #settle(ack: Ack, key: Bytes, atWall: number): Decision {
    const reasons = new Map<number, Failure>();
    for (const { seq, status } of ack.exceptions) {
      const reason = refusalReason(status);
      if (reason) reasons.set(seq, reason);
    }
    const refused: { readonly seq: number; readonly reason: Failure }[] = [];
    const effects: DeliveryEffect[] = [];
    const { settled: before } = this.#window;
    this.#queue.settleTo(ack.cumulative, (row) => {
      const reason = reasons.size > 0 ? reasons.get(row.seq) : undefined;
      if (reason) refused.push({ seq: row.seq, reason });
      effects.push(settledEffect(row, reason));
    });
    const { epoch, settled: seq, settledId: id } = this.#window;
    if (seq === before || id === undefined) return NOTHING;
    const change = { type: 'outbox-settle', peer: this.#peer, epoch, seq, id, key, atWall, refused } as const;
    return { changes: [change], effects };
  }

  #rowFor(progress: SendProgress): OutboxRow | undefined {
    const { settled } = this.#window;
    if (progress.next <= progress.repairTo) return this.#repairRow(progress);
    if (progress.next <= settled) progress.skipTo(settled + 1);
    return this.#window.rowAt(progress.next);
  }
  /** The ledger may have dropped the first ones since our READY: the peer skips them with the next session. */
  #repairRow(progress: SendProgress): OutboxRow | undefined {
    const isFresh = progress.pageVersion === this.#pageVersion;
    let row = isFresh ? progress.page[progress.next - (progress.page[0]?.seq ?? 0)] : undefined;
    if (!row) {
      progress.page = this.#window.page(progress.next, progress.repairTo, PAGE_ROWS);
      progress.pageVersion = this.#pageVersion;
      row = progress.page[0];
    }
    if (row?.seq !== progress.next) progress.skipTo(row?.seq ?? progress.repairTo + 1);
    if (!row) return this.#rowFor(progress);
    return progress.isRepairVoid || this.#unrepairable.has(row.seq) ? voided(row) : row;
  }

  #isSameMessage(stored: number, storedId: Bytes): boolean {
    if (stored === 0 || storedId.every((byte) => byte === 0)) return true;
    const mine = this.#window.idAt(stored);
    return mine === undefined || mine === idFromBytes(storedId);
  }
}

/** The id of the message at the peer's `stored`, for READY: zeros when it is not known. */
export function storedIdBytes(id: string | undefined): Bytes {
  return id === undefined ? new Uint8Array(16) : idToBytes(id);
}
