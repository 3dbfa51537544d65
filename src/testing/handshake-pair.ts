import { encodeUtf8, success, type Bytes, type Failure } from '../base/index.ts';
import type { Entropy, X25519KeyPair } from '../crypto/index.ts';
import { nativePrimitives } from '../primitives/index.ts';
import {
  enrolInitiator,
  enrolResponder,
  sessionInitiator,
  sessionResponder,
  type Established,
  type HandshakeMachine,
} from '../protocol/handshake/index.ts';
import { seededBytes } from './entropy.ts';

/** Alice dials Bob. What is not given is right and comes from fixed seeds. */
export interface HandshakePairOptions {
  readonly alice: Entropy;
  readonly bob: Entropy;
  readonly aliceStatic?: X25519KeyPair;
  readonly bobStatic?: X25519KeyPair;
  /** The 8 bytes as each side saw them. */
  readonly alicePreface?: Bytes;
  readonly bobPreface?: Bytes;
  /** What Bob's directory says; Alice's says 'hare' for herself and 'tortoise' for Bob. */
  readonly bobPasswords?: { readonly pwI: string; readonly pwR: string };
  /** What Bob calls himself. */
  readonly bobName?: string;
  readonly expectedKey?: Bytes;
  readonly alicePsk?: Bytes;
  readonly bobPsk?: Bytes;
  /** Whom Bob has pinned under Alice's key. */
  readonly pinnedName?: string;
}

/** Two ends of a handshake that has not begun. */
export interface HandshakePair {
  readonly initiator: HandshakeMachine;
  readonly responder: HandshakeMachine;
}

/** What was said, and what came of it. */
export interface HandshakeOutcome {
  /** Every frame body, as it was sent. */
  readonly messages: readonly Bytes[];
  readonly initiator?: Established;
  readonly responder?: Established;
  readonly failure?: { readonly side: 'initiator' | 'responder'; readonly failure: Failure };
}

/** She dials. */
export const ALICE: X25519KeyPair = seededKeyPair(1);
/** He listens. */
export const BOB: X25519KeyPair = seededKeyPair(2);
/** What the two have pinned beside their keys. */
export const PAIR_PSK: Bytes = seededBytes(3)(32);

/** The same for the same seed. */
export function seededKeyPair(seed: number): X25519KeyPair {
  const secret = seededBytes(seed)(32);
  return { secret, publicKey: nativePrimitives.x25519PublicKey(secret) };
}

/** "SOTT", version 1, mode 1 (enrol) or 2 (session), no flags. */
export function prefaceBytes(mode: 1 | 2): Bytes {
  return Uint8Array.of(0x53, 0x4f, 0x54, 0x54, 1, mode, 0, 0);
}

/** Alice meets Bob for the first time. */
export function enrolPair(options: HandshakePairOptions): HandshakePair {
  const { bobPasswords = { pwI: 'hare', pwR: 'tortoise' }, expectedKey } = options;
  const passwords = { pwI: encodeUtf8(bobPasswords.pwI), pwR: encodeUtf8(bobPasswords.pwR) };
  return {
    initiator: enrolInitiator({
      ...aliceBase(options, 1),
      passwords: { own: 'hare', peer: 'tortoise' },
      ...(expectedKey === undefined ? {} : { expectedKey }),
    }),
    responder: enrolResponder({
      ...bobBase(options, 1),
      authority: { passwordsFor: () => success(passwords) },
    }),
  };
}

/** Alice and Bob meet again. */
export function sessionPair(options: HandshakePairOptions): HandshakePair {
  return {
    initiator: sessionInitiator({
      ...aliceBase(options, 2),
      remoteStatic: BOB.publicKey,
      pairPsk: options.alicePsk ?? PAIR_PSK,
    }),
    responder: sessionResponder({
      ...bobBase(options, 2),
      authority: {
        pskFor: () => options.bobPsk ?? PAIR_PSK,
        nameFor: () => options.pinnedName ?? 'alice',
      },
    }),
  };
}

/** Carries frame bodies to and fro until nobody sends any more or one side fails; `edit` may change what travels. */
export function runHandshake(
  { initiator, responder }: HandshakePair,
  edit: (body: Bytes, index: number) => Bytes = (body) => body,
): HandshakeOutcome {
  const messages: Bytes[] = [];
  const established: { initiator?: Established; responder?: Established } = {};
  responder.start();
  const started = initiator.start();
  if (!started.ok) return { messages, failure: { side: 'initiator', failure: started.failure } };
  const queue = started.value.send.map((body) => ({ to: 'responder' as 'initiator' | 'responder', body }));
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { to, body } = next;
    messages.push(body);
    const step = (to === 'initiator' ? initiator : responder).receive(edit(body, messages.length - 1));
    if (!step.ok) return { messages, ...established, failure: { side: to, failure: step.failure } };
    if (step.value.established !== undefined) established[to] = step.value.established;
    const from = to === 'initiator' ? 'responder' : 'initiator';
    queue.push(...step.value.send.map((sent) => ({ to: from, body: sent }) as const));
  }
  return { messages, ...established };
}

function aliceBase(options: HandshakePairOptions, mode: 1 | 2) {
  return {
    primitives: nativePrimitives,
    entropy: options.alice,
    preface: options.alicePreface ?? prefaceBytes(mode),
    localName: 'alice',
    remoteName: 'bob',
    localStatic: options.aliceStatic ?? ALICE,
  };
}

function bobBase(options: HandshakePairOptions, mode: 1 | 2) {
  return {
    primitives: nativePrimitives,
    entropy: options.bob,
    preface: options.bobPreface ?? prefaceBytes(mode),
    localName: options.bobName ?? 'bob',
    localStatic: options.bobStatic ?? BOB,
  };
}
