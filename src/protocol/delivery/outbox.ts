import {
  equalBytes,
  failure,
  success,
  type Bytes,
  type Failure,
  type Instant,
  type Result,
} from '../../base/index.ts';
import { idFromBytes, idToBytes } from '../envelope/index.ts';
import { VOLATILE_EPOCH, type Ack, type Ready } from '../session/index.ts';
import type { Ledger, OutboxStanding } from './ledger.ts';
import {
  BUSY_PAUSE_MS,
  QUEUE_BYTES_MAX,
  QUEUE_MESSAGES_MAX,
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
  type MessageContent,
  type OutboxRow,
  type VoidOutcome,
} from './message.ts';
import { costOf, OutboxWindow, voided } from './outbox-window.ts';
import { SendProgress } from './send-progress.ts';
import { CANCELLED, EXPIRED, refusalReason, settledEffect, tooManyBadEnvelopes } from './settled-effect.ts';
import { RecentRows, type PlacedRow } from './recent-rows.ts';

// The sending half of one pair (spec/05-delivery.md): numbers messages, knows what each session has sent, settles them by
// the peer's acks. In memory is only what is next to go; everything else is asked of the ledger when its turn comes.

const BAD_ENVELOPES_MAX = 3;
/** What is expired at once, or read of the ledger for a repair. */
const PAGE_ROWS = 64;
/** When everything that the ledger calls expired was given up already, and is not committed: it is asked again so much later. */
const EXPIRY_PAUSE_MS = 1_000;

/** What is to be queued. */
export interface NewMessage extends MessageContent {
  /** It is given up when it has not left by then (UTC ms). */
  readonly expiresWall?: number;
}

/** `count`: the messages it concerns. */
export interface Withdrawal extends Decision {
  readonly count: number;
}

export interface ReadyFields {
  readonly epoch: Bytes;
  readonly first: number;
  readonly last: number;
}

export class Outbox {
  readonly #peer: string;
  readonly #ledger: Ledger;
  readonly #window: OutboxWindow;
  readonly #recent = new RecentRows();
  #isEpochKnown: boolean;
  #sent: number;
  #waiting: number;
  #waitingBytes: number;
  #nextExpiry: number | undefined;
  /** Of what was queued since the ledger was asked for the next one. */
  #freshExpiry: number | undefined;
  /** Who alone has sent, before its peer's READY, what lies above `#sentBefore`. */
  #earlySender: SendProgress | undefined;
  #sentBefore = 0;
  #lastSettled: Instant | undefined;
  #bad = { seq: 0, times: 0 };
  /** A settled message that the peer cannot open either when it is repaired. */
  readonly #unrepairable = new Set<number>();
  #pageVersion = 1;

  /** `epochForNew`: the name of the numbering when there is none yet, 16 random bytes. */
  constructor(peer: string, ledger: Ledger, epochForNew: Bytes, standing?: OutboxStanding) {
    this.#peer = peer;
    this.#ledger = ledger;
    this.#window = new OutboxWindow(peer, ledger, standing?.epoch ?? epochForNew, standing);
    this.#isEpochKnown = standing !== undefined;
    this.#sent = standing?.sent ?? 0;
    this.#waiting = standing?.waiting ?? 0;
    this.#waitingBytes = standing?.waitingBytes ?? 0;
    this.#nextExpiry = standing?.nextExpiryWall;
  }

