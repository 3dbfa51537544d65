import { concatBytes, equalBytes, success, type Bytes } from '../../../src/base/index.ts';
import type { Aead, Entropy, Primitives } from '../../../src/crypto/index.ts';
import { nativePrimitives } from '../../../src/primitives/index.ts';
import {
  enrolInitiator,
  enrolResponder,
  sessionInitiator,
  sessionResponder,
  type HandshakeMachine,
} from '../../../src/protocol/handshake/index.ts';
import { ALICE, BOB, fastSeededEntropy, PAIR_PSK, prefaceBytes } from '../../../src/testing/index.ts';
import { must, type FuzzTarget } from '../target.ts';

// Each role at each of its messages. A machine is led to the message by the frames of one recorded handshake: with the
// same dice it makes the same secrets again, so the other side need not be played.

type Mode = 'enrol' | 'session';
type Role = 'initiator' | 'responder';

interface Recording {
  readonly mode: Mode;
  readonly role: Role;
  /** What this role receives, in order. */
  readonly frames: readonly Bytes[];
  /** Seals any plaintext in the place of the one that the peer sealed last in that frame. */
  readonly reseal: readonly ((plaintext: Bytes) => Bytes)[];
  /** The plaintext that was there. */
  readonly plaintexts: readonly Bytes[];
}

interface Seal {
  readonly aead: Aead;
  readonly nonce: Bytes;
  readonly additionalData: Bytes;
  readonly plaintext: Bytes;
  readonly sealed: Bytes;
}

/** The same primitives, and a list of what was sealed with which key. */
function recordingPrimitives(seals: Seal[]): Primitives {
  return {
    ...nativePrimitives,
    chaCha20Poly1305: (key) => {
      const aead = nativePrimitives.chaCha20Poly1305(key);
      return {
        ...aead,
        seal: (nonce, additionalData, plaintext) => {
          const sealed = aead.seal(nonce, additionalData, plaintext);
          seals.push({
            aead,
            nonce: nonce.slice(),
            additionalData: additionalData.slice(),
            plaintext,
            sealed,
          });
          return sealed;
        },
      };
    },
  };
}

/** ML-KEM answers for the recorded public key are the recorded ones; everything else is drawn from the seed. */
const encapsulated = new Map<string, { readonly ciphertext: Bytes; readonly sharedSecret: Bytes }>();
const kemKeys = new Map<number, ReturnType<Entropy['mlKem768KeyPair']>>();

function dice(seed: number): Entropy {
  const entropy = fastSeededEntropy(seed);
  return {
    bytes: (length) => entropy.bytes(length),
    mlKem768KeyPair: () => {
      const known = kemKeys.get(seed);
      const { seed: secret, publicKey } = known ?? entropy.mlKem768KeyPair();
      // What is drawn afterwards has to be the same; and the machine overwrites what it gets.
      if (known) entropy.bytes(64);
      else kemKeys.set(seed, { seed: secret.slice(), publicKey });
      return { seed: secret.slice(), publicKey };
    },
    mlKem768Encapsulate: (publicKey) => {
      const name = `${seed} ${Buffer.from(publicKey).toString('base64')}`;
      const made = encapsulated.get(name) ?? entropy.mlKem768Encapsulate(publicKey);
      if (made && encapsulated.size < 2)
        encapsulated.set(name, { ciphertext: made.ciphertext, sharedSecret: made.sharedSecret.slice() });
      return made && { ciphertext: made.ciphertext.slice(), sharedSecret: made.sharedSecret.slice() };
    },
  };
}

function open(mode: Mode, role: Role, primitives: Primitives = nativePrimitives): HandshakeMachine {
  const base = { primitives, preface: prefaceBytes(mode === 'enrol' ? 1 : 2) };
  if (role === 'initiator') {
    const alice = { ...base, entropy: dice(5), localName: 'alice', remoteName: 'bob', localStatic: ALICE };
    return mode === 'enrol'
      ? enrolInitiator({ ...alice, passwords: { own: 'hare', peer: 'tortoise' } })
      : sessionInitiator({ ...alice, remoteStatic: BOB.publicKey, pairPsk: PAIR_PSK });
  }
  const bob = { ...base, entropy: dice(6), localName: 'bob', localStatic: BOB };
  const passwords = { pwI: Buffer.from('hare'), pwR: Buffer.from('tortoise') };
  return mode === 'enrol'
    ? enrolResponder({ ...bob, authority: { passwordsFor: () => success(passwords) } })
    : sessionResponder({ ...bob, authority: { pskFor: () => PAIR_PSK, nameFor: () => 'alice' } });
}

