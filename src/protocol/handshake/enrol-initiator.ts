import {
  encodeUtf8,
  equalBytes,
  failure,
  success,
  wipe,
  type Bytes,
  type Failure,
} from '../../base/index.ts';
import {
  PAKE1_TYPE,
  PAKE2_LENGTH,
  PAKE2_TYPE,
  PAKE3_TYPE,
  pakeKeys,
  pakeShare,
  typed,
  type PakeContext,
} from './enrol-pake.ts';
import { HandshakeState } from './handshake-state.ts';
import {
  ScriptedHandshake,
  type Established,
  type HandshakeBase,
  type HandshakeMachine,
  type Script,
} from './machine.ts';
import { encodeNames, usernameBytes } from './names.ts';
import { ALGORITHMS, ENROL_PATTERN, prologue } from './suites.ts';

const EMPTY = new Uint8Array(0);

/** Whom a first contact is with, and what it is proven by. */
export interface EnrolInitiatorOptions extends HandshakeBase {
  readonly remoteName: string;
  /** Directory passwords, already normalised. */
  readonly passwords: { readonly own: string; readonly peer: string };
  /** The static key that the peer's directory entry names, if it names one. */
  readonly expectedKey?: Bytes;
}

/**
 * First contact, the dialler's side (spec/02 §4). Fails with handshake-self, handshake-key or, when the passwords
 * differ or the peer does not list us, with pake-confirm.
 */
export function enrolInitiator(options: EnrolInitiatorOptions): HandshakeMachine {
  const users = { userI: usernameBytes(options.localName), userR: usernameBytes(options.remoteName) };
  return new ScriptedHandshake('initiator', script(options, users));
}

function* script(options: EnrolInitiatorOptions, users: PakeContext['users']): Script {
  const { primitives, entropy, localStatic, preface } = options;
  const noise = new HandshakeState({
    primitives,
    entropy,
    pattern: ENROL_PATTERN,
    algorithms: ALGORITHMS,
    role: 'initiator',
    prologue: prologue(preface),
    localStatic,
  });
  try {
    const message1 = noise.writeMessage(EMPTY);
    if (!message1.ok) return message1;
    const body2 = yield { send: [message1.value], expects: noise.messageLength(0), stage: 'noise' };
    const message2 = noise.readMessage(body2);
    if (!message2.ok) return message2;
    const remoteStatic = noise.remoteStatic ?? EMPTY;
    const wrongKey = refuseKey(options, remoteStatic);
    if (wrongKey !== undefined) return { ok: false, failure: wrongKey };
    const message3 = noise.writeMessage(EMPTY);
    if (!message3.ok) return message3;
    const scalar = options.entropy.bytes(32);
    try {
      const pake = { primitives, noise, preface, users };
      return yield* pakeScript(options, { pake, remoteStatic, message3: message3.value, scalar });
    } finally {
      wipe(scalar);
    }
  } finally {
    noise.wipe();
  }
}

/** The PAKE inside the finished channel; its first flight carries message 3 as well. */
function* pakeScript(
  options: EnrolInitiatorOptions,
  channel: {
    readonly pake: PakeContext;
    readonly remoteStatic: Bytes;
    readonly message3: Bytes;
    readonly scalar: Bytes;
  },
): Script {
  const { primitives, localName, remoteName } = options;
  const { pake, remoteStatic, message3, scalar } = channel;
  const [sending, receiving] = pake.noise.split();
  const ya = pakeShare(pake, scalar, passwordBytes(options));
  const pake1 = typed(PAKE1_TYPE, encodeNames(pake.users.userI, pake.users.userR), ya);
  const sealed2 = yield {
    send: [message3, sending.encryptWithAd(EMPTY, pake1)],
    pakeStarted: { remoteName, remoteStatic },
    expects: PAKE2_LENGTH,
    stage: 'pake',
  };
  const pake2 = receiving.decryptWithAd(EMPTY, sealed2);
  if (pake2 === undefined) return failure('handshake-decrypt', 'The PAKE answer does not decrypt.');
  if (pake2[0] !== PAKE2_TYPE) return failure('handshake-payload', 'The PAKE answer has a wrong type.');
  const yb = pake2.slice(1, 33);
  const keys = pakeKeys(pake, { scalar, ya, yb, remoteShare: yb });
  if (keys === undefined) return failure('handshake-point', 'The PAKE share of the peer is unusable.');
  if (!primitives.equalConstantTime(keys.tagR, pake2.subarray(33))) {
    wipe(keys.pairPsk, keys.sessionSecret, keys.tagI);
    return failure('pake-confirm', 'The passwords differ, or the peer does not list this user.');
  }
  const established: Established = {
    mode: 'enrol',
    role: 'initiator',
    localName,
    remoteName,
    remoteStatic,
    handshakeHash: pake.noise.handshakeHash,
    sessionSecret: keys.sessionSecret,
    pairPsk: keys.pairPsk,
  };
  const pake3 = sending.encryptWithAd(EMPTY, typed(PAKE3_TYPE, keys.tagI));
  return success({ send: [pake3], established });
}

/** Before our own key and name go out: is it somebody else, or are we talking to ourselves? */
function refuseKey(options: EnrolInitiatorOptions, remoteStatic: Bytes): Failure | undefined {
  const { localStatic, expectedKey, remoteName } = options;
  if (equalBytes(remoteStatic, localStatic.publicKey)) {
    return failure('handshake-self', `The address of ${remoteName} leads back to this program.`).failure;
  }
  if (expectedKey !== undefined && !equalBytes(remoteStatic, expectedKey)) {
    const message = `The key at the address of ${remoteName} is not the one in the directory.`;
    return failure('handshake-key', message).failure;
  }
  return undefined;
}

function passwordBytes({ passwords }: EnrolInitiatorOptions): { readonly pwI: Bytes; readonly pwR: Bytes } {
  return { pwI: encodeUtf8(passwords.own), pwR: encodeUtf8(passwords.peer) };
}
