import type { ContactView, OutgoingState } from '../api/index.ts';
import type { Bytes, Instant, Now } from '../base/index.ts';
import type { DirectoryEntry, TrustRecord } from '../directory/index.ts';
import { Inbox, Outbox, type Ledger, type Standing } from '../protocol/delivery/index.ts';
import { DialSchedule } from './dial-schedule.ts';
import type { Link } from './link.ts';

/** Times of queueing that are kept for one contact. */
const QUEUED_AT_MAX = 4_096;

/** Everything about one contact: its entry (undefined once removed), both halves of delivery, its dials and links. */
export class Peer {
  readonly name: string;
  entry: DirectoryEntry | undefined;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  readonly dial: DialSchedule = new DialSchedule();
  readonly links: Set<Link> = new Set();
  dialling: Link | undefined;
  /** Dial even with nothing to send: the person wants to know, or the peer is to learn something. */
  isCallRequested = false;
  /** To be called once, for whatever waits on either side. */
  isToBeCalled = false;
  /** When it last dialled us and proved itself, as far as it is noted (UTC ms). */
  reachedUsWall: number | undefined;
  /** What the faces were told last. */
  isShownConnected = false;
  /** When the unsettled messages of this run were queued, for “delivered in … ms”; of very many only the first. */
  readonly queuedAt: Map<string, Instant> = new Map();

  /** `epoch`: for its first message from us. */
  constructor(
    name: string,
    options: {
      readonly entry: DirectoryEntry | undefined;
      readonly ledger: Ledger;
      readonly standing: Standing | undefined;
      readonly epoch: Bytes;
      readonly reachedUsWall: number | undefined;
    },
  ) {
    const { entry, ledger, standing, epoch, reachedUsWall } = options;
    this.name = name;
    this.entry = entry;
    this.reachedUsWall = reachedUsWall;
    this.outbox = new Outbox(name, ledger, epoch, standing?.outbox);
    this.inbox = new Inbox(name, ledger, standing?.inbox);
  }

  /** The session that carries our messages: the one whose READY came last. */
  get current(): Link | undefined {
    let newest: Link | undefined;
    for (const link of this.links) {
      const order = link.session?.readyOrder ?? 0;
      const isAlive = link.session?.isUsable === true && link.connection.phase === 'open';
      if (isAlive && order > (newest?.session?.readyOrder ?? 0)) newest = link;
    }
    return newest;
  }
  /** A session is up, or about to be: no dial is needed. */
  get isReachable(): boolean {
    for (const { session, connection } of this.links) {
      if (session?.verdict !== 'ok' || (session.readyOrder !== undefined && !session.isUsable)) continue;
      if (connection.phase === 'proven' || connection.allowance === 'open') return true;
    }
    return false;
  }

  contactView(record: TrustRecord): ContactView {
    const { pin, pending } = record;
    return {
      name: this.name,
      ip: this.entry?.ip ?? '',
      port: this.entry?.port ?? 0,
      trust: pending ? 'key-pending' : !pin ? 'new' : pin.confirmed ? 'pinned' : 'unconfirmed',
      verified: pin !== undefined && pin.verified !== 'none',
      connected: this.current !== undefined,
      undelivered: this.outbox.waiting,
      // What was read, only the store knows.
      unread: 0,
      ...(pin ? { lastSeenWall: pin.lastSeenWall } : {}),
      ...(this.dial.reason ? { trouble: this.dial.reason } : {}),
    };
  }

  /** How a message that waits stands: why it is not delivered yet, and when that is tried again. */
  progressOf(isSent: boolean, now: Now): OutgoingState {
    const state = isSent ? 'sent' : 'queued';
    const { reason, dueAt, isHeld: held } = this.dial;
    if (!reason || this.current) return { state, held: false };
    if (dueAt === undefined) return { state, reason, held };
    return { state, reason, held, nextTryWall: Math.round(now.wall + Math.max(0, dueAt - now.monotonic)) };
  }

  noteQueued(id: string, now: Instant): void {
    if (this.queuedAt.size < QUEUED_AT_MAX) this.queuedAt.set(id, now);
  }
  /** From when it was queued until now, ms; of what an earlier run queued by the wall clock, `writtenWall`. */
  tookMs(id: string, writtenWall: number, now: Now): number {
    const queuedAt = this.queuedAt.get(id);
    this.queuedAt.delete(id);
    return Math.max(
      0,
      Math.round(queuedAt === undefined ? now.wall - writtenWall : now.monotonic - queuedAt),
    );
  }
}
