import { encodeHex, encodeUtf8, equalBytes, success, type Bytes } from '../../src/base/index.ts';
import type { X25519KeyPair } from '../../src/crypto/index.ts';
import { nativePrimitives } from '../../src/primitives/index.ts';
import {
  enrolInitiator,
  enrolResponder,
  sessionInitiator,
  sessionResponder,
  type Established,
  type HandshakeMachine,
  type Mode,
} from '../../src/protocol/handshake/index.ts';
import { encodePreface } from '../../src/protocol/wire/index.ts';
import { fastSeededEntropy, seededKeyPair } from '../../src/testing/index.ts';
import { SeededDice } from './dice.ts';
import { must } from './target.ts';

// Many handshakes at once, and an adversary who carries every frame (CRY-04, CRY-05, CRY-06, CRY-18): he gives any machine
// any frame that he ever heard, of any handshake, direction and mode, as it was or changed. Mallory takes part with his own
// key; he knows the password of himself and alice, and bob's is a guess. Two who believe in each other must agree on
// everything, and nobody may believe in somebody who is not there.

const NAMES = ['alice', 'bob', 'mallory'] as const;
type Name = (typeof NAMES)[number];

const KEYS: Readonly<Record<Name, X25519KeyPair>> = {
  alice: seededKeyPair(101),
  bob: seededKeyPair(102),
  mallory: seededKeyPair(103),
};
/** The psk of each pair that has met: alice and bob, alice and mallory. */
const PSKS: Readonly<Record<string, Bytes>> = {
  'alice bob': new Uint8Array(32).fill(1),
  'alice mallory': new Uint8Array(32).fill(2),
};

/** Alice and bob have the same password, to make it harder (CRY-18). */
function password(knower: Name, of: Name): string {
  if (of === 'mallory') return knower === 'bob' ? 'nobody told bob' : 'm';
  return knower === 'mallory' && of === 'bob' ? 'a guess' : 'shared';
}
/** Who has not met makes one up. */
function psk(knower: Name, other: Name): Bytes {
  return PSKS[[knower, other].sort().join(' ')] ?? new Uint8Array(32).fill(9 + NAMES.indexOf(knower));
}

interface Side {
  readonly owner: Name;
  /** Whom a dialler believes he dials. */
  readonly peer: Name | undefined;
  readonly role: 'initiator' | 'responder';
  readonly mode: Mode;
  readonly machine: HandshakeMachine;
  established: Established | undefined;
  isOver: boolean;
}

interface Frame {
  readonly from: Side;
  readonly body: Bytes;
}

export interface AgreementOutcome {
  /** Handshakes that both sides completed. */
  readonly agreed: number;
  /** Machines that ended with a failure. */
  readonly refused: number;
  readonly steps: number;
}

const STEPS_MAX = 400;

/** One seed. Throws when a rule is broken. */
export function agree(seed: number): AgreementOutcome {
  const dice = new SeededDice(seed);
  const zeal = dice.pick([0.02, 0.1, 0.4]);
  const sides: Side[] = [];
  const heard: Frame[] = [];
  const partners = new Map<Side, Side>();
  for (let i = 0; i < 1 + dice.below(3); i++) openPair(seed * 16 + 4 * i, dice, { sides, heard, partners });
  let steps = 0;
  let refused = 0;
  const next = new Map<Side, number>();
  for (; steps < STEPS_MAX; steps++) {
    const open = sides.filter((side) => !side.isOver && side.machine.expectedLength !== undefined);
    if (open.length === 0) break;
    const side = dice.pick(open);
    const body = dice.chance(zeal) ? forged(dice, heard, side) : honest(side, partners, heard, next);
    if (body === undefined) {
      if (dice.chance(0.05)) side.isOver = true;
      continue;
    }
    if (!give(side, body, heard)) refused += 1;
  }
  mustAgree(sides);
  const isComplete = (side: Side): boolean => side.role === 'responder' && side.established !== undefined;
  return { agreed: sides.filter((side) => isComplete(side)).length, refused, steps };
}

/** Both ends of one connection, as the network would have joined them. */
function openPair(
  seed: number,
  dice: SeededDice,
  into: { readonly sides: Side[]; readonly heard: Frame[]; readonly partners: Map<Side, Side> },
): void {
  const mode = dice.pick(['enrol', 'session'] as const);
  const [dialler, listener] = dice.pick([
    ['alice', 'bob'],
    ['bob', 'alice'],
    ['alice', 'bob'],
    ['mallory', 'alice'],
    ['alice', 'mallory'],
    ['mallory', 'bob'],
  ] as const);
  // A dial for somebody may end at somebody else.
  const reached = dice.chance(0.15) ? dice.pick(NAMES) : listener;
  const from = dial(seed, mode, dialler, listener);
  const to = listen(seed + 1, mode, reached);
  into.sides.push(from, to);
  into.partners.set(from, to);
  into.partners.set(to, from);
  to.machine.start();
  const started = from.machine.start();
  must(started.ok, 'a dial begins');
  for (const body of started.value.send) into.heard.push({ from, body });
}

