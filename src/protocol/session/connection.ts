import {
  unreachable,
  type Bytes,
  type Failure,
  type Instant,
  type Machine,
  type Now,
} from '../../base/index.ts';
import type { HandshakeMachine, HandshakeStep } from '../handshake/index.ts';
import { encodeFrame, encodePreface, StreamReader } from '../wire/index.ts';
import type {
  ConnectionInput,
  ConnectionOptions,
  ConnectionOutput,
  ConnectionPhase,
  ConnectionRole,
} from './connection-types.ts';
import type { CloseCode } from './close.ts';
import type { Item } from './item.ts';
import { endFailure, lossFailure } from './end-failure.ts';
import { packRecords } from './pack.ts';
import { readPreface } from './read-preface.ts';
import { REKEY_LIMITS, SessionRecords, type RekeyItem, type RekeyLimits } from './rekey.ts';
import { SessionTimers } from './session-timers.ts';

/**
 * One TCP connection from its first byte to its authenticated end (spec/01 to spec/04): preface, handshake, READY,
 * records, heartbeats, new keys, CLOSE. It knows nothing of contacts, pins or queues: it says what was proven, and its owner answers.
 *
 * Rules that are easy to break:
 * - After `established` (initiator) and `peer-ready` (responder) reading pauses until the owner's `ready` arrives, because
 *   what follows may only count once the owner has decided and committed.
 * - The responder sends nothing before its READY, and that only after the initiator's.
 * - A failure before the peer is proven is silent: one close, no byte that says why.
 */