function record(mode: Mode): Readonly<Record<Role, Recording>> {
  const seals: Seal[] = [];
  const machines = {
    initiator: open(mode, 'initiator', recordingPrimitives(seals)),
    responder: open(mode, 'responder', recordingPrimitives(seals)),
  };
  const received: Record<Role, Bytes[]> = { initiator: [], responder: [] };
  machines.responder.start();
  let to: Role = 'responder';
  let bodies = stepOf(machines.initiator.start());
  while (bodies.length > 0) {
    const answers: Bytes[] = [];
    for (const body of bodies) {
      received[to].push(body);
      answers.push(...stepOf(machines[to].receive(body)));
    }
    bodies = answers;
    to = to === 'responder' ? 'initiator' : 'responder';
  }
  const recording = (role: Role): Recording => {
    const last = received[role].map((frame) => lastSeal(seals, frame));
    return {
      mode,
      role,
      frames: received[role],
      plaintexts: last.map((seal) => seal?.plaintext ?? new Uint8Array(0)),
      reseal: received[role].map((frame, index) => (plaintext) => {
        const seal = last[index];
        if (!seal) return frame;
        const before = frame.subarray(0, frame.length - seal.sealed.length);
        return concatBytes(before, seal.aead.seal(seal.nonce, seal.additionalData, plaintext));
      }),
    };
  };
  return { initiator: recording('initiator'), responder: recording('responder') };
}

function stepOf(step: ReturnType<HandshakeMachine['receive']>): readonly Bytes[] {
  if (!step.ok) throw new Error(`the recorded handshake failed: ${step.failure.code}`);
  return step.value.send;
}

function lastSeal(seals: readonly Seal[], frame: Bytes): Seal | undefined {
  return seals.findLast(
    ({ sealed }) =>
      frame.length >= sealed.length && equalBytes(frame.subarray(frame.length - sealed.length), sealed),
  );
}

/** A machine that waits for its message `index` of the recording. */
function ledTo({ mode, role, frames }: Recording, index: number): HandshakeMachine {
  const machine = open(mode, role);
  machine.start();
  for (const frame of frames.slice(0, index)) stepOf(machine.receive(frame));
  return machine;
}

function judge(recording: Recording, index: number, body: Bytes): string {
  const { mode, role, frames } = recording;
  const machine = ledTo(recording, index);
  const isGenuine = equalBytes(body, frames[index] ?? new Uint8Array(0));
  const step = machine.receive(body.slice());
  const place = `${index + 1}`;
  if (!step.ok) {
    must(!isGenuine, 'what was recorded is accepted');
    must(machine.expectedLength === undefined && machine.step === 'done', 'a failed machine has ended');
    const again = machine.receive(frames[index] ?? new Uint8Array(0));
    must(!again.ok && !machine.start().ok, 'a failed machine says nothing any more');
    return `${place} ${step.failure.code}`;
  }
  // Only what is not encrypted, and what a peer who knows the keys may choose, can differ and be answered.
  const isOpenMessage = mode === 'enrol' && role === 'responder' && (index === 0 || index === 2);
  must(isGenuine || isOpenMessage, 'nothing else than what was sent is accepted');
  must(isGenuine || step.value.established === undefined, 'nobody is believed for what he did not send');
  const length = step.value.send.reduce((sum, sent) => sum + sent.length, 0);
  must(length <= 1_300, 'an answer is bounded');
  return `${place} ${isGenuine ? 'genuine' : 'answered'} ${length}`;
}

const RECORDINGS = { enrol: record('enrol'), session: record('session') };

function roleTarget(mode: Mode, role: Role): FuzzTarget {
  const recording = RECORDINGS[mode][role];
  const { frames } = recording;
  return {
    name: `${mode}-${role}`,
    seeds: frames.map((frame, index) => concatBytes(Uint8Array.of(index), frame)),
    cost: 'handshake',
    lengthMax: 1_400,
    // The first byte says which message; unless its top bit is set, the body is cut or filled to the right length.
    run: (input) => {
      const [choice = 0] = input;
      const index = (choice & 0x7f) % frames.length;
      const body = input.subarray(1);
      return judge(recording, index, choice > 0x7f ? body : fitted(body, frames[index]?.length ?? 0));
    },
  };
}

/** Whoever is inside the channel: the plaintext differs and is sealed as the peer would. */
function insideTarget(name: string, recording: Recording, index: number): FuzzTarget {
  const plaintext = recording.plaintexts[index] ?? new Uint8Array(0);
  return {
    name,
    seeds: [plaintext],
    cost: 'costly',
    lengthMax: plaintext.length + 8,
    run: (input) => {
      const fit = fitted(input, plaintext.length);
      return judge(recording, index, recording.reseal[index]?.(fit) ?? fit);
    },
  };
}

function fitted(body: Bytes, length: number): Bytes {
  const fit = new Uint8Array(length);
  fit.set(body.subarray(0, length));
  return fit;
}

export const handshakeTargets: readonly FuzzTarget[] = [
  roleTarget('enrol', 'initiator'),
  roleTarget('enrol', 'responder'),
  roleTarget('session', 'initiator'),
  roleTarget('session', 'responder'),
  insideTarget('pake1', RECORDINGS.enrol.responder, 2),
  insideTarget('pake2', RECORDINGS.enrol.initiator, 1),
  insideTarget('pake3', RECORDINGS.enrol.responder, 3),
  insideTarget('session-names', RECORDINGS.session.responder, 1),
];
