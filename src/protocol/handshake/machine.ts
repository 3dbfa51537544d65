import { failure, success, type Bytes, type Failure, type Result } from '../../base/index.ts';
import type { Entropy, Primitives, X25519KeyPair } from '../../crypto/index.ts';
import type { Role } from './pattern.ts';

/** First contact, or a later session (spec/02). */
export type Mode = 'enrol' | 'session';

/** One step: frame bodies to send, in order; what became known. */
export interface HandshakeStep {
  readonly send: readonly Bytes[];
  /** Initiator enrol: PAKE1 is among `send`. Responder enrol: PAKE1 was received and accepted. */
  readonly pakeStarted?: { readonly remoteName: string; readonly remoteStatic: Bytes };
  /** Present once, at the end. The pin is committed before `send` (PAKE3; message 3) leaves. */
  readonly established?: Established;
}

/** What a completed handshake proved and agreed. */
export interface Established {
  readonly mode: Mode;
  readonly role: Role;
  readonly localName: string;
  readonly remoteName: string;
  /** The peer's X25519 static public key, 32 bytes. */
  readonly remoteStatic: Bytes;
  /** h after message 3, 32 bytes. */
  readonly handshakeHash: Bytes;
  /** SS, 32 bytes. */
  readonly sessionSecret: Bytes;
  /** 32 bytes, enrol only. */
  readonly pairPsk?: Bytes;
}

/** One side of one handshake. It performs no I/O and knows no clock. */
export interface HandshakeMachine {
  /** The exact length of the one frame body that may come next; undefined before the initiator's start and after the end. */
  readonly expectedLength: number | undefined;
  /** Which deadline applies: preface + message 1 (responder, 3 s), whole handshake (10 s), a PAKE step (5 s). */
  readonly step: HandshakeStage | 'done';
  /** Once, before anything else. Initiator: message 1; responder: nothing to send. */
  start(): Result<HandshakeStep>;
  /** Wrong length, bad tag and the like are a Failure; the machine is dead from then on. */
  receive(body: Bytes): Result<HandshakeStep>;
  /** Ends the machine and overwrites what it holds. */
  wipe(): void;
}

export type HandshakeStage = 'first' | 'noise' | 'pake';

/** What every machine needs. `preface` is the 8 bytes that the initiator sent; `localName` must be a valid user name. */
export interface HandshakeBase {
  readonly primitives: Primitives;
  readonly entropy: Entropy;
  readonly preface: Bytes;
  readonly localName: string;
  readonly localStatic: X25519KeyPair;
}

/** Where a script waits for the peer: what to send now, and the one frame body that may come next. */
export interface Pause extends HandshakeStep {
  readonly expects: number;
  readonly stage: HandshakeStage;
}

/**
 * A handshake written from top to bottom: it yields where it waits, gets the next frame body (already of the expected
 * length) and returns its last step or the peer's fault. Its `finally` overwrites its secrets.
 */
export type Script = Generator<Pause, Result<HandshakeStep>, Bytes>;

const NO_BYTES: Bytes = new Uint8Array(0);

/** Runs a script: exact lengths, and no output after the end. */
export class ScriptedHandshake implements HandshakeMachine {
  readonly #script: Script;
  #pause: Pause | undefined;
  #ended: Failure | undefined;
  #done = false;

  constructor(role: Role, script: Script) {
    this.#script = script;
    // A responder's script sends nothing before message 1, so it can stand at its first pause from the beginning.
    if (role === 'responder') this.#advance(NO_BYTES);
  }

  get expectedLength(): number | undefined {
    return this.#pause?.expects;
  }

  get step(): HandshakeStage | 'done' {
    if (this.#done) return 'done';
    return this.#pause?.stage ?? 'noise';
  }

  start(): Result<HandshakeStep> {
    if (this.#ended !== undefined) return { ok: false, failure: this.#ended };
    return this.#pause === undefined ? this.#advance(NO_BYTES) : success({ send: [] });
  }

  receive(body: Bytes): Result<HandshakeStep> {
    if (this.#ended !== undefined) return { ok: false, failure: this.#ended };
    const expected = this.#pause?.expects;
    if (expected === undefined) return failure('frame-length', 'No handshake frame may come now.');
    if (body.length !== expected) {
      this.wipe();
      return this.#end(
        failure('frame-length', `A handshake frame has ${body.length} bytes where ${expected} were due.`),
      );
    }
    return this.#advance(body);
  }

  wipe(): void {
    this.#script.return(DEAD);
    this.#end(DEAD);
  }

  #advance(body: Bytes): Result<HandshakeStep> {
    const next = this.#script.next(body);
    if (next.done === true) return this.#end(next.value);
    this.#pause = next.value;
    const { send, pakeStarted } = next.value;
    return success(pakeStarted === undefined ? { send } : { send, pakeStarted });
  }

  #end(last: Result<HandshakeStep>): Result<HandshakeStep> {
    this.#pause = undefined;
    this.#done = true;
    this.#ended ??= last.ok ? DEAD.failure : last.failure;
    return last;
  }
}

/** A handshake that is over before it begins: nothing is computed, nothing is said. */
export function refuseHandshake(reason: Failure): HandshakeMachine {
  return new ScriptedHandshake('responder', refusal(reason));
}

// eslint-disable-next-line require-yield
function* refusal(reason: Failure): Script {
  return { ok: false, failure: reason };
}

const DEAD = failure('frame-length', 'The handshake has ended: no frame may come now.');
