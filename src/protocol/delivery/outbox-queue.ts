import { equalBytes, failure, success, type Bytes, type Failure, type Result } from '../../base/index.ts';
import type { Ledger, OutboxStanding } from './ledger.ts';
import { QUEUE_BYTES_MAX, QUEUE_MESSAGES_MAX } from './limits.ts';
import {
  NOTHING,
  type Decision,
  type DeliveryChange,
  type MessageContent,
  type OutboxRow,
  type VoidOutcome,
} from './message.ts';
import { costOf, OutboxWindow } from './outbox-window.ts';
import { RecentRows, type PlacedRow } from './recent-rows.ts';
import { CANCELLED, EXPIRED } from './settled-effect.ts';

/** What is expired at once. */
const EXPIRED_MAX = 64;
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

interface VoidReason {
  readonly outcome: VoidOutcome;
  readonly nowWall: number;
  readonly reason?: Failure | undefined;
}

/** What waits for one contact, and how it leaves the queue otherwise than by an ack. No session is known here. */
export class OutboxQueue {
  readonly window: OutboxWindow;
  readonly #peer: string;
  readonly #ledger: Ledger;
  readonly #recent = new RecentRows();
  /** The highest seq that left on some session. */
  #sent: number;
  #waiting: number;
  #waitingBytes: number;
  #nextExpiry: number | undefined;
  /** Of what was queued since the ledger was asked for the next one. */
  #freshExpiry: number | undefined;

  constructor(peer: string, ledger: Ledger, epochForNew: Bytes, standing: OutboxStanding | undefined) {
    this.#peer = peer;
    this.#ledger = ledger;
    this.window = new OutboxWindow(peer, ledger, standing?.epoch ?? epochForNew, standing);
    this.#sent = standing?.sent ?? 0;
    this.#waiting = standing?.waiting ?? 0;
    this.#waitingBytes = standing?.waitingBytes ?? 0;
    this.#nextExpiry = standing?.nextExpiryWall;
  }

