import { equalBytes, type Failure, type Instant, type Now } from '../base/index.ts';
import { isKept } from './keeping.ts';
import { addressText, type DirectoryEntry, type Pin } from '../directory/index.ts';
import {
  enrolInitiator,
  PROTOCOL_VERSION_MAX,
  sessionInitiator,
  type HandshakeMachine,
  type Mode,
} from '../protocol/handshake/index.ts';
import { Connection } from '../protocol/session/index.ts';
import { encodePreface } from '../protocol/wire/index.ts';
import { earlier, type EngineCore } from './core.ts';
import { tellProgress } from './effects.ts';
import { CONTACT_REMOVED, explainDialFailure, KEY_CHANGED, NEWER_VERSION } from './explain.ts';
import type { Link } from './link.ts';
import type { Peer } from './peer.ts';

/** Dials under way at once; the others wait their turn (NET-19). */
export const DIALS_MAX = 10;
/** Messages of one contact whose progress is told one by one after a failed dial. */
const PROGRESS_EVENTS_MAX = 256;
/** At the start contacts are called spread over this time, and longer when there are many. */
const CALLS_SPREAD_MS = 3_000;
const CALLS_SPREAD_MS_EACH = 100;

/** Calls contacts that have something waiting and no session, each one once at the start, and those whose session is kept. */
export class Dialler {
  readonly #core: EngineCore;

  constructor(core: EngineCore) {
    this.#core = core;
  }

