import {
  decodeUtf8,
  encodeUtf8,
  failure,
  Reader,
  success,
  Writer,
  type Bytes,
  type Result,
} from '../../base/index.ts';

export const USERNAME_BYTES_MAX = 64;
/** Two names of 64 bytes with their lengths: always so long, so that the lengths of the names do not show. */
export const NAMES_LENGTH: number = 2 * (2 + USERNAME_BYTES_MAX);

export interface Names {
  readonly userI: Bytes;
  readonly userR: Bytes;
  readonly nameI: string;
  readonly nameR: string;
}

/** A user name on the wire: UTF-8 and NFC, 1 to 64 bytes, no controls. Fails with handshake-names. */
export function parseUsername(bytes: Bytes): Result<string> {
  const name = bytes.length >= 1 && bytes.length <= USERNAME_BYTES_MAX ? decodeUtf8(bytes) : undefined;
  if (name === undefined || name.normalize('NFC') !== name || /\p{Cc}/u.test(name)) {
    return failure('handshake-names', 'A user name in the handshake is not well-formed.');
  }
  return success(name);
}

/** Our own names as bytes: what `parseUsername` would refuse is our bug and throws. */
export function usernameBytes(name: string): Bytes {
  const bytes = encodeUtf8(name);
  if (!parseUsername(bytes).ok) throw new Error('a user name reached the handshake unchecked');
  return bytes;
}

/** lv(user_I, user_R), zero-padded to 132 bytes (spec/02 §3). */
export function encodeNames(userI: Bytes, userR: Bytes): Bytes {
  const pair = new Writer().lv(userI).lv(userR).finish();
  const names = new Uint8Array(NAMES_LENGTH);
  names.set(pair);
  return names;
}

/** Fails with handshake-names unless it is two well-formed names and zeros. */
export function decodeNames(bytes: Bytes): Result<Names> {
  const reader = new Reader(bytes);
  const userI = reader.lv().slice();
  const userR = reader.lv().slice();
  const padding = reader.rest();
  if (!reader.done || padding.some((byte) => byte !== 0)) {
    return failure('handshake-names', 'The names in the handshake are not two names and zeros.');
  }
  const nameI = parseUsername(userI);
  const nameR = parseUsername(userR);
  if (!nameI.ok) return nameI;
  if (!nameR.ok) return nameR;
  return success({ userI, userR, nameI: nameI.value, nameR: nameR.value });
}
