import type { OutgoingState } from '../api/index.ts';
import type { Instant, Now } from '../base/index.ts';
import type { OutboxRow } from '../protocol/delivery/index.ts';
import type { OutgoingMessage } from '../protocol/session/index.ts';
import { earlier, isSmallerName, type EngineCore } from './core.ts';
import { tellConnected, tellProgress } from './effects.ts';
import { isKept } from './keeping.ts';
import type { Link, LinkSession } from './link.ts';
import type { Peer } from './peer.ts';
import { takeAck } from './sessions.ts';

/**
 * What leaves on one session in one turn: base64 and headers make it fit the 57,344 bytes of one record's items. More waits
 * for the next turn, which follows at once, so that the peer opens one record while we seal the next.
 */
const TURN_BYTES_MAX = 42_000;
/** A replaced session is closed even with something unacknowledged after this long (spec/03). */
const DUPLICATE_MS = 5_000;
const SENT: OutgoingState = { state: 'sent', held: false };

/** At the end of a turn: what is to go out on one session shares a record. */
export class Traffic {
  readonly #core: EngineCore;
  #deadline: Instant | undefined;

  constructor(core: EngineCore) {
    this.#core = core;
  }

  /** Of the last flush: when the rest is sent, a duplicate is closed by force, a busy peer is asked again. */
  deadline(): Instant | undefined {
    return this.#deadline;
  }
  /** A new round over all peers begins. */
  begin(): void {
    this.#deadline = undefined;
  }

  flush(peer: Peer, isShuttingDown: boolean, now: Now): void {
    if (peer.links.size === 0) return this.#showConnection(peer);
    this.#markDuplicates(peer, now);
    const carrier = peer.current ?? this.#early(peer);
    for (const link of peer.links) {
      if (link.session) this.#flushLink(link, link.session, link === carrier, isShuttingDown, now);
    }
    this.#showConnection(peer);
  }

  #flushLink(link: Link, session: LinkSession, isCarrier: boolean, isShuttingDown: boolean, now: Now): void {
    const { outbox } = session.peer;
    if (!link.isCongested) this.#send(link, session, isCarrier, now);
    const inFlight = outbox.isInFlight(session.progress);
    const code = closeCode(session, inFlight, isShuttingDown, now);
    if (code !== undefined) this.#core.connection(link, { type: 'close', code }, now);
    else {
      const on = inFlight || (link.dialled !== undefined && isKept(this.#core, session.peer));
      this.#core.connection(link, { type: 'vigilant', on }, now);
    }
    if (session.duplicateUntil !== undefined && session.duplicateUntil > now.monotonic)
      this.#deadline = earlier(this.#deadline, session.duplicateUntil);
    if (session.progress.pausedUntil > now.monotonic)
      this.#deadline = earlier(this.#deadline, session.progress.pausedUntil);
  }

  #send(link: Link, session: LinkSession, isCarrier: boolean, now: Now): void {
    const { allowance, phase } = link.connection;
    const { outbox } = session.peer;
    const rows = isCarrier && allowance !== 'none' ? outbox.take(session.progress, now, TURN_BYTES_MAX) : [];
    // Of a link that carries nothing it was said when it still did.
    if (isCarrier && allowance === 'open' && session.progress.hasMore) this.#deadline = now.monotonic;
    const isAckDue = session.needsAck && phase === 'open';
    if (rows.length === 0 && !isAckDue) return;
    this.#noteSent(session, rows);
    const messages = rows.map((row) => toMessage(row));
    this.#core.connection(
      link,
      { type: 'send', messages, ...(isAckDue ? { ack: takeAck(session) } : {}) },
      now,
    );
  }

  #noteSent({ peer, progress }: LinkSession, rows: readonly OutboxRow[]): void {
    const { outbox, name } = peer;
    const leftBefore = outbox.sent;
    const changes = outbox.markSent(progress, rows);
    if (changes.length > 0) this.#core.emit({ type: 'commit', changes });
    for (const row of rows)
      if (row.seq > leftBefore && row.type !== 'void') tellProgress(this.#core, name, row.id, SENT);
  }

  /** The side with the bytewise smaller name keeps the session whose READY came last and closes the others (spec/03). */
  #markDuplicates(peer: Peer, now: Now): void {
    const newest = peer.links.size > 1 ? peer.current : undefined;
    if (!newest || !isSmallerName(this.#core.options.self, peer.name)) return;
    for (const { session } of peer.links) {
      if (session?.isUsable && session !== newest.session)
        session.duplicateUntil ??= now.monotonic + DUPLICATE_MS;
    }
  }

  #early(peer: Peer): Link | undefined {
    for (const link of peer.links) {
      if (link.session?.verdict === 'ok' && link.connection.allowance === 'early') return link;
    }
    return undefined;
  }

  #showConnection(peer: Peer): void {
    const isConnected = peer.current !== undefined;
    if (isConnected === peer.isShownConnected) return;
    if (peer.current?.session) return tellConnected(this.#core, peer.current.session);
    peer.isShownConnected = false;
    const { reason } = peer.dial;
    this.#core.emit({
      type: 'event',
      event: { type: 'contact-disconnected', name: peer.name, ...(reason ? { reason } : {}) },
    });
  }
}

function closeCode(
  session: LinkSession,
  inFlight: boolean,
  isShuttingDown: boolean,
  now: Now,
): 'done' | 'duplicate' | 'going-down' | undefined {
  if (session.isPeerClosed) return 'done';
  if (session.duplicateUntil !== undefined && (!inFlight || now.monotonic >= session.duplicateUntil))
    return 'duplicate';
  return isShuttingDown && !inFlight ? 'going-down' : undefined;
}

/** A row has all that a header has, and is one. */
function toMessage(row: OutboxRow): OutgoingMessage {
  return { header: row, plaintext: row.plaintext };
}
