import { equalBytes, type Bytes, type Failure, type Now, type Result } from '../base/index.ts';
import { formatSafetyNumber } from '../directory/index.ts';
import {
  storedIdBytes,
  type Decision,
  type ReadyFields,
  type ReceiverFields,
} from '../protocol/delivery/index.ts';
import type { EnvelopeHeader } from '../protocol/envelope/index.ts';
import {
  checkVersion,
  PROTOCOL_VERSION_MAX,
  raiseMinVersion,
  type Established,
} from '../protocol/handshake/index.ts';
import { VOLATILE_EPOCH, type Ack, type Close, type Ready } from '../protocol/session/index.ts';
import { PROTOCOL_VERSION } from '../protocol/wire/index.ts';
import { endLink, isSmallerName, type EngineCore } from './core.ts';
import { applyDecision, tellConnected } from './effects.ts';
import { KEY_CHANGED, KEY_PENDING_AT_PEER, PEER_REFUSED } from './explain.ts';
import { noteReached } from './keeping.ts';
import type { Link, LinkSession } from './link.ts';
import type { Peer } from './peer.ts';

/** A peer whose clock is further from ours is told of once a session (CLK-01). */
const CLOCK_SKEW_MS = 300_000;
/** Connections that one proven peer may have; a new one ends the oldest beyond that (spec/03). */
const LINKS_MAX = 8;

/** What proven peers say and bring: READY, messages, acks, CLOSE; and the rules for several connections of one pair. */
export class Sessions {
  readonly #core: EngineCore;
  #readyOrder = 0;

  constructor(core: EngineCore) {
    this.#core = core;
  }

