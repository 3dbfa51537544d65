import type { Failure, Instant } from '../../base/index.ts';
import type { HandshakeMachine, Role } from '../handshake/index.ts';
import type { ConnectionPhase } from './connection-types.ts';

// Every deadline of one connection (spec/01, spec/03). All of them before the peer is proven are absolute: bytes that
// trickle in extend nothing.

/** From the connection to the first whole handshake message. */
export const FIRST_MESSAGE_MS = 3_000;
/** From the connection to the proof of the peer. */
export const HANDSHAKE_MS = 10_000;
/** For each message of the PAKE. */
export const PAKE_STEP_MS = 5_000;
/** From a frame's first byte to its last, once the peer is proven. */
export const FRAME_MS = 30_000;
/** After this long without a word the peer is asked for one. */
export const HEARTBEAT_MS = 15_000;
/** A peer from whom nothing came for so long is given up. */
export const SILENCE_MAX_MS = 45_000;
/** The same after we stood still and asked at once. */
export const PROBE_MS = 5_000;
/** A peer that reads nothing of what we write for this long is given up (NET-08). */
export const CONGESTED_MAX_MS = 60_000;
/** A key exchange that was begun is done by then. */
export const REKEYING_MAX_MS = 60_000;
/** A responder ends a session that brought no record for this long. */
export const RESPONDER_IDLE_MS = 120_000;
/** After our CLOSE: how long we read the peer's last acks. */
export const CLOSING_MS = 5_000;

/** What is to be done when the deadline is there. */
export type Due =
  | { readonly type: 'none' }
  | { readonly type: 'ping' }
  | { readonly type: 'idle' }
  /** The initiator is to begin a key exchange. */
  | { readonly type: 'rekey' }
  | { readonly type: 'expired'; readonly failure: Failure | undefined };

type Timer = { readonly at: Instant; readonly due: Due };

/** All deadlines of one connection, as one (spec/03 "Time"). */
export class SessionTimers {
  readonly #role: Role;
  readonly #lingerMs: number;
  readonly #rekeyMs: number;
  /** Undefined while the initiator's TCP connection is not up: until then the dial has its own deadline. */
  #startedAt: Instant | undefined;
  #pakeAt: Instant | undefined;
  #frameAt: Instant | undefined;
  #receivedAt: Instant = 0;
  #workAt: Instant = 0;
  #pingAt: Instant = Number.NEGATIVE_INFINITY;
  #vigilantAt: Instant | undefined;
  #probedAt: Instant | undefined;
  #closingAt: Instant | undefined;
  #congestedAt: Instant | undefined;
  #rekeyedAt: Instant = 0;
  #rekeyingAt: Instant | undefined;
  #isIdleReported = false;

  constructor(options: {
    readonly role: Role;
    readonly lingerMs: number;
    readonly rekeyMs: number;
    readonly now: Instant;
  }) {
    this.#role = options.role;
    this.#lingerMs = options.lingerMs;
    this.#rekeyMs = options.rekeyMs;
    this.#startedAt = options.role === 'responder' ? options.now : undefined;
  }

