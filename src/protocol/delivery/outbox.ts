import {
  encodeUtf8,
  equalBytes,
  failure,
  success,
  type Bytes,
  type Failure,
  type Result,
} from '../../base/index.ts';
import { idFromBytes, idToBytes } from '../envelope/index.ts';
import type { Ack, Ready } from '../session/index.ts';
import { ROW_BYTES, WINDOW_BYTES_MAX, WINDOW_MESSAGES_MAX } from './limits.ts';
import {
  NOTHING,
  type Decision,
  type DeliveryChange,
  type DeliveryEffect,
  type MessageContent,
  type OutboxRow,
} from './message.ts';

// The sending half of one pair (spec/05-delivery.md): numbers messages, knows what each session has sent, settles them by
// the peer's acks. It keeps only what is not settled: a memory-only store cannot repair what a peer has acked and lost.

/** Everything queued for one contact, at most: an offline peer must not fill the memory. */
export const QUEUE_BYTES_MAX = 8_388_608;
/** A receiver that said busy is asked again after this long. */
export const BUSY_PAUSE_MS = 5_000;
const BAD_ENVELOPES_MAX = 3;

/** What one session has sent: a run before the peer's READY (early), and everything from `stored + 1` up to `next`. */
export interface SendProgress {
  next: number;
  earlyFrom: number;
  earlyTo: number;
  pausedUntil: number;
  /** The last `take` left out what the window would have allowed. */
  hasMore: boolean;
  /** Rows that left for the first time before the peer's READY; undefined once it came. */
  firstSent: Set<number> | undefined;
}

export class Outbox {
  #epoch: Bytes;
  readonly #peer: string;
  #rows: OutboxRow[] = [];
  #queuedBytes = 0;
  #lastAssigned = 0;
  #lastSettled: { seq: number; id: string } | undefined;

  constructor(peer: string, epoch: Bytes) {
    this.#peer = peer;
    this.#epoch = epoch;
  }

