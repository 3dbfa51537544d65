import { equalBytes, failure, success, wipe, type Bytes, type Result } from '../../base/index.ts';
import {
  PAKE1_LENGTH,
  PAKE1_TYPE,
  PAKE3_LENGTH,
  PAKE3_TYPE,
  PAKE2_TYPE,
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
import { decodeNames, NAMES_LENGTH, usernameBytes, type Names } from './names.ts';
import { ALGORITHMS, ENROL_PATTERN, prologue } from './suites.ts';

const EMPTY = new Uint8Array(0);

/** Who may enrol here. Asked once, when PAKE1 has been read. */
export interface EnrolAuthority {
  /**
   * Both passwords in UTF-8. For an unknown pair of names: fakes, so that the work, the bytes and the time stay the
   * same. A failure (guess-budget, too-many-connections): the connection is closed before anything is computed for PAKE2.
   */
  passwordsFor(claim: {
    readonly userI: Bytes;
    readonly userR: Bytes;
    readonly remoteStatic: Bytes;
  }): Result<{ readonly pwI: Bytes; readonly pwR: Bytes }>;
}

/** Who says which first contacts are wanted. */
export interface EnrolResponderOptions extends HandshakeBase {
  readonly authority: EnrolAuthority;
}

/** First contact, the listener's side (spec/02 §4). */
export function enrolResponder(options: EnrolResponderOptions): HandshakeMachine {
  return new ScriptedHandshake('responder', script(options));
}

interface Pake1 extends Names {
  readonly ya: Bytes;
}

function* script(options: EnrolResponderOptions): Script {
  const { primitives, entropy, localStatic, preface } = options;
  const noise = new HandshakeState({
    primitives,
    entropy,
    pattern: ENROL_PATTERN,
    algorithms: ALGORITHMS,
    role: 'responder',
    prologue: prologue(preface),
    localStatic,
  });
  try {
    const body1 = yield { send: [], expects: noise.messageLength(0), stage: 'first' };
    const message1 = noise.readMessage(body1);
    if (!message1.ok) return message1;
    const message2 = noise.writeMessage(EMPTY);
    if (!message2.ok) return message2;
    const body3 = yield { send: [message2.value], expects: noise.messageLength(0), stage: 'noise' };
    const message3 = noise.readMessage(body3);
    if (!message3.ok) return message3;
    const remoteStatic = noise.remoteStatic ?? EMPTY;
    if (equalBytes(remoteStatic, localStatic.publicKey)) {
      return failure('handshake-self', 'A program with this program’s own key dialled.');
    }
    return yield* pakeScript(options, { noise, remoteStatic });
  } finally {
    noise.wipe();
  }
}

function* pakeScript(
  options: EnrolResponderOptions,
  channel: { readonly noise: HandshakeState; readonly remoteStatic: Bytes },
): Script {
  const { primitives, entropy, localName, preface } = options;
  const { noise, remoteStatic } = channel;
  const [receiving, sending] = noise.split();
  const sealed1 = yield { send: [], expects: PAKE1_LENGTH, stage: 'pake' };
  const claim = decodePake1(receiving.decryptWithAd(EMPTY, sealed1));
  if (!claim.ok) return claim;
  const { ya, nameI: remoteName, userI, userR } = claim.value;
  const users = { userI, userR };
  const passwords = options.authority.passwordsFor({ ...users, remoteStatic });
  if (!passwords.ok) return passwords;
  const pake: PakeContext = { primitives, noise, preface, users };
  const scalar = entropy.bytes(32);
  const yb = pakeShare(pake, scalar, passwords.value);
  const keys = pakeKeys(pake, { scalar, ya, yb, remoteShare: ya });
  wipe(scalar);
  if (keys === undefined) return failure('handshake-point', 'The PAKE share of the peer is unusable.');
  let isProven = false;
  try {
    const pake2 = typed(PAKE2_TYPE, yb, keys.tagR);
    const sealed3 = yield {
      send: [sending.encryptWithAd(EMPTY, pake2)],
      pakeStarted: { remoteName, remoteStatic },
      expects: PAKE3_LENGTH,
      stage: 'pake',
    };
    const pake3 = receiving.decryptWithAd(EMPTY, sealed3);
    if (pake3 === undefined) return failure('handshake-decrypt', 'The confirmation does not decrypt.');
    if (pake3[0] !== PAKE3_TYPE) return failure('handshake-payload', 'The confirmation has a wrong type.');
    const isTagRight = primitives.equalConstantTime(keys.tagI, pake3.subarray(1));
    // A name that is not ours was worked for like any other, so that the dialler learns nothing from the time.
    isProven = isTagRight && equalBytes(userR, usernameBytes(localName));
    if (!isProven) return failure('pake-confirm', 'The dialler does not know the passwords.');
    const established: Established = {
      mode: 'enrol',
      role: 'responder',
      localName,
      remoteName,
      remoteStatic,
      handshakeHash: noise.handshakeHash,
      sessionSecret: keys.sessionSecret,
      pairPsk: keys.pairPsk,
    };
    return success({ send: [], established });
  } finally {
    if (!isProven) wipe(keys.pairPsk, keys.sessionSecret, keys.tagI);
  }
}

function decodePake1(plaintext: Bytes | undefined): Result<Pake1> {
  if (plaintext === undefined) return failure('handshake-decrypt', 'The PAKE request does not decrypt.');
  if (plaintext[0] !== PAKE1_TYPE) return failure('handshake-payload', 'The PAKE request has a wrong type.');
  const names = decodeNames(plaintext.subarray(1, 1 + NAMES_LENGTH));
  return names.ok ? success({ ...names.value, ya: plaintext.slice(1 + NAMES_LENGTH) }) : names;
}