  /** Once each, at a moment of its own: either side's queue drains over that session (spec/05 “At the start”). */
  callOnce(names: readonly string[], now: Now): void {
    const spreadMs = Math.max(CALLS_SPREAD_MS, names.length * CALLS_SPREAD_MS_EACH);
    for (const name of names) {
      const peer = this.#core.peers.get(name);
      if (!peer?.entry) continue;
      peer.isToBeCalled = this.#core.desk.book.record(name).pending === undefined;
      peer.dial.begin(now.monotonic + this.#core.random() * spreadMs);
    }
  }

  /** After a standstill: nobody waits for the end of a back-off that was drawn before it. */
  hurry(now: Now): void {
    for (const { dial } of this.#core.peers.values())
      dial.hurry(now.monotonic + this.#core.random() * CALLS_SPREAD_MS);
  }

  dialDue(now: Now): void {
    const free = DIALS_MAX - this.#dialsUnderWay;
    if (free <= 0) return;
    for (const { peer, entry } of this.#due(now).slice(0, free)) this.#dial(peer, entry, now);
  }

  /** Who is due the longest comes first: those who never answer would else keep out all behind them in the directory. */
  #due(now: Now): readonly { readonly peer: Peer; readonly entry: DirectoryEntry }[] {
    const due: { readonly peer: Peer; readonly entry: DirectoryEntry; readonly at: Instant }[] = [];
    for (const peer of this.#core.peers.values()) {
      const at = this.#dueAtOf(peer);
      if (at !== undefined && at <= now.monotonic && peer.entry) due.push({ peer, entry: peer.entry, at });
    }
    return due.sort((a, b) => (a.at === b.at ? 0 : a.at - b.at));
  }

  deadline(): Instant | undefined {
    if (this.#dialsUnderWay >= DIALS_MAX) return undefined; // The end of one of them is a turn of its own.
    let earliest: Instant | undefined;
    for (const peer of this.#core.peers.values()) earliest = earlier(earliest, this.#dueAtOf(peer));
    return earliest;
  }

  get #dialsUnderWay(): number {
    let count = 0;
    for (const { dialling } of this.#core.peers.values())
      if (dialling && dialling.session?.readyOrder === undefined) count++;
    return count;
  }

  connected(link: Link | undefined, now: Now): void {
    if (!link?.dialled) return;
    link.dialled.peer.dial.begun(link.dialled.mode);
    this.#core.connection(link, { type: 'opened' }, now);
  }

  /** Any link has ended; ours or theirs, before or after it was of use. */
  closed(link: Link, failure: Failure | undefined, now: Now): void {
    const peer = link.dialled?.peer ?? link.session?.peer;
    if (!peer) return;
    if (peer.dialling === link) peer.dialling = undefined;
    const wasReady = link.session?.readyOrder !== undefined;
    // As agreed: the next text need not wait. A peer that says CLOSE again and again must not make us dial as often.
    const isAgreed = failure === undefined && (peer.outbox.isEmpty || link.session?.isEndingIdle === true);
    const isDone = isAgreed && !isKept(this.#core, peer);
    if (wasReady && !isDone && !peer.isReachable && !peer.dial.reason)
      peer.dial.lost(failure, now.monotonic, this.#core.random());
    // What became of one dial is of no interest while another session is up.
    if (!wasReady && link.dialled && !peer.current) this.#failed(peer, link.dialled.address, failure, now);
    else if (peer.dial.reason) this.#tellProgress(peer, now);
  }

  /** The contact was removed from the directory: its queue is held, not dropped, and that is said (DIR-03). */
  hold(peer: Peer, now: Now): void {
    this.#hold(peer, CONTACT_REMOVED(peer.name), now);
  }

  #hold(peer: Peer, reason: Failure, now: Now): void {
    peer.dial.hold(reason, now.monotonic);
    this.#tellProgress(peer, now);
  }

  #dial(peer: Peer, entry: DirectoryEntry, now: Now): void {
    peer.isToBeCalled = false;
    const { pin, repairUntilWall = 0 } = this.#core.desk.book.record(peer.name);
    const target = peer.dial.nextAddress(entry.addresses) ?? { ip: entry.ip, port: entry.port };
    const address = addressText(target);
    const obstacle = obstacleOf(this.#core, peer);
    if (obstacle) return this.#hold(peer, explainDialFailure(obstacle, peer.name, address), now);
    const mode = peer.dial.nextMode(pin, now.wall < repairUntilWall);
    const handshake = this.#handshake(peer, entry, mode, pin);
    const { primitives, entropy, lingerMs, nextLink, onEnvelope, rekey } = this.#core.options;
    const connection = new Connection({
      primitives,
      entropy,
      role: { role: 'initiator', mode, handshake },
      lingerMs,
      now,
      onEnvelope,
      rekey,
    });
    const link: Link = {
      id: nextLink(),
      connection,
      dialled: { peer, mode, address },
      session: undefined,
      begunAt: now.monotonic,
      address: '',
      remote: '',
      claimedName: undefined,
      isCongested: false,
    };
    peer.dialling = link;
    this.#core.links.set(link.id, link);
    this.#core.emit({ type: 'dial', link: link.id, host: target.ip, port: target.port });
  }

  #handshake(peer: Peer, entry: DirectoryEntry, mode: Mode, pin: Pin | undefined): HandshakeMachine {
    const { primitives, entropy, self, keys } = this.#core.options;
    const base = {
      primitives,
      entropy,
      preface: encodePreface(mode),
      localName: self,
      localStatic: keys,
      remoteName: peer.name,
    };
    if (mode === 'session' && pin)
      return sessionInitiator({ ...base, remoteStatic: pin.key, pairPsk: pin.psk.reveal() });
    const passwords = this.#core.desk.passwords(peer.name);
    return enrolInitiator({ ...base, passwords, ...(entry.key ? { expectedKey: entry.key } : {}) });
  }

  #failed(peer: Peer, address: string, failure: Failure | undefined, now: Now): void {
    const ended: Failure = {
      code: 'not-proven',
      message: 'The connection ended before the peer proved itself.',
    };
    const { pin, repairUntilWall = 0 } = this.#core.desk.book.record(peer.name);
    const mayAlternate = pin !== undefined && (!pin.confirmed || now.wall < repairUntilWall);
    // An enrol that a session overtook: the peer's pin is confirmed as well, and it answers enrols as a stranger's.
    const isOvertaken = failure?.code === 'pake-confirm' && pin?.confirmed === true && !mayAlternate;
    const counted = peer.dial.countRefusal(isOvertaken ? ended : (failure ?? ended), mayAlternate);
    const reason = explainDialFailure(counted, peer.name, address);
    peer.dial.failed(reason, now.monotonic, this.#core.random(), mayAlternate);
    if (reason.code === 'handshake-self') {
      this.#core.emit({ type: 'event', event: { type: 'trouble', reason, name: peer.name } });
    }
    this.#tellProgress(peer, now);
  }

  /** When this contact is to be dialled; undefined while nothing waits, something is under way, or only a person helps. */
  #dueAtOf(peer: Peer): Instant | undefined {
    if (!peer.entry || peer.dialling) return undefined;
    const hasReason =
      !peer.outbox.isEmpty || peer.isCallRequested || peer.isToBeCalled || isKept(this.#core, peer);
    return hasReason && !peer.isReachable ? peer.dial.dueAt : undefined;
  }

  #tellProgress(peer: Peer, now: Now): void {
    for (const row of peer.outbox.rows.slice(0, PROGRESS_EVENTS_MAX)) {
      if (row.type === 'void') continue;
      const progress = peer.progressOf(row.seq <= peer.outbox.sent, now);
      tellProgress(this.#core, peer.name, row.id, progress);
    }
  }
}

/** Why a contact is not even dialled, as far as its pins and its entry say it: a person must act, also after a restart (spec/08). */
export function obstacleOf({ desk }: EngineCore, { name, entry }: Peer): Failure | undefined {
  const { pin, pending } = desk.book.record(name);
  if (pending) return KEY_CHANGED(name);
  if (pin && entry?.key && !equalBytes(pin.key, entry.key))
    return { code: 'handshake-key', message: 'The pinned key is not the directory’s.' };
  if (pin && pin.minVersion > PROTOCOL_VERSION_MAX) return NEWER_VERSION(name, pin.minVersion);
  return undefined;
}
