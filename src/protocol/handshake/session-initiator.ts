import { equalBytes, failure, success, wipe, type Bytes } from '../../base/index.ts';
import { HandshakeState } from './handshake-state.ts';
import { exporterSecret, sessionSecret } from './key-schedule.ts';
import { ScriptedHandshake, type HandshakeBase, type HandshakeMachine, type Script } from './machine.ts';
import { encodeNames, usernameBytes } from './names.ts';
import { ALGORITHMS, prologue, SESSION_PATTERN } from './suites.ts';

const EMPTY = new Uint8Array(0);

/** The pin of the peer that is dialled. */
export interface SessionInitiatorOptions extends HandshakeBase {
  readonly remoteName: string;
  /** The pinned X25519 static key, 32 bytes. */
  readonly remoteStatic: Bytes;
  /** The pinned psk, 32 bytes. */
  readonly pairPsk: Bytes;
}

/** A session with a pinned peer, the dialler's side (spec/02 §5). A wrong key at the address: handshake-decrypt. */
export function sessionInitiator(options: SessionInitiatorOptions): HandshakeMachine {
  return new ScriptedHandshake('initiator', script(options));
}

function* script(options: SessionInitiatorOptions): Script {
  const { primitives, entropy, localStatic, localName, remoteName, remoteStatic, pairPsk, preface } = options;
  const names = encodeNames(usernameBytes(localName), usernameBytes(remoteName));
  if (equalBytes(remoteStatic, localStatic.publicKey)) {
    return failure('handshake-self', 'The pinned key is this program’s own.');
  }
  const noise = new HandshakeState({
    primitives,
    entropy,
    pattern: SESSION_PATTERN,
    algorithms: ALGORITHMS,
    role: 'initiator',
    prologue: prologue(preface),
    localStatic,
    remoteStatic,
    psks: [pairPsk],
  });
  try {
    const message1 = noise.writeMessage(EMPTY);
    if (!message1.ok) return message1;
    const body2 = yield { send: [message1.value], expects: noise.messageLength(0), stage: 'noise' };
    const message2 = noise.readMessage(body2);
    if (!message2.ok) return message2;
    const message3 = noise.writeMessage(names);
    if (!message3.ok) return message3;
    const { handshakeHash, chainingKey } = noise;
    const exs = exporterSecret(primitives, chainingKey);
    const secret = sessionSecret(primitives, handshakeHash, exs);
    wipe(chainingKey, exs);
    return success({
      send: [message3.value],
      established: {
        mode: 'session',
        role: 'initiator',
        localName,
        remoteName,
        remoteStatic,
        handshakeHash,
        sessionSecret: secret,
      },
    });
  } finally {
    noise.wipe();
  }
}
