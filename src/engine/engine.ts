import {
  unreachable,
  type Bytes,
  type Failure,
  type Instant,
  type Machine,
  type Now,
} from '../base/index.ts';
import type { Entropy } from '../crypto/index.ts';
import type { Standing } from '../protocol/delivery/index.ts';
import { diffDirectories, type Directory } from '../directory/index.ts';
import type { PrefaceMode } from '../protocol/wire/index.ts';
import type { HandshakeMachine } from '../protocol/handshake/index.ts';
import { Connection, type ConnectionInput, type ConnectionOutput } from '../protocol/session/index.ts';
import { Admission, type Admitted } from './admission.ts';
import { answerHandshake } from './answer.ts';
import { Commands } from './commands.ts';
import { earlier, type EngineCore, type EngineOptions } from './core.ts';
import { Dialler } from './dialler.ts';
import { Expiry } from './expiry.ts';
import { gated } from './gate.ts';
import { Guesses } from './guesses.ts';
import type { Link } from './link.ts';
import { Peer } from './peer.ts';
import { Sessions } from './sessions.ts';
import { Traffic } from './traffic.ts';
import { TrustDesk } from './trust-desk.ts';
import type { EngineInput, EngineOutput, LinkId } from './types.ts';

/**
 * The whole program without a socket, a clock or a disk: everyone we know, every connection, every queue. This file only
 * takes inputs to where they belong:
 *
 *   bytes -> Connection -> Sessions (who is proven, what came) -> Inbox/Outbox
 *   a person's command -> Commands -> Outbox
 *   end of a turn -> Traffic (pack records) and Dialler (who is called next)
 */
export class Engine implements Machine<EngineInput, EngineOutput> {
  readonly commands: Commands;
  readonly #options: EngineOptions;
  readonly #core: EngineCore;
  readonly #desk: TrustDesk;
  readonly #guesses: Guesses;
  readonly #peers = new Map<string, Peer>();
  readonly #links = new Map<LinkId, Link>();
  /** When each connection is to be asked next, so that a turn need not ask them all; not yet of those in `#touched`. */
  readonly #deadlines = new Map<Link, Instant>();
  readonly #touched = new Set<Link>();
  readonly #admission: Admission;
  readonly #dialler: Dialler;
  readonly #expiry: Expiry;
  readonly #sessions: Sessions;
  readonly #traffic: Traffic;
  #out: EngineOutput[] = [];
  #isShuttingDown = false;
  /** The first turn is over. */
  #isBegun = false;
  /** Of the input that is being handled. */
  #now: Now = { monotonic: 0, wall: 0 };

