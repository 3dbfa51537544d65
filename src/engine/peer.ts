import type { ContactView, MessageId, OutgoingState, OutgoingView } from '../api/index.ts';
import { decodeUtf8, type Bytes, type Instant, type Now } from '../base/index.ts';
import type { DirectoryEntry, TrustRecord } from '../directory/index.ts';
import { Inbox, Outbox, type OutboxRow } from '../protocol/delivery/index.ts';
import { DialSchedule } from './dial-schedule.ts';
import type { Link } from './link.ts';

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
  /** What the faces were told last. */
  isShownConnected = false;
  /** When each unsettled message was queued, for “delivered in … ms”. */
  readonly queuedAt: Map<string, Instant> = new Map();

  constructor(name: string, entry: DirectoryEntry | undefined, epoch: Bytes) {
    this.name = name;
    this.entry = entry;
    this.outbox = new Outbox(name, epoch);
    this.inbox = new Inbox(name);
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
      undelivered: this.outbox.rows.filter((row) => row.type !== 'void').length,
      ...(pin ? { lastSeenWall: pin.lastSeenWall } : {}),
      ...(this.dial.reason ? { trouble: this.dial.reason } : {}),
    };
  }

  progressOf(row: OutboxRow, now: Now): OutgoingState {
    const state = row.wasSent ? 'sent' : 'queued';
    const { reason, dueAt, isHeld: held } = this.dial;
    if (!reason || this.current) return { state, held: false };
    if (dueAt === undefined) return { state, reason, held };
    return { state, reason, held, nextTryWall: Math.round(now.wall + Math.max(0, dueAt - now.monotonic)) };
  }

  outgoingViews(now: Now): readonly OutgoingView[] {
    return this.outbox.rows
      .filter((row) => row.type !== 'void')
      .map((row) => ({
        id: row.id as MessageId,
        to: this.name,
        text: decodeUtf8(row.plaintext) ?? '',
        writtenAtWall: row.timestamp,
        progress: this.progressOf(row, now),
      }));
  }
}
