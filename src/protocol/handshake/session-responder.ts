import { equalBytes, failure, success, wipe, type Bytes, type Result } from '../../base/index.ts';
import { HandshakeState } from './handshake-state.ts';
import { exporterSecret, sessionSecret } from './key-schedule.ts';
import { ScriptedHandshake, type HandshakeBase, type HandshakeMachine, type Script } from './machine.ts';
import { decodeNames, NAMES_LENGTH } from './names.ts';
import { ALGORITHMS, prologue, SESSION_PATTERN } from './suites.ts';

const EMPTY = new Uint8Array(0);

/** Whom this program knows. */
export interface SessionAuthority {
  /** The psk kept for this static key, or a fake of the same cost. */
  pskFor(remoteStatic: Bytes): Bytes;
  /** After decryption: the pinned user name for this key, or undefined. */
  nameFor(remoteStatic: Bytes): string | undefined;
}

/** Who knows the pins of those who dial. */
export interface SessionResponderOptions extends HandshakeBase {
  readonly authority: SessionAuthority;
}

/** A session with a pinned peer, the listener's side (spec/02 §5). A stranger costs one Diffie-Hellman and no answer. */
export function sessionResponder(options: SessionResponderOptions): HandshakeMachine {
  return new ScriptedHandshake('responder', script(options));
}

function* script(options: SessionResponderOptions): Script {
  const { primitives, entropy, localStatic, localName, preface, authority } = options;
  const noise = new HandshakeState({
    primitives,
    entropy,
    pattern: SESSION_PATTERN,
    algorithms: ALGORITHMS,
    role: 'responder',
    prologue: prologue(preface),
    localStatic,
    psks: [(remoteStatic) => authority.pskFor(remoteStatic ?? EMPTY)],
  });
  try {
    const body1 = yield { send: [], expects: noise.messageLength(0), stage: 'first' };
    const message1 = noise.readMessage(body1);
    if (!message1.ok) return message1;
    const message2 = noise.writeMessage(EMPTY);
    if (!message2.ok) return message2;
    const body3 = yield {
      send: [message2.value],
      expects: noise.messageLength(NAMES_LENGTH),
      stage: 'noise',
    };
    const message3 = noise.readMessage(body3);
    if (!message3.ok) return message3;
    const remoteStatic = noise.remoteStatic ?? EMPTY;
    const remoteName = checkNames(options, remoteStatic, message3.value);
    if (!remoteName.ok) return remoteName;
    const { handshakeHash, chainingKey } = noise;
    const exs = exporterSecret(primitives, chainingKey);
    const secret = sessionSecret(primitives, handshakeHash, exs);
    wipe(chainingKey, exs);
    return success({
      send: [],
      established: {
        mode: 'session',
        role: 'responder',
        localName,
        remoteName: remoteName.value,
        remoteStatic,
        handshakeHash,
        sessionSecret: secret,
      },
    });
  } finally {
    noise.wipe();
  }
}

/** The names are those of the pin and of ourselves. Whoever gets here has proved a key and its psk. */
function checkNames(options: SessionResponderOptions, remoteStatic: Bytes, payload: Bytes): Result<string> {
  if (equalBytes(remoteStatic, options.localStatic.publicKey)) {
    return failure('handshake-self', 'A program with this program’s own key dialled.');
  }
  const names = decodeNames(payload);
  if (!names.ok) return names;
  const { nameI, nameR } = names.value;
  if (nameR !== options.localName || nameI !== options.authority.nameFor(remoteStatic)) {
    return failure('handshake-names', 'The names in message 3 are not those of the pinned pair.');
  }
  return success(nameI);
}