  constructor(options: EngineOptions) {
    this.#options = options;
    const { primitives, entropy, self, keys, directory, records } = options;
    this.#desk = new TrustDesk({
      primitives,
      self,
      keys,
      directory,
      records,
      bootSecret: entropy.bytes(32),
      isEnrolClosed: options.isEnrolClosed ?? false,
    });
    const random = (): number => randomFraction(entropy);
    this.#admission = new Admission(directory, random);
    const shared = {
      options,
      desk: this.#desk,
      links: this.#links,
      emit: (output: EngineOutput) => void this.#out.push(output),
    };
    this.#guesses = new Guesses(shared);
    const core: EngineCore = {
      ...shared,
      guesses: this.#guesses,
      peers: this.#peers,
      now: () => this.#now,
      connection: (link, input, now) => this.#connection(link, input, now),
      random,
      isEnding: () => this.#isShuttingDown,
      hasRoom: () => !this.#isShuttingDown && (options.hasRoom?.() ?? true),
    };
    this.#core = core;
    this.#dialler = new Dialler(core);
    this.#expiry = new Expiry(core);
    this.#sessions = new Sessions(core);
    this.#traffic = new Traffic(core);
    this.commands = new Commands(core);
    // Whoever was removed from the directory is still known: is told that we refuse (P6), and what waits for it expires.
    for (const name of options.ledger.correspondents()) this.#addPeer(name, options.ledger.standing(name));
    for (const name of this.#desk.book.names) this.#addPeer(name);
    for (const entry of directory.entries) this.#addPeer(entry.username);
  }

  handle(input: EngineInput, now: Now): readonly EngineOutput[] {
    this.#now = now;
    switch (input.type) {
      case 'accepted':
        this.#accept(input, now);
        break;
      case 'connected':
        this.#connected(input, now);
        break;
      case 'dial-failed':
        this.#dialFailed(input.link, input.failure, now);
        break;
      case 'bytes':
        this.#toConnection(input.link, { type: 'bytes', bytes: input.bytes }, now);
        break;
      case 'ended':
        this.#toConnection(input.link, { type: 'ended' }, now);
        break;
      case 'lost':
        this.#toConnection(input.link, { type: 'lost', failure: input.failure }, now);
        break;
      case 'congested':
        this.#congested(input.link, input.on, now);
        break;
      case 'directory':
        this.#useDirectory(input.directory, now);
        break;
      case 'resumed':
        this.#resume(now);
        break;
      case 'turn-ended':
        this.#endTurn(now);
        break;
      case 'shutdown':
        this.#isShuttingDown = true;
        break;
      default:
        unreachable(input);
    }
    return this.takeOutputs();
  }

  /**
   * After a call that threw, because the ledger could not be read: what was decided before. Its changes and events are kept for the
   * next commit; nothing else of it may be performed, or a record would leave with the next turn that this one was refused.
   */
  takeOutputs(): readonly EngineOutput[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  deadline(): Instant | undefined {
    this.#noteDeadlines();
    let earliest = earlier(this.#traffic.deadline(), this.#expiry.deadline());
    for (const at of this.#deadlines.values()) earliest = earlier(earliest, at);
    return this.#isDialling ? earlier(earliest, this.#dialler.deadline()) : earliest;
  }

  /** Sessions and dials still open: when this is 0 after `shutdown`, everything was ended as agreed. Strangers do not count. */
  get openLinks(): number {
    let count = 0;
    for (const link of this.#links.values()) if (link.session || link.dialled) count++;
    return count;
  }
  /** Whether `admit` would let in one more of this address. Nothing is counted yet. */
  mayEnter(address: string, now: Instant): boolean {
    return this.#admission.mayEnter(address, now);
  }
  /**
   * Whether a connection that came in is to be `accepted`. To be asked at once, before anything is allocated for it;
   * `address` is whom limits count as one, `now` the monotonic clock.
   */
  admit(link: LinkId, address: string, now: Instant): Admitted {
    return this.#admission.admit(link, address, now);
  }
  /** Connections that were let in and have proven nothing yet. */
  get unprovenLinks(): number {
    return this.#admission.unproven;
  }
  isProven(link: LinkId): boolean {
    return this.#links.get(link)?.session !== undefined;
  }

  get #isDialling(): boolean {
    return !this.#isShuttingDown && this.#options.isDialling !== false;
  }

  #accept(input: EngineInput & { type: 'accepted' }, now: Now): void {
    const { primitives, entropy, lingerMs, onEnvelope, rekey } = this.#options;
    const role = {
      role: 'responder',
      handshakeFor: (mode: PrefaceMode) => this.#responder(input.link, mode),
    } as const;
    const connection = new Connection({ primitives, entropy, role, lingerMs, now, onEnvelope, rekey });
    const link: Link = {
      id: input.link,
      connection,
      dialled: undefined,
      session: undefined,
      begunAt: now.monotonic,
      address: input.address,
      remote: input.remote,
      claimedName: undefined,
      isCongested: false,
    };
    this.#links.set(link.id, link);
    this.#touched.add(link);
  }

  #connected(input: EngineInput & { type: 'connected' }, now: Now): void {
    const link = this.#links.get(input.link);
    if (!link) return;
    link.address = input.address;
    link.remote = input.remote;
    this.#dialler.connected(link, now);
  }

  #responder(link: LinkId, mode: PrefaceMode): HandshakeMachine {
    const machine = answerHandshake(this.#core, this.#links.get(link), mode);
    return gated(machine, {
      mayAnswer: () => this.#admission.mayAnswer(link, this.#now.monotonic),
      answered: () => this.#admission.answered(link, mode === 'session', this.#now.monotonic),
    });
  }

  #dialFailed(id: LinkId, failure: Failure, now: Now): void {
    const link = this.#links.get(id);
    if (link) this.#connection(link, { type: 'lost', failure }, now);
  }

  #congested(id: LinkId, on: boolean, now: Now): void {
    const link = this.#links.get(id);
    if (!link) return;
    link.isCongested = on;
    this.#connection(link, { type: 'congested', on }, now);
  }

  #toConnection(id: LinkId, input: ConnectionInput, now: Now): void {
    const link = this.#links.get(id);
    if (link) this.#connection(link, input, now);
  }

  #connection(link: Link, input: ConnectionInput, now: Now): void {
    const isProven = link.session !== undefined;
    const outputs = link.connection.handle(input, now);
    this.#touched.add(link);
    // Records leave in the order in which they were sealed: these before those that answer the events among them.
    if (isProven) for (const output of outputs) if (output.type === 'write') this.#write(link, output.bytes);
    try {
      for (const output of outputs)
        if (!isProven || output.type !== 'write') this.#fromConnection(link, output, now);
    } catch (error) {
      // The ledger could not be read. A connection that has ended says so once: unheard, its link would be held for ever.
      for (const output of outputs) if (output.type === 'closed') this.#fromConnection(link, output, now);
      throw error;
    }
  }

  #write(link: Link, bytes: Bytes): void {
    this.#out.push({ type: 'write', link: link.id, bytes });
  }

  #noteDeadlines(): void {
    for (const link of this.#touched) {
      const at = link.connection.deadline();
      if (at === undefined) this.#deadlines.delete(link);
      else this.#deadlines.set(link, at);
    }
    this.#touched.clear();
  }

  #fromConnection(link: Link, output: ConnectionOutput, now: Now): void {
    // An output before this one may have ended the link: what was still to be said on it is void.
    if (this.#links.get(link.id) !== link) return;
    switch (output.type) {
      case 'write':
        this.#write(link, output.bytes);
        break;
      case 'end':
        this.#out.push({ type: 'end', link: link.id });
        break;
      case 'closed':
        this.#links.delete(link.id);
        this.#admission.closed(link.id);
        this.#out.push({ type: 'release', link: link.id, phase: output.phase, failure: output.failure });
        this.#sessions.closed(link);
        this.#guesses.closed(link, now);
        this.#dialler.closed(link, output.failure, now);
        break;
      case 'pake-started':
        this.#sessions.pakeStarted(link, output.remoteName, now);
        break;
      case 'established':
        this.#sessions.established(link, output.established, now);
        if (link.session) this.#admission.proven(link.id, link.session.peer.name, link.address);
        break;
      case 'peer-ready':
        this.#sessions.peerReady(link, output.ready, now);
        break;
      case 'message':
        this.#sessions.message(link, output, now);
        break;
      case 'bad-envelope':
        this.#sessions.badEnvelope(link, now);
        break;
      case 'ack':
        this.#sessions.ack(link, output.ack, now);
        break;
      case 'peer-close':
        this.#sessions.peerClose(link, output.close, now);
        break;
      case 'idle':
        if (link.session) link.session.isEndingIdle = true;
        this.#connection(link, { type: 'close', code: 'done' }, now);
        break;
      default:
        unreachable(output);
    }
  }

  /** A session that is idle with the last ack says CLOSE in the same turn, after its own ack has left. */
  #endTurn(now: Now): void {
    this.#expiry.giveUpDue(now);
    this.#flush(now);
    if (this.#tick(now)) this.#flush(now);
    if (!this.#isDialling) return;
    if (!this.#isBegun) this.#begin(now);
    this.#dialler.dialDue(now);
  }

  #begin(now: Now): void {
    this.#isBegun = true;
    if (this.#options.isCallingAtStart === true) this.#dialler.callOnce([...this.#peers.keys()], now);
  }

  /** Each proven peer is asked whether it is still there, and nobody waits on for a back-off that was drawn before. */
  #resume(now: Now): void {
    for (const link of this.#links.values()) if (link.session) this.#connection(link, { type: 'probe' }, now);
    this.#dialler.hurry(now);
  }

  #flush(now: Now): void {
    this.#traffic.begin();
    for (const peer of this.#peers.values()) this.#traffic.flush(peer, this.#isShuttingDown, now);
  }

  /** Whether anything was due. */
  #tick(now: Now): boolean {
    this.#noteDeadlines();
    let wasDue = false;
    for (const [link, at] of this.#deadlines) {
      if (at > now.monotonic) continue;
      wasDue = true;
      this.#connection(link, { type: 'tick' }, now);
    }
    return wasDue;
  }

  #useDirectory(directory: Directory, now: Now): void {
    const difference = diffDirectories(this.#desk.directory, directory);
    this.#guesses.useDirectory(this.#desk.directory, directory);
    this.#desk.directory = directory;
    this.#admission.useDirectory(directory);
    for (const name of difference.added) this.#addPeer(name);
    for (const name of [...difference.added, ...difference.changed]) this.#peers.get(name)?.dial.restart();
    for (const [name, peer] of this.#peers) peer.entry = directory.entry(name);
    if (this.#options.isCallingAtStart === true) this.#dialler.callOnce(difference.added, now);
    for (const name of difference.removed) this.#refuse(this.#peers.get(name), now);
    if (difference.added.length + difference.removed.length + difference.changed.length > 0) {
      this.#out.push({ type: 'event', event: { type: 'directory-changed', ...difference } });
    }
  }

  #refuse(peer: Peer | undefined, now: Now): void {
    if (!peer) return;
    this.#sessions.refuse(peer, now);
    this.#dialler.hold(peer, now);
  }

  /** Once everybody whom the ledger knows was added, others have no standing: nothing need be read while the program runs. */
  #addPeer(name: string, standing?: Standing): void {
    if (name === this.#options.self || this.#peers.has(name)) return;
    const { ledger, entropy, reachedUs } = this.#options;
    const entry = this.#desk.directory.entry(name);
    const epoch = entropy.bytes(16);
    this.#peers.set(
      name,
      new Peer(name, { entry, ledger, standing, epoch, reachedUsWall: reachedUs?.get(name) }),
    );
  }
}

function randomFraction(entropy: Entropy): number {
  const bytes: Bytes = entropy.bytes(4);
  return bytes.reduce((value, byte) => value * 256 + byte, 0) / 2 ** 32;
}