export class Connection implements Machine<ConnectionInput, ConnectionOutput> {
  readonly #options: ConnectionOptions;
  readonly #role: ConnectionRole;
  readonly #rekeyLimits: RekeyLimits;
  readonly #reader = new StreamReader();
  readonly #timers: SessionTimers;
  #phase: ConnectionPhase;
  #handshake: HandshakeMachine | undefined;
  #held: HandshakeStep | undefined;
  #records: SessionRecords | undefined;
  #isAwaitingOwner = false;
  #isPeerReady = false;
  #isPeerClosed = false;
  #isEarlySpent = false;
  #lastSeqSent = 0;
  #isCongested = false;
  /** The last PING that is not answered yet: one PONG a turn, however many were asked for, and none to a full socket. */
  #ping: Bytes | undefined;
  #items: Item[] = [];

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#role = options.role;
    this.#rekeyLimits = { ...REKEY_LIMITS, ...options.rekey };
    this.#phase = options.role.role === 'initiator' ? 'handshake' : 'preface';
    this.#handshake = options.role.role === 'initiator' ? options.role.handshake : undefined;
    this.#timers = new SessionTimers({
      role: options.role.role,
      lingerMs: options.lingerMs,
      rekeyMs: this.#rekeyLimits.afterMs,
      now: options.now.monotonic,
    });
  }

  get phase(): ConnectionPhase {
    return this.#phase;
  }
  /** The handshake's step, for rules that depend on it; `done` once the peer is proven. */
  get step(): HandshakeMachine['step'] {
    return this.#records ? 'done' : (this.#handshake?.step ?? 'first');
  }
  /** open: any number of records · early: one record before the peer's READY (initiator) · none. */
  get allowance(): 'open' | 'early' | 'none' {
    if (this.#isAwaitingOwner || this.#isPeerClosed) return 'none';
    if (this.#phase === 'open') return 'open';
    return this.#phase === 'proven' && this.#role.role === 'initiator' && !this.#isEarlySpent
      ? 'early'
      : 'none';
  }

  handle(input: ConnectionInput, now: Now): readonly ConnectionOutput[] {
    const out: ConnectionOutput[] = [];
    if (this.#phase === 'closed') return out;
    switch (input.type) {
      case 'opened':
        this.#start(now, out);
        break;
      case 'bytes':
        this.#reader.push(input.bytes);
        this.#read(now, out);
        break;
      case 'ended':
        // After the peer's CLOSE its end of stream says nothing new: the owner still has an ack and a CLOSE to send.
        if (!(this.#phase === 'open' && this.#isPeerClosed))
          this.#finish(endFailure(this.#phase, this.#role.role), out);
        break;
      case 'lost':
        this.#finish(lossFailure(input.failure, this.#phase, this.#role.role), out);
        break;
      case 'abort':
        this.#finish(input.failure, out);
        break;
      case 'ready':
        this.#answerReady(input, now, out);
        break;
      case 'send':
        this.#send(input, now, out);
        break;
      case 'congested':
        this.#isCongested = input.on;
        this.#timers.setCongested(input.on, now.monotonic);
        break;
      case 'vigilant':
        this.#timers.setVigilant(input.on, now.monotonic);
        break;
      case 'probe':
        this.#probe(now, out);
        break;
      case 'close':
        this.#close(input, now, out);
        break;
      case 'tick':
        this.#tick(now, out);
        break;
      default:
        unreachable(input);
    }
    this.#answerPing(out);
    if (this.#records?.isSpent === true) this.#beginRekey(now, out);
    return out;
  }

  deadline(): Instant | undefined {
    if (this.#phase === 'closed') return undefined;
    return this.#timers.deadline(this.#phase, this.step, this.#isPeerClosed);
  }

  #start(now: Now, out: ConnectionOutput[]): void {
    if (this.#role.role !== 'initiator') return;
    this.#timers.start(now.monotonic);
    out.push({ type: 'write', bytes: encodePreface(this.#role.mode) });
    this.#step(this.#role.handshake.start(), now, out);
  }

  // Reading

  #read(now: Now, out: ConnectionOutput[]): void {
    while (this.#phase !== 'closed' && !this.#isAwaitingOwner) {
      const item = this.#items.shift();
      if (item) this.#takeItem(item, now, out);
      else if (!(this.#phase === 'preface' ? this.#readPreface(now, out) : this.#readFrame(now, out))) break;
    }
    this.#timers.noteFrame(this.#reader.isMidFrame, now.monotonic);
  }

  #readPreface(now: Now, out: ConnectionOutput[]): boolean {
    if (this.#role.role !== 'responder') return false;
    const mode = readPreface(this.#reader);
    if (!mode) return false;
    if (!mode.ok) return this.#finish(mode.failure, out);
    this.#handshake = this.#role.handshakeFor(mode.value, now);
    this.#phase = 'handshake';
    const started = this.#handshake.start();
    return started.ok || this.#finish(started.failure, out);
  }

  #readFrame(now: Now, out: ConnectionOutput[]): boolean {
    const handshake = this.#records ? undefined : this.#handshake;
    if (handshake && handshake.expectedLength === undefined) return false;
    const frame = this.#reader.nextFrame(handshake?.expectedLength);
    if (frame.type === 'incomplete') return false;
    if (frame.type === 'failed') return this.#finish(frame.failure, out);
    if (handshake) return this.#step(handshake.receive(frame.body), now, out);
    const opened = this.#records?.open(frame.body);
    if (!opened) return false;
    if (!opened.ok) return this.#violation(opened.failure, out);
    this.#timers.noteReceived(now.monotonic);
    this.#items.push(...opened.value);
    return true;
  }

  #step(result: ReturnType<HandshakeMachine['receive']>, now: Now, out: ConnectionOutput[]): boolean {
    if (!result.ok) return this.#finish(result.failure, out);
    const step = result.value;
    if (this.step === 'pake') this.#timers.notePake(now.monotonic);
    if (step.pakeStarted) out.push({ type: 'pake-started', ...step.pakeStarted });
    if (!step.established) {
      this.#writeFrames(step.send, out);
      return true;
    }
    const limits = this.#rekeyLimits;
    this.#records = new SessionRecords({ ...this.#options, role: this.#role.role, limits }, step.established);
    this.#phase = 'proven';
    if (this.#role.role === 'initiator') {
      this.#held = step;
      this.#isAwaitingOwner = true;
    }
    out.push({ type: 'established', established: step.established });
    return true;
  }

  // Items

  #takeItem(item: Item, now: Now, out: ConnectionOutput[]): void {
    if ((item.type === 'ready') === this.#isPeerReady) {
      this.#violation({ code: 'item-unexpected', message: 'READY comes first, and once.' }, out);
      return;
    }
    switch (item.type) {
      case 'ready':
        this.#isPeerReady = true;
        if (this.#role.role === 'responder') this.#isAwaitingOwner = true;
        else this.#open(now);
        out.push({ type: 'peer-ready', ready: item.ready });
        break;
      case 'message':
        this.#takeMessages(item, now, out);
        break;
      case 'ack':
        this.#timers.noteWork(now.monotonic);
        out.push({ type: 'ack', ack: item.ack });
        break;
      case 'ping':
        this.#ping = item.value.slice();
        break;
      case 'pong':
        break;
      case 'rekey-1':
      case 'rekey-2':
      case 'keyswitch':
        this.#takeRekey(item, now, out);
        break;
      case 'close':
        this.#isPeerClosed = true;
        this.#records?.notePeerClosed();
        this.#timers.noteClosing(now.monotonic);
        out.push({ type: 'peer-close', close: item.close });
        if (this.#phase === 'closing') this.#finish(undefined, out);
        break;
      default:
        unreachable(item);
    }
  }

  /** `item` and the messages right behind it are opened together: that costs a fraction of one after another. */
  #takeMessages(item: Item & { type: 'message' }, now: Now, out: ConnectionOutput[]): void {
    const items = [item];
    for (let next = this.#items[0]; next?.type === 'message'; next = this.#items[0]) {
      items.push(next);
      this.#items.shift();
    }
    if (this.#phase === 'closing') return; // We have said CLOSE: what comes now is sent again on another session.
    if (this.#isPeerClosed) {
      this.#violation({ code: 'item-unexpected', message: 'A message came after the peer’s CLOSE.' }, out);
      return;
    }
    if (!this.#records) return;
    this.#timers.noteWork(now.monotonic);
    const { opened, failure } = this.#records.envelopeOpener.openAll(items);
    for (const message of opened) out.push({ type: 'message', ...message });
    if (!failure) return;
    // Whatever follows is out of step: nothing more is read until the owner has acked what was good and closes.
    this.#isAwaitingOwner = true;
    out.push({ type: 'bad-envelope', failure });
  }

  #open(now: Now): void {
    this.#phase = 'open';
    this.#timers.noteOpened(now.monotonic);
  }

  // New keys

  #beginRekey(now: Now, out: ConnectionOutput[]): void {
    const item = this.#phase === 'open' ? this.#records?.begin() : undefined;
    if (!item) return;
    this.#writeRecord([item], out);
    this.#timers.setRekeying(true, now.monotonic);
  }

  #takeRekey(item: RekeyItem, now: Now, out: ConnectionOutput[]): void {
    // The items of one record are all taken before the next record is read.
    const answer = this.#records?.take(item, this.#items.length === 0);
    if (!this.#records || !answer) return;
    if (!answer.ok) return void this.#violation(answer.failure, out);
    if (answer.value.length > 0) this.#writeRecord(answer.value, out);
    this.#timers.setRekeying(this.#records.isRekeying, now.monotonic);
  }

  // Writing

  #answerReady(input: ConnectionInput & { type: 'ready' }, now: Now, out: ConnectionOutput[]): void {
    if (!this.#isAwaitingOwner || this.#phase !== 'proven') return;
    this.#isAwaitingOwner = false;
    if (this.#held) this.#writeFrames(this.#held.send, out);
    this.#held = undefined;
    this.#writeRecord([{ type: 'ready', ready: input.ready }], out);
    if (this.#role.role === 'responder') this.#open(now);
    this.#read(now, out);
  }

  #send({ ack, messages }: ConnectionInput & { type: 'send' }, now: Now, out: ConnectionOutput[]): void {
    if (!this.#records || (this.allowance === 'none' && !(ack && this.#phase === 'open'))) return;
    if (this.allowance === 'early') this.#isEarlySpent = true;
    const packed = packRecords(this.#records.envelopeSealer, ack, messages, this.#options.onEnvelope);
    for (const items of packed) this.#writeRecord(items, out);
    for (const { header } of messages) this.#lastSeqSent = Math.max(this.#lastSeqSent, header.seq);
    this.#timers.noteWork(now.monotonic);
  }

  #close(input: ConnectionInput & { type: 'close' }, now: Now, out: ConnectionOutput[]): void {
    if (this.#phase !== 'open') return;
    this.#sayClose(input.code, out);
    this.#phase = 'closing';
    this.#records?.noteClosing();
    this.#isAwaitingOwner = false;
    this.#timers.noteClosing(now.monotonic);
    if (this.#isPeerClosed) this.#finish(undefined, out);
  }

  #sayClose(code: CloseCode, out: ConnectionOutput[]): void {
    this.#writeRecord([{ type: 'close', close: { code, lastSeq: this.#lastSeqSent } }], out);
    out.push({ type: 'end' });
  }

  #tick(now: Now, out: ConnectionOutput[]): void {
    const due = this.#timers.due(this.#phase, this.step, this.#isPeerClosed, now.monotonic);
    switch (due.type) {
      case 'none':
        break;
      case 'ping':
        this.#writeRecord([{ type: 'ping', value: new Uint8Array(8) }], out);
        break;
      case 'rekey':
        this.#beginRekey(now, out);
        break;
      case 'idle':
        out.push({ type: 'idle' });
        break;
      case 'expired':
        this.#finish(due.failure, out);
        break;
      default:
        unreachable(due);
    }
  }

  #probe(now: Now, out: ConnectionOutput[]): void {
    if (this.#phase !== 'open' || this.#isPeerClosed) return;
    this.#timers.noteProbe(now.monotonic);
    this.#writeRecord([{ type: 'ping', value: new Uint8Array(8) }], out);
  }

  #answerPing(out: ConnectionOutput[]): void {
    if (!this.#ping || this.#phase !== 'open' || this.#isCongested) return;
    this.#writeRecord([{ type: 'pong', value: this.#ping }], out);
    this.#ping = undefined;
  }

  #writeFrames(bodies: readonly Bytes[], out: ConnectionOutput[]): void {
    for (const body of bodies) out.push({ type: 'write', bytes: encodeFrame(body) });
  }
  #writeRecord(items: readonly Item[], out: ConnectionOutput[]): void {
    if (this.#records) out.push({ type: 'write', bytes: this.#records.seal(items) });
  }

  // Ends

  /** The peer broke the protocol. A proven peer is told so once; a record that does not decrypt is not the peer's word. */
  #violation(failure: Failure, out: ConnectionOutput[]): false {
    if (this.#phase === 'open' && failure.code !== 'record-decrypt') this.#sayClose('protocol-error', out);
    return this.#finish(failure, out);
  }

  #finish(failure: Failure | undefined, out: ConnectionOutput[]): false {
    if (this.#phase === 'closed') return false;
    const phase = this.#phase;
    this.#phase = 'closed';
    this.#items = [];
    this.#handshake?.wipe();
    this.#records?.wipe();
    out.push(failure ? { type: 'closed', failure, phase } : { type: 'closed', phase });
    return false;
  }
}