  get sent(): number {
    return this.#sent;
  }
  get waiting(): number {
    return this.#waiting;
  }
  get waitingBytes(): number {
    return this.#waitingBytes;
  }
  get nextExpiryWall(): number | undefined {
    if (this.#nextExpiry === undefined || this.#freshExpiry === undefined)
      return this.#nextExpiry ?? this.#freshExpiry;
    return Math.min(this.#nextExpiry, this.#freshExpiry);
  }

  enqueue(message: NewMessage): Result<Decision> {
    const { assigned, settled, epoch } = this.window;
    const cost = costOf(message);
    if (assigned - settled >= QUEUE_MESSAGES_MAX)
      return tooMany(this.#peer, assigned - settled, assigned - settled - this.#waiting);
    if (this.#waitingBytes + cost > QUEUE_BYTES_MAX) return tooMuch(this.#peer, this.#waiting);
    const row: OutboxRow = { ...message, seq: assigned + 1 };
    if (this.#recent.isFull) this.#recent.forgetTo(this.#committed);
    this.window.append(row);
    this.#recent.add(placed(row));
    this.#waiting++;
    this.#waitingBytes += cost;
    this.noteExpiry(row.expiresWall);
    return success({ changes: [{ type: 'outbox-put', peer: this.#peer, epoch, row }], effects: [] });
  }

  /** An unsettled message that was not withdrawn. */
  has(id: string): boolean {
    const row = this.#find(id);
    return row !== undefined && !row.isVoid;
  }

  sentUpTo(seq: number): DeliveryChange {
    // What counts as queued again may expire again.
    if (seq < this.#sent) this.noteExpiry(this.window.nextExpiryAfter(seq));
    this.#sent = seq;
    return { type: 'outbox-sent', peer: this.#peer, epoch: this.window.epoch, seq };
  }
  /** `visit` is called for those of them that were not withdrawn. */
  settleTo(seq: number, visit: (row: OutboxRow) => void): void {
    this.window.settleTo(seq, (row) => {
      if (row.type === 'void') return;
      this.#waiting--;
      this.#waitingBytes -= costOf(row);
      visit(row);
    });
  }

  withdraw(id: string, why: VoidReason): Decision | undefined {
    const row = this.#find(id);
    if (!row || row.seq <= this.#sent || row.isVoid) return undefined;
    return { changes: [this.#void(row, why)], effects: [] };
  }
  withdrawAll(why: VoidReason): Withdrawal {
    const left = this.#leftRows();
    const bytes = left.reduce((sum, row) => sum + costOf(row), 0);
    return this.#voidFrom(Math.max(this.#sent, this.window.settled) + 1, left.length, bytes, why);
  }
  erase(ids: readonly string[], nowWall: number): Withdrawal {
    const rows = this.#findAll(ids);
    const changes = rows.map((row) => this.#void(row, { outcome: 'erased', nowWall }));
    return { changes, effects: [], count: changes.length };
  }
  eraseAll(nowWall: number): Withdrawal {
    return this.#voidFrom(this.window.settled + 1, 0, 0, { outcome: 'erased', nowWall });
  }
  fail(row: OutboxRow, nowWall: number, reason: Failure): Decision {
    return {
      changes: [this.#void(placed(row), { outcome: 'failed', nowWall, reason })],
      effects: [{ type: 'given-up', id: row.id, outcome: 'failed', reason }],
    };
  }

  expire(nowWall: number): Decision {
    const { rows, nextWall } = this.#ledger.expiring(this.#peer, nowWall, EXPIRED_MAX);
    // What is in memory may leave in this very turn, and need not be in the ledger yet.
    const due = [...this.window.expired(this.#sent, nowWall), ...rows].map(({ id }) => id);
    const given = this.#findAll(due).filter(({ seq }) => seq > this.#sent);
    const changes = given.map((row) => this.#void(row, { outcome: 'expired', nowWall, reason: EXPIRED }));
    const effects = given.map(
      ({ id }) => ({ type: 'given-up', id, outcome: 'expired', reason: EXPIRED }) as const,
    );
    const again = changes.length > 0 ? nowWall : nowWall + EXPIRY_PAUSE_MS;
    this.#nextExpiry = rows.length < EXPIRED_MAX ? nextWall : again;
    // What is not committed yet is looked for once more.
    this.noteExpiry(this.window.nextExpiryAfter(this.#sent));
    this.#nextExpiry = this.nextExpiryWall;
    this.#freshExpiry = undefined;
    return changes.length > 0 ? { changes, effects } : NOTHING;
  }

  /** One of the messages in memory expires then, whatever the ledger has said. */
  noteExpiry(expiresWall: number | undefined): void {
    if (expiresWall !== undefined)
      this.#freshExpiry = Math.min(this.#freshExpiry ?? expiresWall, expiresWall);
  }

  /** Everything unsettled is numbered anew, ids kept; withdrawn messages need no place. */
  renumber(epoch: Bytes): DeliveryChange {
    const { epoch: former, settled } = this.window;
    const left = this.#leftRows().length;
    this.window.restart(epoch, this.#waiting);
    this.#sent = left;
    this.#recent.renumber(settled, this.#waiting);
    return { type: 'outbox-epoch', peer: this.#peer, former, epoch };
  }

  /** An unsettled message: in memory, in the ledger, or queued so lately that the ledger does not have it. */
  #find(id: string): PlacedRow | undefined {
    const row = this.window.find(id);
    if (row) return placed(row);
    const { settled } = this.window;
    const recent = this.#recent.find(id);
    if (recent && recent.seq > settled) return recent;
    const found = this.#ledger.findOutgoing(id);
    if (found?.peer !== this.#peer || found.seq <= settled) return undefined;
    // In a numbering that is not committed yet the seq would be another message's.
    const read = this.window.read(found.seq);
    return read?.id === id ? placed(read) : undefined;
  }
  /** Each of them once, but for withdrawn ones. All are read before anything is changed: the ledger may fail in between. */
  #findAll(ids: readonly string[]): readonly PlacedRow[] {
    return [...new Set(ids)].flatMap((id) => {
      const row = this.#find(id);
      return row && !row.isVoid ? [row] : [];
    });
  }
  /** The last seq that is certainly on the disk. */
  get #committed(): number {
    const outbox = this.#ledger.standing(this.#peer)?.outbox;
    return outbox && equalBytes(outbox.epoch, this.window.epoch) ? outbox.assigned : 0;
  }
  #void(row: PlacedRow, { outcome, nowWall: atWall, reason }: VoidReason): DeliveryChange {
    const { seq, id, cost } = row;
    this.window.makeVoid(seq);
    this.#recent.forget(id);
    this.#waiting--;
    this.#waitingBytes -= cost;
    const { epoch } = this.window;
    const change = { type: 'outbox-void', peer: this.#peer, epoch, seq, id, outcome, atWall } as const;
    return reason ? { ...change, reason } : change;
  }
  /** `left`, `leftBytes`: what still waits afterwards. */
  #voidFrom(first: number, left: number, leftBytes: number, why: VoidReason): Withdrawal {
    const count = this.#waiting - left;
    if (count === 0) return { ...NOTHING, count };
    const { assigned: last, epoch } = this.window;
    this.window.makeAllVoid(first);
    this.#recent.forgetFrom(first);
    this.#waiting = left;
    this.#waitingBytes = leftBytes;
    const { outcome, nowWall: atWall, reason } = why;
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
  /** Unsettled rows that have left, but for withdrawn ones: never more than memory has room for (spec/05 “The sender”). */
  #leftRows(): readonly OutboxRow[] {
    this.window.fill();
    return this.window.rows.filter((row) => row.seq <= this.#sent && row.type !== 'void');
  }
}

function tooMany(peer: string, count: number, withdrawn: number): Result<never> {
  const ofThem = withdrawn > 0 ? `, ${withdrawn} of them withdrawn` : '';
  return failure(
    'queue-full',
    `Not queued: ${count} messages already wait for ${peer}${ofThem}.`,
    `Wait until ${peer} has acknowledged some: to withdraw them makes no room, for each keeps its number until then.`,
  );
}

function tooMuch(peer: string, waiting: number): Result<never> {
  return failure(
    'queue-full',
    `Not queued: ${waiting} messages already wait for ${peer}, and this one makes them more than 1 GiB.`,
    'Wait until some are delivered, or withdraw some.',
  );
}

/** What a person's withdrawal says when nothing else is given. */
export function whyVoid(
  nowWall: number,
  outcome: VoidOutcome = 'cancelled',
  reason?: Failure,
): { readonly outcome: VoidOutcome; readonly nowWall: number; readonly reason: Failure | undefined } {
  return { outcome, nowWall, reason: reason ?? (outcome === 'cancelled' ? CANCELLED : undefined) };
}

function placed(row: OutboxRow): PlacedRow {
  return { seq: row.seq, id: row.id, isVoid: row.type === 'void', cost: costOf(row) };
}