  /** Unsettled rows in order of seq, without gaps. */
  get rows(): readonly OutboxRow[] {
    return this.#rows;
  }
  get isEmpty(): boolean {
    return this.#rows.length === 0;
  }
  get readyFields(): { readonly epoch: Bytes; readonly first: number; readonly last: number } {
    return {
      epoch: this.#epoch,
      first: this.#rows[0]?.seq ?? this.#lastAssigned + 1,
      last: this.#lastAssigned,
    };
  }
  /** This session has sent something that the peer has not acked. */
  isInFlight(progress: SendProgress): boolean {
    const first = this.#rows[0]?.seq;
    return (
      first !== undefined &&
      (first < progress.next || (first >= progress.earlyFrom && first <= progress.earlyTo))
    );
  }
  /** The peer remembers more than we do: everything unsettled is numbered anew, ids kept; withdrawn ones need no place. */
  startEpoch(epoch: Bytes): readonly DeliveryChange[] {
    this.#epoch = epoch;
    this.#lastSettled = undefined;
    for (const row of this.#rows) if (row.type === 'void') this.#queuedBytes -= costOf(row);
    this.#rows = this.#rows
      .filter((row) => row.type !== 'void')
      .map((row, index) => ({ ...row, seq: index + 1 }));
    this.#lastAssigned = this.#rows.length;
    return this.#rows.map((row) => ({ type: 'outbox-put', peer: this.#peer, row }));
  }

  enqueue(content: MessageContent): Result<Decision> {
    const bytes = costOf(content);
    if (this.#queuedBytes + bytes > QUEUE_BYTES_MAX) {
      return failure(
        'queue-full',
        `Not queued: ${this.#rows.length} messages already wait for ${this.#peer}.`,
        'Wait until they are delivered, or withdraw some.',
      );
    }
    const row: OutboxRow = { ...content, seq: ++this.#lastAssigned, wasSent: false, badEnvelopes: 0 };
    this.#rows.push(row);
    this.#queuedBytes += bytes;
    return success({ changes: [{ type: 'outbox-put', peer: this.#peer, row }], effects: [] });
  }

  /** Turns a message that never left into a `void` with the same seq and id; undefined when it is too late. */
  withdraw(id: string): Decision | undefined {
    const row = this.#rows.find((candidate) => candidate.id === id);
    if (!row || row.wasSent || row.type === 'void') return undefined;
    return { changes: [this.#void(row)], effects: [] };
  }

  newProgress(): SendProgress {
    const next = this.readyFields.first;
    return { next, earlyFrom: 0, earlyTo: 0, pausedUntil: 0, hasMore: false, firstSent: new Set() };
  }

  /**
   * Takes the peer's READY into account: everything above what it holds goes out, except what this session sent early.
   * `rolled-back` when the peer holds more of this epoch than we ever assigned, or another message under a seq of ours.
   */
  onReady(progress: SendProgress, ready: Ready): Result<void> {
    const stored = equalBytes(ready.peerEpoch, this.#epoch) ? ready.stored : 0;
    const isKnown = stored > 0 && ready.storedId.some((byte) => byte !== 0);
    const id = isKnown ? idFromBytes(ready.storedId) : undefined;
    const mine = this.#idOf(stored);
    if (stored > this.#lastAssigned || (id !== undefined && mine !== undefined && id !== mine)) {
      return failure('rolled-back', `${this.#peer} has seen messages of ours that we do not remember.`);
    }
    progress.firstSent = undefined;
    progress.earlyFrom = this.readyFields.first;
    progress.earlyTo = progress.next - 1;
    progress.next = Math.max(stored + 1, this.readyFields.first);
    return success(undefined);
  }

  /** The next messages for a session, as the window allows, at most `bytesMax` of plaintext with headers. */
  take(progress: SendProgress, now: number, bytesMax: number): readonly OutboxRow[] {
    const taken: OutboxRow[] = [];
    progress.hasMore = false;
    if (now < progress.pausedUntil) return taken;
    const start = Math.max(0, progress.next - this.readyFields.first);
    let unackedBytes = 0;
    for (let index = 0; index < start; index++) unackedBytes += costOf(this.#rows[index]);
    let takenBytes = 0;
    for (const row of this.#rows.slice(start, WINDOW_MESSAGES_MAX)) {
      const isEarly = row.seq >= progress.earlyFrom && row.seq <= progress.earlyTo;
      unackedBytes += costOf(row);
      if (!isEarly && unackedBytes > WINDOW_BYTES_MAX) break;
      if (!isEarly && takenBytes + costOf(row) > bytesMax) {
        progress.hasMore = true;
        break;
      }
      progress.next = row.seq + 1;
      if (isEarly) continue;
      takenBytes += costOf(row);
      taken.push(row);
    }
    return taken;
  }

  /** The record that carries these rows is about to leave. Returns the rows' changes, for the commit before it. */
  markSent(progress: SendProgress, rows: readonly OutboxRow[]): readonly DeliveryChange[] {
    const changes: DeliveryChange[] = [];
    for (const row of rows) {
      if (row.wasSent) continue;
      progress.firstSent?.add(row.seq);
      const sent = this.#replace({ ...row, wasSent: true });
      if (sent) changes.push({ type: 'outbox-put', peer: this.#peer, row: sent });
    }
    return changes;
  }

  /** The peer's READY was not ok: what left before it counts as not received, and can be withdrawn again. */
  forgetEarly(progress: SendProgress): readonly DeliveryChange[] {
    const changes: DeliveryChange[] = [];
    for (const row of this.#rows) {
      if (!progress.firstSent?.has(row.seq) || !this.#replace({ ...row, wasSent: false })) continue;
      changes.push({ type: 'outbox-put', peer: this.#peer, row: { ...row, wasSent: false } });
    }
    progress.firstSent = undefined;
    return changes;
  }

  onAck(progress: SendProgress, ack: Ack, now: number): Decision {
    // DLV-12: an ack of what has not left yet settles nothing, whoever says it.
    const firstUnsent = this.#rows.find((row) => !row.wasSent)?.seq ?? this.#lastAssigned + 1;
    if (ack.cumulative >= firstUnsent) return NOTHING;
    const statuses = new Map(ack.exceptions.map((exception) => [exception.seq, exception.status]));
    const changes: DeliveryChange[] = [];
    const effects: DeliveryEffect[] = [];
    for (const row of this.#rows.splice(0, ack.cumulative - this.readyFields.first + 1)) {
      this.#queuedBytes -= costOf(row);
      changes.push({ type: 'outbox-settle', peer: this.#peer, seq: row.seq, id: row.id });
      if (row.type !== 'void') effects.push(settled(row.id, statuses.get(row.seq)));
      this.#lastSettled = row;
    }
    const busy = ack.exceptions.find((exception) => exception.status === 'busy');
    if (busy && busy.seq < progress.next) {
      Object.assign(progress, { next: busy.seq, earlyFrom: 0, earlyTo: 0, pausedUntil: now + BUSY_PAUSE_MS });
    }
    return { changes, effects };
  }

  /** The peer closed with bad-envelope: the first message it lacks is the bad one; after three times it is given up. */
  onBadEnvelope(progress: SendProgress): Decision {
    const row = this.#rows[0];
    if (!row || row.type === 'void' || !this.isInFlight(progress)) return NOTHING;
    const counted = { ...row, badEnvelopes: row.badEnvelopes + 1 };
    if (counted.badEnvelopes < BAD_ENVELOPES_MAX) {
      this.#replace(counted);
      return { changes: [{ type: 'outbox-put', peer: this.#peer, row: counted }], effects: [] };
    }
    const reason: Failure = {
      code: 'bad-envelope',
      message: `${this.#peer} could not open this message three times.`,
      hint: 'One of the two programs is damaged or of an unsuitable version.',
    };
    return {
      changes: [this.#void(row)],
      effects: [{ type: 'given-up', id: row.id, outcome: 'failed', reason }],
    };
  }

  #void(row: OutboxRow): DeliveryChange {
    const plaintext = encodeUtf8('{}');
    this.#queuedBytes += plaintext.length - row.plaintext.length;
    const { replyTo: _, ...rest } = row;
    const withdrawn: OutboxRow = { ...rest, type: 'void', plaintext, badEnvelopes: 0 };
    this.#replace(withdrawn);
    return { type: 'outbox-put', peer: this.#peer, row: withdrawn };
  }
  #replace(row: OutboxRow): OutboxRow | undefined {
    const index = row.seq - this.readyFields.first;
    if (this.#rows[index]?.id !== row.id) return undefined;
    this.#rows[index] = row;
    return row;
  }
  #idOf(seq: number): string | undefined {
    if (this.#lastSettled?.seq === seq) return this.#lastSettled.id;
    return this.#rows[seq - this.readyFields.first]?.id;
  }
}

/** The id of the message at the peer's `stored`, for READY: zeros when it is not known. */
export function storedIdBytes(id: string | undefined): Bytes {
  return id === undefined ? new Uint8Array(16) : idToBytes(id);
}

function costOf(content: MessageContent | undefined): number {
  return content === undefined ? 0 : content.plaintext.length + ROW_BYTES;
}

function settled(id: string, status: 'refused' | 'busy' | 'unsupported' | undefined): DeliveryEffect {
  switch (status) {
    case 'refused':
      return {
        type: 'given-up',
        id,
        outcome: 'refused',
        reason: {
          code: 'message-refused',
          message: 'The peer refused the message for good.',
          hint: 'It may be too long for it.',
        },
      };
    case 'unsupported':
      return {
        type: 'given-up',
        id,
        outcome: 'refused',
        reason: {
          code: 'message-unsupported',
          message: 'The peer’s program does not know this kind of message.',
          hint: 'Ask its person to update Sotto.',
        },
      };
    case 'busy':
    case undefined:
      return { type: 'delivered', id };
  }
}
