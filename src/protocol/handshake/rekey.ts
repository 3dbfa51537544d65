import {
  concatBytes,
  encodeUtf8,
  failure,
  success,
  wipe,
  type Bytes,
  type Result,
} from '../../base/index.ts';
import type { Entropy, Primitives } from '../../crypto/index.ts';
import { HandshakeState } from './handshake-state.ts';
import { exporterSecret, sessionSecret } from './key-schedule.ts';
import type { Role } from './pattern.ts';
import { ALGORITHMS, REKEY_PATTERN } from './suites.ts';

/** REKEY1: e 32, e1 1,184 + 16, the tag of the empty payload 16. */
export const REKEY1_LENGTH = 1_248;
/** REKEY2: e 32, ekem1 1,088 + 16, the tag of the empty payload 16. */
export const REKEY2_LENGTH = 1_152;

/** What a key exchange within a session starts from (spec/03). */
export interface RekeyOptions {
  readonly primitives: Primitives;
  readonly entropy: Entropy;
  /** The `rekey` key of the keys in force, 32 bytes; it stays the caller's to wipe. */
  readonly psk: Bytes;
  /** h that goes with the keys in force, 32 bytes. */
  readonly handshakeHash: Bytes;
}

/** What the seven new keys are made of (spec/03 "Rekey"). */
export interface Rekeyed {
  /** h' after REKEY2, 32 bytes. */
  readonly handshakeHash: Bytes;
  /** SS', 32 bytes: the caller's to wipe. */
  readonly sessionSecret: Bytes;
}

/** The initiator's half of a key exchange that has been begun. */
export interface BegunRekey {
  readonly rekey1: Bytes;
  /** Once. Fails with rekey-failed; the ephemeral secrets are wiped either way. */
  finish(rekey2: Bytes): Result<Rekeyed>;
  /** Gives it up. */
  wipe(): void;
}

const EMPTY = new Uint8Array(0);
const REKEY_LABEL = encodeUtf8('sotto/1 rekey');

/** The initiator's side of NNhfs+psk0. */
export function beginRekey(options: RekeyOptions): BegunRekey {
  const noise = handshake('initiator', options);
  const rekey1 = noise.writeMessage(EMPTY);
  if (!rekey1.ok) throw new Error('nothing of a peer is in the first message');
  return {
    rekey1: rekey1.value,
    finish(rekey2) {
      const read = noise.readMessage(rekey2);
      return conclude(options.primitives, noise, read);
    },
    wipe: () => noise.wipe(),
  };
}

/** The responder's side, whole: REKEY2 and the new secret. Fails with rekey-failed. */
export function answerRekey(
  options: RekeyOptions,
  rekey1: Bytes,
): Result<Rekeyed & { readonly rekey2: Bytes }> {
  const noise = handshake('responder', options);
  const read = noise.readMessage(rekey1);
  const rekey2 = read.ok ? noise.writeMessage(EMPTY) : read;
  const rekeyed = conclude(options.primitives, noise, rekey2);
  return rekeyed.ok && rekey2.ok ? success({ ...rekeyed.value, rekey2: rekey2.value }) : rekeyFailed();
}

/** EXS', PRK', SS'; then nothing of the handshake is left. */
function conclude(primitives: Primitives, noise: HandshakeState, last: Result<Bytes>): Result<Rekeyed> {
  if (!last.ok) return rekeyFailed(); // The state has wiped itself.
  const { handshakeHash, chainingKey } = noise;
  const exs = exporterSecret(primitives, chainingKey);
  const secret = sessionSecret(primitives, handshakeHash, exs);
  wipe(chainingKey, exs);
  noise.wipe();
  return success({ handshakeHash, sessionSecret: secret });
}

function handshake(role: Role, { primitives, entropy, psk, handshakeHash }: RekeyOptions): HandshakeState {
  return new HandshakeState({
    primitives,
    entropy,
    pattern: REKEY_PATTERN,
    algorithms: ALGORITHMS,
    role,
    prologue: concatBytes(REKEY_LABEL, handshakeHash),
    psks: [psk],
  });
}

function rekeyFailed(): ReturnType<typeof failure> {
  return failure('rekey-failed', 'A rekey message does not decrypt or has an unusable key.');
}