  /** Nothing is unsettled, withdrawn messages included. */
  get isEmpty(): boolean {
    return this.#window.settled === this.#window.assigned;
  }
  /** Unsettled messages that were not withdrawn. */
  get waiting(): number {
    return this.#waiting;
  }
  get waitingBytes(): number {
    return this.#waitingBytes;
  }
  /** The highest seq that left on some session: what is unsettled up to it is “sent”, the rest “queued”. */
  get sent(): number {
    return this.#sent;
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
    if (this.#nextExpiry === undefined || this.#freshExpiry === undefined)
      return this.#nextExpiry ?? this.#freshExpiry;
    return Math.min(this.#nextExpiry, this.#freshExpiry);
  }

  /** Fails with queue-full. */
  enqueue(message: NewMessage): Result<Decision> {
    const { assigned, settled } = this.#window;
    const cost = costOf(message);
    if (assigned - settled >= QUEUE_MESSAGES_MAX || this.#waitingBytes + cost > QUEUE_BYTES_MAX) {
      return failure(
        'queue-full',
        `Not queued: ${this.#waiting} messages already wait for ${this.#peer}.`,
        'Wait until they are delivered, or withdraw some.',
      );
    }
    const row: OutboxRow = { ...message, seq: assigned + 1 };
    if (!this.#window.append(row)) this.#recent.add(placed(row));
    this.#waiting++;
    this.#waitingBytes += cost;
    if (row.expiresWall !== undefined)
      this.#freshExpiry = Math.min(this.#freshExpiry ?? row.expiresWall, row.expiresWall);
    this.#isEpochKnown = true;
    return success({
      changes: [{ type: 'outbox-put', peer: this.#peer, epoch: this.#window.epoch, row }],
      effects: [],
    });
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
   * `rolled-back` when the peer holds more of this epoch than we ever assigned, or another message under a seq of ours.
   */
  onReady(progress: SendProgress, ready: Ready): Result<Decision> {
    const { settled, assigned, epoch } = this.#window;
    const stored = equalBytes(ready.peerEpoch, epoch) ? ready.stored : 0;
    if (stored > assigned || !this.#isSameMessage(stored, ready.storedId))
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
  take(progress: SendProgress, now: Instant, bytesMax: number): readonly OutboxRow[] {
    const taken: OutboxRow[] = [];
    progress.hasMore = false;
    if (now < progress.pausedUntil) return taken;
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
    if (last <= this.#sent) return [];
    if (progress.isEarly && this.#earlySender !== progress) {
      this.#earlySender = progress;
      this.#sentBefore = this.#sent;
    }
    return [this.#sentUpTo(last)];
  }

  /** The peer's READY was not ok: what left before it counts as not received, and can be withdrawn again. */
  forgetEarly(progress: SendProgress): readonly DeliveryChange[] {
    if (this.#earlySender !== progress) return [];
    this.#earlySender = undefined;
    return [this.#sentUpTo(Math.max(this.#sentBefore, this.#window.settled))];
  }

  /** `peerKey`: the static key that the session's peer has proven. */
  onAck(progress: SendProgress, ack: Ack, peerKey: Bytes, nowWall: number, now: Instant): Decision {
    // DLV-12: an ack of what has not left yet settles nothing, whoever says it.
    if (ack.cumulative > this.#sent) return NOTHING;
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
    const reason = tooManyBadEnvelopes(this.#peer);
    return {
      changes: [this.#void(placed(row), 'failed', nowWall, reason)],
      effects: [{ type: 'given-up', id: row.id, outcome: 'failed', reason }],
    };
  }

  /** Turns a message that never left into a `void` with the same seq and id; undefined when it is too late. */
  withdraw(
    id: string,
    nowWall: number,
    outcome: VoidOutcome = 'cancelled',
    reason: Failure | undefined = outcome === 'cancelled' ? CANCELLED : undefined,
  ): Decision | undefined {
    const row = this.#find(id);
    if (!row || row.seq <= this.#sent || row.isVoid) return undefined;
    return { changes: [this.#void(row, outcome, nowWall, reason)], effects: [] };
  }

  /** The same for everything that never left. */
  withdrawAll(
    nowWall: number,
    outcome: VoidOutcome = 'cancelled',
    reason: Failure | undefined = outcome === 'cancelled' ? CANCELLED : undefined,
  ): Withdrawal {
    const left = this.#leftRows();
    const bytes = left.reduce((sum, row) => sum + costOf(row), 0);
    return this.#voidFrom(Math.max(this.#sent, this.#window.settled) + 1, left.length, bytes, {
      outcome,
      nowWall,
      reason,
    });
  }

  /** A person deleted these messages: those that are unsettled go out as a `void`, though they may have left before. */
  erase(ids: readonly string[], nowWall: number): Withdrawal {
    const changes: DeliveryChange[] = [];
    for (const id of ids) {
      const row = this.#find(id);
      if (row && !row.isVoid) changes.push(this.#void(row, 'erased', nowWall));
    }
    this.#pageVersion++;
    return { changes, effects: [], count: changes.length };
  }
  eraseAll(nowWall: number): Withdrawal {
    this.#pageVersion++;
    return this.#voidFrom(this.#window.settled + 1, 0, 0, { outcome: 'erased', nowWall, reason: undefined });
  }

  /** Gives up what never left and whose time is over, a bounded number at once; `nextExpiryWall` says when to come again. */
  expire(nowWall: number): Decision {
    const { rows, nextWall } = this.#ledger.expiring(this.#peer, nowWall, PAGE_ROWS);
    const changes: DeliveryChange[] = [];
    const effects: DeliveryEffect[] = [];
    for (const { id } of rows) {
      const row = this.#find(id);
      if (!row || row.seq <= this.#sent || row.isVoid) continue;
      changes.push(this.#void(row, 'expired', nowWall, EXPIRED));
      effects.push({ type: 'given-up', id, outcome: 'expired', reason: EXPIRED });
    }
    const again = changes.length > 0 ? nowWall : nowWall + EXPIRY_PAUSE_MS;
    this.#nextExpiry = rows.length < PAGE_ROWS ? nextWall : again;
    // What is not committed yet is looked for once more.
    if (this.#freshExpiry !== undefined)
      this.#nextExpiry = Math.min(this.#nextExpiry ?? this.#freshExpiry, this.#freshExpiry);
    this.#freshExpiry = undefined;
    return changes.length > 0 ? { changes, effects } : NOTHING;
  }

  /** The peer remembers more than we do: everything unsettled is numbered anew, ids kept; withdrawn ones need no place. */
  startEpoch(epoch: Bytes): readonly DeliveryChange[] {
    const former = this.#window.epoch;
    const left = this.#leftRows().length;
    this.#window.restart(epoch, this.#waiting);
    this.#sent = left;
    this.#earlySender = undefined;
    this.#bad = { seq: 0, times: 0 };
    this.#unrepairable.clear();
    this.#recent.clear();
    this.#isEpochKnown = true;
    this.#pageVersion++;
    return [{ type: 'outbox-epoch', peer: this.#peer, former, epoch }];
  }

  #settle(ack: Ack, key: Bytes, atWall: number): Decision {
    const reasons = new Map<number, Failure>();
    for (const { seq, status } of ack.exceptions) {
      const reason = refusalReason(status);
      if (reason) reasons.set(seq, reason);
    }
    const refused: { readonly seq: number; readonly reason: Failure }[] = [];
    const effects: DeliveryEffect[] = [];
    let last: OutboxRow | undefined;
    this.#window.settleTo(ack.cumulative, (row) => {
      last = row;
      if (row.type === 'void') return;
      this.#waiting--;
      this.#waitingBytes -= costOf(row);
      const reason = reasons.size > 0 ? reasons.get(row.seq) : undefined;
      if (reason) refused.push({ seq: row.seq, reason });
      effects.push(settledEffect(row, reason));
    });
    if (!last) return NOTHING;
    const { seq, id } = last;
    const { epoch } = this.#window;
    return {
      changes: [{ type: 'outbox-settle', peer: this.#peer, epoch, seq, id, key, atWall, refused }],
      effects,
    };
  }

  #rowFor(progress: SendProgress): OutboxRow | undefined {
    const { settled } = this.#window;
    if (progress.next <= progress.repairTo) return this.#repairRow(progress);
    if (progress.next <= settled) progress.skipTo(settled + 1);
    return this.#window.rowAt(progress.next);
  }
  #repairRow(progress: SendProgress): OutboxRow | undefined {
    const { next, repairTo } = progress;
    let row =
      progress.pageVersion === this.#pageVersion
        ? progress.page[next - (progress.page[0]?.seq ?? 0)]
        : undefined;
    if (!row) {
      progress.page = this.#window.page(next, repairTo, PAGE_ROWS);
      progress.pageVersion = this.#pageVersion;
      row = progress.page[0];
    }
    return row && (progress.isRepairVoid || this.#unrepairable.has(next)) ? voided(row) : row;
  }

  #isSameMessage(stored: number, storedId: Bytes): boolean {
    if (stored === 0 || storedId.every((byte) => byte === 0)) return true;
    const mine = this.#window.idAt(stored);
    return mine === undefined || mine === idFromBytes(storedId);
  }
  #sentUpTo(seq: number): DeliveryChange {
    this.#sent = seq;
    return { type: 'outbox-sent', peer: this.#peer, epoch: this.#window.epoch, seq };
  }

  /** An unsettled row: in memory, in the ledger, or queued so lately that the ledger does not have it. */
  #find(id: string): PlacedRow | undefined {
    const row = this.#window.find(id);
    if (row) return placed(row);
    const { settled } = this.#window;
    const recent = this.#recent.find(id);
    if (recent && recent.seq > settled) return { ...recent, isVoid: this.#window.isWithdrawn(recent.seq) };
    const found = this.#ledger.findOutgoing(id);
    if (found?.peer !== this.#peer || found.seq <= settled) return undefined;
    // In a numbering that is not committed yet the seq would be another message's.
    const read = this.#window.read(found.seq);
    return read?.id === id ? placed(read) : undefined;
  }
  #void(row: PlacedRow, outcome: VoidOutcome, atWall: number, reason?: Failure): DeliveryChange {
    this.#waiting--;
    this.#waitingBytes -= row.cost;
    this.#window.makeVoid(row.seq);
    const { seq, id } = row;
    const change = {
      type: 'outbox-void',
      peer: this.#peer,
      epoch: this.#window.epoch,
      seq,
      id,
      outcome,
      atWall,
    } as const;
    return reason ? { ...change, reason } : change;
  }
  /** `left`, `leftBytes`: what is still waiting afterwards. */
  #voidFrom(
    first: number,
    left: number,
    leftBytes: number,
    how: { readonly outcome: VoidOutcome; readonly nowWall: number; readonly reason: Failure | undefined },
  ): Withdrawal {
    const count = this.#waiting - left;
    if (count === 0) return { ...NOTHING, count };
    const { assigned: last, epoch } = this.#window;
    this.#window.makeAllVoid(first);
    this.#waiting = left;
    this.#waitingBytes = leftBytes;
    const { outcome, nowWall: atWall, reason } = how;
    const change = {
      type: 'outbox-void-range',
      peer: this.#peer,
      epoch,
      first,
      last,
      outcome,
      atWall,
    } as const;
    return { changes: [reason ? { ...change, reason } : change], effects: [], count };
  }
  /** Unsettled rows that have left, but for withdrawn ones: never more than memory has room for (`take`). */
  #leftRows(): readonly OutboxRow[] {
    return this.rows.filter((row) => row.seq <= this.#sent && row.type !== 'void');
  }
}

/** The id of the message at the peer's `stored`, for READY: zeros when it is not known. */
export function storedIdBytes(id: string | undefined): Bytes {
  return id === undefined ? new Uint8Array(16) : idToBytes(id);
}

function placed(row: OutboxRow): PlacedRow {
  return { seq: row.seq, id: row.id, isVoid: row.type === 'void', cost: costOf(row) };
}