  /** TCP is up. */
  start(now: Instant): void {
    this.#startedAt = now;
  }
  /** Each step of the PAKE has its own absolute deadline. */
  notePake(now: Instant): void {
    this.#pakeAt = now;
  }
  noteFrame(isMidFrame: boolean, now: Instant): void {
    if (!isMidFrame) this.#frameAt = undefined;
    else this.#frameAt ??= now;
  }
  /** Both have said READY. */
  noteOpened(now: Instant): void {
    this.noteWork(now);
    this.noteReceived(now);
    this.#rekeyedAt = now;
  }
  noteReceived(now: Instant): void {
    this.#receivedAt = now;
    this.#probedAt = undefined;
    this.#frameAt = undefined;
    if (this.#role === 'responder') this.#isIdleReported = false;
  }
  noteWork(now: Instant): void {
    this.#workAt = now;
    this.#isIdleReported = false;
  }
  noteClosing(now: Instant): void {
    this.#closingAt = now;
  }
  setVigilant(on: boolean, now: Instant): void {
    if (on) this.#vigilantAt ??= now;
    else this.#vigilantAt = undefined;
  }

  /** A PING leaves now because we stood still: everything that counts from the peer's or the socket's last word begins anew. */
  noteProbe(now: Instant): void {
    this.#probedAt = now;
    this.#receivedAt = now;
    this.#pingAt = now;
    if (this.#frameAt !== undefined) this.#frameAt = now;
    if (this.#congestedAt !== undefined) this.#congestedAt = now;
  }

  setCongested(on: boolean, now: Instant): void {
    if (on) this.#congestedAt ??= now;
    else this.#congestedAt = undefined;
  }

  /** A key exchange is under way; it is done, or was none, when not. */
  setRekeying(on: boolean, now: Instant): void {
    if (on) this.#rekeyingAt ??= now;
    else if (this.#rekeyingAt !== undefined) {
      this.#rekeyingAt = undefined;
      this.#rekeyedAt = now;
    }
  }

  deadline(
    phase: ConnectionPhase,
    step: HandshakeMachine['step'],
    isPeerClosed: boolean,
  ): Instant | undefined {
    const timers = this.#timers(phase, step, isPeerClosed);
    return timers.length === 0 ? undefined : Math.min(...timers.map((timer) => timer.at));
  }

  /** What is due now; what ends the connection goes first. */
  due(phase: ConnectionPhase, step: HandshakeMachine['step'], isPeerClosed: boolean, now: Instant): Due {
    const due = this.#timers(phase, step, isPeerClosed).find((timer) => timer.at <= now)?.due ?? {
      type: 'none',
    };
    if (due.type === 'ping') this.#pingAt = now;
    if (due.type === 'idle') this.#isIdleReported = true;
    return due;
  }

  #timers(phase: ConnectionPhase, step: HandshakeMachine['step'], isPeerClosed: boolean): readonly Timer[] {
    switch (phase) {
      case 'preface':
      case 'handshake':
      case 'proven':
        return this.#handshakeTimers(phase, step);
      case 'open':
        if (isPeerClosed) return this.#closingTimer();
        return [
          ...this.#probeTimer(),
          ...this.#frameTimer(),
          ...this.#congestionTimer(),
          ...this.#rekeyTimer(),
          ...this.#heartbeatTimers(),
          ...this.#idleTimer(),
        ];
      case 'closing':
        return this.#closingTimer();
      case 'closed':
        return [];
    }
  }

  #closingTimer(): readonly Timer[] {
    return [{ at: (this.#closingAt ?? 0) + CLOSING_MS, due: { type: 'expired', failure: undefined } }];
  }

  #handshakeTimers(phase: ConnectionPhase, step: HandshakeMachine['step']): readonly Timer[] {
    if (this.#startedAt === undefined) return [];
    const late: Due = {
      type: 'expired',
      failure: { code: 'handshake-timeout', message: 'The handshake was not complete in time.' },
    };
    const timers: Timer[] = [{ at: this.#startedAt + HANDSHAKE_MS, due: late }];
    if (this.#role === 'responder' && (phase === 'preface' || step === 'first')) {
      timers.push({ at: this.#startedAt + FIRST_MESSAGE_MS, due: late });
    }
    if (this.#pakeAt !== undefined && step === 'pake')
      timers.push({ at: this.#pakeAt + PAKE_STEP_MS, due: late });
    return timers;
  }

  #probeTimer(): readonly Timer[] {
    if (this.#probedAt === undefined) return [];
    const failure: Failure = {
      code: 'peer-silent',
      message: 'The peer did not answer after we had stood still.',
    };
    return [{ at: this.#probedAt + PROBE_MS, due: { type: 'expired', failure } }];
  }

  #frameTimer(): readonly Timer[] {
    if (this.#frameAt === undefined) return [];
    const failure: Failure = {
      code: 'frame-timeout',
      message: 'The peer began a frame and did not finish it in time.',
    };
    return [{ at: this.#frameAt + FRAME_MS, due: { type: 'expired', failure } }];
  }

  #congestionTimer(): readonly Timer[] {
    if (this.#congestedAt === undefined) return [];
    const failure: Failure = { code: 'peer-silent', message: 'The peer reads nothing of what we write.' };
    return [{ at: this.#congestedAt + CONGESTED_MAX_MS, due: { type: 'expired', failure } }];
  }

  #rekeyTimer(): readonly Timer[] {
    if (this.#rekeyingAt !== undefined) {
      const failure: Failure = { code: 'rekey-timeout', message: 'New keys were not agreed in time.' };
      return [{ at: this.#rekeyingAt + REKEYING_MAX_MS, due: { type: 'expired', failure } }];
    }
    return this.#role === 'initiator'
      ? [{ at: this.#rekeyedAt + this.#rekeyMs, due: { type: 'rekey' } }]
      : [];
  }

  #heartbeatTimers(): readonly Timer[] {
    if (this.#vigilantAt === undefined) return [];
    const silentSince = Math.max(this.#receivedAt, this.#vigilantAt);
    const failure: Failure = { code: 'peer-silent', message: 'The peer has not answered for 45 seconds.' };
    return [
      { at: silentSince + SILENCE_MAX_MS, due: { type: 'expired', failure } },
      { at: Math.max(silentSince, this.#pingAt) + HEARTBEAT_MS, due: { type: 'ping' } },
    ];
  }

  #idleTimer(): readonly Timer[] {
    if (this.#vigilantAt !== undefined || this.#isIdleReported) return [];
    const at =
      this.#role === 'initiator' ? this.#workAt + this.#lingerMs : this.#receivedAt + RESPONDER_IDLE_MS;
    return [{ at, due: { type: 'idle' } }];
  }
}