  /**
   * Both sides dial and enrol at once: the one whose initiator has the bytewise larger name is closed, and the side with
   * the smaller name does it, so that a stranger who merely claims a name cannot stop our own dial (spec/02).
   */
  pakeStarted(link: Link, remoteName: string, now: Now): void {
    if (!isSmallerName(this.#core.options.self, remoteName)) return;
    for (const other of this.#core.links.values()) {
      const isInbound = other.claimedName === remoteName && other.connection.step === 'pake';
      const isOurDial = link.dialled ? link.dialled.peer.name === remoteName : this.#isOurPake(remoteName);
      if (isInbound && isOurDial) {
        const failure = {
          code: 'pake-collision',
          message: 'Both sides dialled at once; the other enrol goes on.',
        } as const;
        this.#core.connection(other, { type: 'abort', failure }, now);
      }
    }
  }

  established(link: Link, established: Established, now: Now): void {
    const peer = this.#core.peers.get(established.remoteName);
    if (!peer) {
      const failure = {
        code: 'contact-unknown',
        message: 'The proven name is not in the directory.',
      } as const;
      return this.#core.connection(link, { type: 'abort', failure }, now);
    }
    if (established.mode === 'enrol') this.#core.guesses.proven(established.remoteName, link.id, now);
    const settled = this.#core.desk.settle(established, now.wall);
    if (!settled) {
      const failure = {
        code: 'not-proven',
        message: 'What this enrol proved may not be pinned: another rule or session came first.',
      } as const;
      return this.#core.connection(link, { type: 'abort', failure }, now);
    }
    const { record, isChanged, verdict, event } = settled;
    if (isChanged) this.#core.emit({ type: 'commit', changes: [{ type: 'trust', record }] });
    if (event) this.#core.emit({ type: 'event', event });
    const session: LinkSession = {
      peer,
      mode: established.mode,
      key: established.remoteStatic,
      verdict,
      progress: peer.outbox.newProgress(link.begunAt),
      readyOrder: undefined,
      isUsable: false,
      doAcksCount: false,
      skewMs: 0,
      isPeerClosed: false,
      needsAck: false,
      ackedSeq: 0,
      isFirstAck: true,
      isEndingIdle: false,
      duplicateUntil: undefined,
    };
    link.session = session;
    peer.links.add(link);
    this.#limitLinks(peer, now);
    if (link.dialled) this.#sendReady(link, session, peer.inbox.readyFields, now);
  }

  peerReady(link: Link, ready: Ready, now: Now): void {
    const session = link.session;
    if (!session) return;
    const isSpoken = this.#checkVersion(session.peer.name, ready);
    if (!isSpoken.ok) return this.#refuseVersion(link, session, isSpoken.failure, now);
    const isUsable = session.verdict === 'ok' && ready.status === 'ok';
    session.readyOrder = ++this.#readyOrder;
    session.skewMs = ready.clock - now.wall;
    session.isUsable = isUsable;
    session.doAcksCount = isUsable;
    if (link.dialled && session.mode === 'session' && isUsable) this.#confirm(session.peer.name, now);
    let fields = session.peer.inbox.readyFields;
    if (isUsable) {
      if (!link.dialled) noteReached(this.#core, session.peer, now);
      this.#tellSkew(session);
      this.#raiseVersion(session.peer.name, ready);
      this.#endFormerEpoch(link, session.peer, ready, now);
      const meeting = session.peer.inbox.onReady(ready);
      applyDecision(this.#core, session.peer, meeting, now, session.skewMs);
      fields = meeting.fields;
    }
    // What came with the peer's READY acts in here: before its messages are shown, it is said who has come.
    if (isUsable) tellConnected(this.#core, session);
    if (!link.dialled) this.#sendReady(link, session, fields, now);
    if (!isUsable) return this.#notUsable(link, session, ready, now);
    session.peer.dial.succeeded();
    session.peer.isCallRequested = false;
    session.peer.isToBeCalled = false;
    session.needsAck = session.peer.inbox.readyFields.stored > 0;
    const agreed = session.peer.outbox.onReady(session.progress, ready);
    if (agreed.ok) applyDecision(this.#core, session.peer, agreed.value, now);
    else this.#startEpoch(link, session.peer, now);
  }

  message(
    link: Link,
    message: { readonly header: EnvelopeHeader; readonly plaintext: Bytes },
    now: Now,
  ): void {
    const session = link.session;
    if (!session?.isUsable) return;
    const { header, plaintext } = message;
    const decided = session.peer.inbox.onMessage(header, plaintext, now.wall, this.#core.hasRoom());
    if (!decided.ok) {
      // What follows in this very record comes again on another session, or it would overtake what is missing.
      session.isUsable = false;
      return this.#core.connection(link, { type: 'close', code: 'protocol-error' }, now);
    }
    if (decided.value.isRepeat) this.#core.options.onRepeat?.(link.id, header, plaintext.length);
    session.needsAck = true;
    this.#apply(session.peer, decided.value, now, session.skewMs);
  }

  /** What was good before it is acked; then the session ends (spec/04). */
  badEnvelope(link: Link, now: Now): void {
    const { session } = link;
    if (session?.isUsable) this.sendAck(link, session, now);
    if (session) session.isUsable = false;
    this.#core.connection(link, { type: 'close', code: 'bad-envelope' }, now);
  }

  ack(link: Link, ack: Ack, now: Now): void {
    const { session } = link;
    if (!session?.doAcksCount) return;
    const { peer, progress, key } = session;
    this.#apply(peer, peer.outbox.onAck(progress, ack, key, now.wall, now.monotonic), now);
  }

  sendAck(link: Link, session: LinkSession, now: Now): void {
    this.#core.connection(link, { type: 'send', ack: takeAck(session), messages: [] }, now);
  }

  peerClose(link: Link, close: Close, now: Now): void {
    const { session } = link;
    if (!session) return;
    session.isUsable = false;
    session.isPeerClosed = true;
    if (close.code === 'bad-envelope' && session.doAcksCount)
      applyDecision(
        this.#core,
        session.peer,
        session.peer.outbox.onBadEnvelope(session.progress, now.wall),
        now,
      );
  }

  closed(link: Link): void {
    link.session?.peer.links.delete(link);
  }

  /** The contact was removed from the directory: its sessions end. */
  refuse(peer: Peer, now: Now): void {
    for (const link of peer.links) endLink(this.#core, link, 'refused', now);
  }

  /** A set keeps the order of arrival: the first is the oldest. */
  #limitLinks({ links }: Peer, now: Now): void {
    const [oldest] = links;
    if (!oldest || links.size <= LINKS_MAX) return;
    const failure = { code: 'truncated', message: 'The peer has too many connections.' } as const;
    this.#core.connection(oldest, { type: 'abort', failure }, now);
  }
  get #versionMax(): number {
    return this.#core.options.versionMax ?? PROTOCOL_VERSION_MAX;
  }
  /** Before anything of this session counts (spec/02 “Versions”). */
  #checkVersion(name: string, ready: Ready): Result<void> {
    const { minVersion = 1 } = this.#core.desk.book.record(name).pin ?? {};
    const { maxVersion: peerMax } = ready;
    return checkVersion({ chosen: PROTOCOL_VERSION, ownMax: this.#versionMax, peerMax, minVersion });
  }
  /** The dialler is to find out by itself, from our READY, and not to take our silence for another key. */
  #refuseVersion(link: Link, session: LinkSession, failure: Failure, now: Now): void {
    if (link.dialled) return this.#core.connection(link, { type: 'abort', failure }, now);
    this.#sendReady(link, session, session.peer.inbox.readyFields, now);
    this.#core.connection(link, { type: 'close', code: 'protocol-error' }, now);
  }
  #raiseVersion(name: string, ready: Ready): void {
    const { minVersion = 1 } = this.#core.desk.book.record(name).pin ?? {};
    const raised = raiseMinVersion({ ownMax: this.#versionMax, peerMax: ready.maxVersion, minVersion });
    if (raised === minVersion) return;
    const record = this.#core.desk.raiseVersion(name, raised);
    this.#core.emit({ type: 'commit', changes: [{ type: 'trust', record }] });
  }
  #confirm(name: string, now: Now): void {
    const before = this.#core.desk.book.record(name);
    const record = this.#core.desk.confirm(name, now.wall);
    if (record !== before) this.#core.emit({ type: 'commit', changes: [{ type: 'trust', record }] });
  }

  #tellSkew({ peer, skewMs }: LinkSession): void {
    if (Math.abs(skewMs) <= CLOCK_SKEW_MS) return;
    const event = { type: 'clock-skew', name: peer.name, skewMs: Math.round(skewMs) } as const;
    this.#core.emit({ type: 'event', event });
  }

  #isOurPake(name: string): boolean {
    return this.#core.peers.get(name)?.dialling?.connection.step === 'pake';
  }

  #sendReady(link: Link, session: LinkSession, receiver: ReceiverFields, now: Now): void {
    const isOk = session.verdict === 'ok';
    const { peerEpoch, stored, storedId } = receiver;
    const fields = isOk ? this.#outboxFields(session, now) : { epoch: new Uint8Array(16), first: 1, last: 0 };
    const ready: Ready = {
      status: session.verdict,
      clock: Math.max(0, Math.round(now.wall)),
      maxVersion: this.#versionMax,
      capabilities: this.#core.options.isStoreVolatile === true ? VOLATILE_EPOCH : 0,
      // Whoever is not let in learns nothing of the talk with the pinned key.
      ...fields,
      peerEpoch: isOk ? peerEpoch : new Uint8Array(16),
      stored: isOk ? stored : 0,
      storedId: storedIdBytes(isOk ? storedId : undefined),
    };
    this.#core.connection(link, { type: 'ready', ready }, now);
  }

  #outboxFields({ peer, progress, key }: LinkSession, now: Now): ReadyFields {
    const { fields, changes } = peer.outbox.readyFields(progress, key, now.wall);
    if (changes.length > 0) this.#core.emit({ type: 'commit', changes });
    return fields;
  }

  #notUsable(link: Link, session: LinkSession, ready: Ready, now: Now): void {
    const { peer, verdict } = session;
    const changes = peer.outbox.forgetEarly(session.progress);
    if (changes.length > 0) this.#core.emit({ type: 'commit', changes });
    if (verdict !== 'ok') {
      this.#core.connection(link, { type: 'close', code: verdict }, now);
      if (verdict === 'key-pending') peer.dial.hold(KEY_CHANGED(peer.name), now.monotonic);
      return;
    }
    const reason = ready.status === 'key-pending' ? KEY_PENDING_AT_PEER(peer.name) : PEER_REFUSED(peer.name);
    peer.dial.failed(reason, now.monotonic, this.#core.random(), false);
    if (ready.status !== 'key-pending') return;
    const key = this.#core.desk.book.record(peer.name).pin?.key;
    const number = key ? formatSafetyNumber(this.#core.desk.safetyNumber(peer.name, key)) : '';
    this.#core.emit({
      type: 'event',
      event: { type: 'own-key-pending', name: peer.name, safetyNumber: number, reason },
    });
  }

  #startEpoch(link: Link, peer: Peer, now: Now): void {
    const changes = peer.outbox.startEpoch(this.#core.options.entropy.bytes(16));
    if (changes.length > 0) this.#core.emit({ type: 'commit', changes });
    if (link.session) link.session.isUsable = false;
    for (const each of peer.links) {
      if (each.session) each.session.doAcksCount = false;
      endLink(this.#core, each, 'rolled-back', now);
    }
  }

  /** The peer's program started anew: what still trickles in from the old one has another numbering. */
  #endFormerEpoch(link: Link, peer: Peer, ready: Ready, now: Now): void {
    if (equalBytes(peer.inbox.readyFields.peerEpoch, ready.epoch)) return;
    for (const each of peer.links) {
      if (each === link || each.session?.readyOrder === undefined) continue;
      const failure = { code: 'truncated', message: 'The peer’s program has started anew.' } as const;
      this.#core.connection(each, { type: 'abort', failure }, now);
    }
  }

  /** A message or an ack that is of use: the peer takes part. What a READY or a CLOSE says costs it nothing. */
  #apply(peer: Peer, decision: Decision, now: Now, skewMs = 0): void {
    if (decision.effects.length > 0) peer.dial.progressed();
    applyDecision(this.#core, peer, decision, now, skewMs);
  }
}

/** The ack that is true now, and what this session has thereby said. */
export function takeAck(session: LinkSession): Ack {
  const ack = session.peer.inbox.ack(session.isFirstAck, session.ackedSeq);
  session.needsAck = false;
  session.isFirstAck = false;
  session.ackedSeq = ack.cumulative;
  return ack;
}