function dial(seed: number, mode: Mode, owner: Name, peer: Name): Side {
  const base = {
    primitives: nativePrimitives,
    entropy: fastSeededEntropy(seed),
    preface: encodePreface(mode),
    localName: owner,
    remoteName: peer,
    localStatic: KEYS[owner],
  };
  const passwords = { own: password(owner, owner), peer: password(owner, peer) };
  const machine =
    mode === 'enrol'
      ? enrolInitiator({ ...base, passwords })
      : sessionInitiator({ ...base, remoteStatic: KEYS[peer].publicKey, pairPsk: psk(owner, peer) });
  return { owner, peer, role: 'initiator', mode, machine, established: undefined, isOver: false };
}

function listen(seed: number, mode: Mode, owner: Name): Side {
  const base = {
    primitives: nativePrimitives,
    entropy: fastSeededEntropy(seed),
    preface: encodePreface(mode),
    localName: owner,
    localStatic: KEYS[owner],
  };
  const nameOf = (bytes: Bytes): Name | undefined =>
    NAMES.find((name) => equalBytes(encodeUtf8(name), bytes));
  const ownerOf = (key: Bytes): Name | undefined =>
    NAMES.find((name) => equalBytes(KEYS[name].publicKey, key));
  const passwordsFor = ({ userI, userR }: { readonly userI: Bytes; readonly userR: Bytes }) => {
    const [i, r] = [nameOf(userI), nameOf(userR)];
    const known = i !== undefined && i !== owner && r === owner;
    const [pwI, pwR] = known ? [password(owner, i), password(owner, owner)] : ['fake of i', 'fake of r'];
    return success({ pwI: encodeUtf8(pwI), pwR: encodeUtf8(pwR) });
  };
  const pskFor = (key: Bytes): Bytes => psk(owner, ownerOf(key) ?? owner);
  const machine =
    mode === 'enrol'
      ? enrolResponder({ ...base, authority: { passwordsFor } })
      : sessionResponder({ ...base, authority: { pskFor, nameFor: (key) => ownerOf(key) } });
  return { owner, peer: undefined, role: 'responder', mode, machine, established: undefined, isOver: false };
}

/** The next frame that the other end of the same connection sent; undefined when there is none yet. */
function honest(
  side: Side,
  partners: ReadonlyMap<Side, Side>,
  heard: readonly Frame[],
  next: Map<Side, number>,
): Bytes | undefined {
  const index = next.get(side) ?? 0;
  const frame = heard.filter(({ from }) => from === partners.get(side))[index];
  if (frame) next.set(side, index + 1);
  return frame?.body;
}

/** Any frame, rather one of the right length; sometimes changed. */
function forged(dice: SeededDice, heard: readonly Frame[], side: Side): Bytes {
  const fitting = heard.filter(({ body }) => body.length === side.machine.expectedLength);
  const from = fitting.length > 0 && dice.chance(0.9) ? fitting : heard;
  const body = dice.pick(from).body.slice();
  if (dice.chance(0.3)) {
    const bit = dice.below(8 * body.length);
    body[bit >> 3] = (body[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  }
  if (dice.chance(0.1)) body.set(dice.pick(heard).body.subarray(0, 32).subarray(0, body.length));
  return body;
}

function give(side: Side, body: Bytes, heard: Frame[]): boolean {
  const step = side.machine.receive(body);
  if (!step.ok) {
    side.isOver = true;
    must(side.machine.expectedLength === undefined, 'a failed machine waits for nothing');
    return false;
  }
  for (const sent of step.value.send) heard.push({ from: side, body: sent });
  if (step.value.established) {
    side.established = step.value.established;
    side.isOver = true;
  }
  return true;
}

function mustAgree(sides: readonly Side[]): void {
  const byHash = new Map<string, Established[]>();
  for (const { owner, established } of sides) {
    if (!established) continue;
    must(established.localName === owner, 'everybody knows his own name');
    const key = KEYS[established.remoteName as Name].publicKey;
    must(equalBytes(established.remoteStatic, key), 'a name goes with its owner’s key');
    const hash = encodeHex(established.handshakeHash);
    byHash.set(hash, [...(byHash.get(hash) ?? []), established]);
  }
  for (const ends of byHash.values()) mustBeOnePair(ends);
}

/** At one h there is one dialler and at most one listener, and they agree on everything. */
function mustBeOnePair(ends: readonly Established[]): void {
  const dialler = ends.find(({ role }) => role === 'initiator');
  const listener = ends.find(({ role }) => role === 'responder');
  must(ends.length === (dialler ? 1 : 0) + (listener ? 1 : 0), 'nobody else has this h');
  must(dialler !== undefined, 'a listener believes after the dialler only');
  if (!listener) return;
  must(dialler.remoteName === listener.localName && listener.remoteName === dialler.localName, 'names agree');
  must(dialler.mode === listener.mode, 'the mode agrees');
  must(equalBytes(dialler.sessionSecret, listener.sessionSecret), 'the session secret agrees');
  const none = new Uint8Array(0);
  must(equalBytes(dialler.pairPsk ?? none, listener.pairPsk ?? none), 'the psk agrees');
  const pair = [dialler.localName, listener.localName].sort().join(' ');
  must(pair !== 'bob mallory', 'who does not know a password is nobody’s peer');
}
