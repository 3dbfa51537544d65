import { concatBytes, type Bytes, type Now } from '../base/index.ts';
import { nativePrimitives } from '../primitives/index.ts';
import type { Established, HandshakeMachine } from '../protocol/handshake/index.ts';
import {
  Connection,
  openRecords,
  type ConnectionInput,
  type ConnectionOutput,
  type Item,
  type Ready,
  type Records,
  type RekeyLimits,
} from '../protocol/session/index.ts';
import { encodeFrame } from '../protocol/wire/index.ts';
import { fastSeededEntropy } from './entropy.ts';
import { sessionPair } from './handshake-pair.ts';

// A dialler and a listener that are proven to each other, and what speaks raw records to either.

type Outputs = readonly ConnectionOutput[];

/** One that any connection takes. */
export const READY: Ready = {
  status: 'ok',
  clock: 0,
  maxVersion: 1,
  capabilities: 0,
  epoch: new Uint8Array(16),
  peerEpoch: new Uint8Array(16),
  stored: 0,
  storedId: new Uint8Array(16),
  first: 1,
  last: 0,
};

/** Of both ends alike. */
export interface ConnectionPairOptions {
  readonly lingerMs?: number;
  readonly rekey?: Partial<RekeyLimits>;
}

/** Two connections that have begun to speak. */
export interface BegunPair {
  readonly dialler: Connection;
  readonly listener: Connection;
  /** What the handshakes proved, as it becomes known; the session secrets in it are copies. */
  readonly proofs: readonly Established[];
}

/** Two connections after the handshake, and the keys to look into what they say. */
export interface ProvenPair extends BegunPair {
  /** The keys of who speaks to the dialler, and to the listener. */
  readonly ofListener: Records;
  readonly ofDialler: Records;
}

/** The monotonic clock shows `monotonic`. */
export function at(monotonic: number): Now {
  return { monotonic, wall: 1_700_000_000_000 + monotonic };
}

/** What the outputs are, in short. */
export function typesOf(outputs: Outputs): readonly string[] {
  return outputs.map((output) => output.type);
}
/** Everything that was written, in one piece. */
export function written(outputs: Outputs): Bytes {
  return concatBytes(...outputs.flatMap((output) => (output.type === 'write' ? [output.bytes] : [])));
}
/** Why the connection closed; undefined when it did not. */
export function endOf(outputs: Outputs): string | undefined {
  const last = outputs.find((output) => output.type === 'closed');
  return last?.type === 'closed' ? (last.failure?.code ?? 'as agreed') : undefined;
}

/** Bytes of one record under the keys that are in force for its sender. */
export function inRecord(records: Records, ...items: readonly Item[]): ConnectionInput & { type: 'bytes' } {
  return { type: 'bytes', bytes: encodeFrame(records.sealer.seal(items)) };
}
/** The items in what was written. */
export function itemsIn(records: Records, bytes: Bytes): readonly Item[] {
  const items: Item[] = [];
  for (let rest = bytes; rest.length > 0;) {
    const end = 2 + (rest[0] ?? 0) * 256 + (rest[1] ?? 0);
    const opened = records.opener.open(rest.subarray(2, end));
    if (!opened.ok) throw new Error(opened.failure.code);
    items.push(...opened.value);
    rest = rest.subarray(end);
  }
  return items;
}

/** Before the first byte. */
export function beginPair({ lingerMs = 60_000, rekey }: ConnectionPairOptions = {}): BegunPair {
  const machines = sessionPair({ alice: fastSeededEntropy(1), bob: fastSeededEntropy(2) });
  const proofs: Established[] = [];
  for (const machine of [machines.initiator, machines.responder]) noteProof(machine, proofs);
  const base = { primitives: nativePrimitives, lingerMs, now: at(0), rekey };
  const dialler = new Connection({
    ...base,
    entropy: fastSeededEntropy(3),
    role: { role: 'initiator', mode: 'session', handshake: machines.initiator },
  });
  const listener = new Connection({
    ...base,
    entropy: fastSeededEntropy(4),
    role: { role: 'responder', handshakeFor: () => machines.responder },
  });
  return { dialler, listener, proofs };
}

/** Both handshakes are done at time 0, the dialler has said READY, and nobody has read one. */
export function provenPair(options?: ConnectionPairOptions): ProvenPair {
  const begun = beginPair(options);
  const { dialler, listener, proofs } = begun;
  const hello = written(dialler.handle({ type: 'opened' }, at(0)));
  const answer = written(listener.handle({ type: 'bytes', bytes: hello }, at(0)));
  dialler.handle({ type: 'bytes', bytes: answer }, at(0));
  const flight = written(dialler.handle({ type: 'ready', ready: READY }, at(0)));
  listener.handle({ type: 'bytes', bytes: flight.subarray(0, MESSAGE3_FRAME) }, at(0));
  const [ofDialler, ofListener] = proofs;
  if (!ofDialler || !ofListener) throw new Error('not proven');
  const pair = {
    ...begun,
    ofDialler: openRecords(nativePrimitives, 'initiator', ofDialler),
    ofListener: openRecords(nativePrimitives, 'responder', ofListener),
  };
  itemsIn(pair.ofListener, flight.subarray(MESSAGE3_FRAME)); // The dialler's READY, which the listener has not got.
  return pair;
}

/** Both are open at time 0; what each says goes to nobody until the test carries it. */
export function openPair(options?: ConnectionPairOptions): ProvenPair {
  const pair = provenPair(options);
  const ready: Item = { type: 'ready', ready: READY };
  pair.dialler.handle(inRecord(pair.ofListener, ready), at(0));
  pair.listener.handle(inRecord(pair.ofDialler, ready), at(0));
  itemsIn(pair.ofDialler, written(pair.listener.handle({ type: 'ready', ready: READY }, at(0))));
  if (pair.dialler.phase !== 'open' || pair.listener.phase !== 'open') throw new Error('not open');
  return pair;
}

const MESSAGE3_FRAME = 2 + 196;

/** A connection wipes its session secret: whoever speaks for the other side takes a copy before. */
function noteProof(machine: HandshakeMachine, proofs: Established[]): void {
  const receive = machine.receive.bind(machine);
  machine.receive = (body) => {
    const step = receive(body);
    const established = step.ok ? step.value.established : undefined;
    if (established) proofs.push({ ...established, sessionSecret: established.sessionSecret.slice() });
    return step;
  };
}
