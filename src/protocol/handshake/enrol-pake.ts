import { concatBytes, wipe, type Bytes } from '../../base/index.ts';
import type { Primitives } from '../../crypto/index.ts';
import { calculateGenerator, calculateIsk, calculateShare, lvCat, transcriptIr } from './cpace.ts';
import type { HandshakeState } from './handshake-state.ts';
import { enrolKeys, exporterSecret, passwordString, responderData, type EnrolKeys } from './key-schedule.ts';
import { NAMES_LENGTH } from './names.ts';

/** Frame bodies of the PAKE, with the tag of 16 bytes under the Split keys (spec/02 §4). */
export const PAKE1_LENGTH: number = 1 + NAMES_LENGTH + 32 + 16;
export const PAKE2_LENGTH: number = 1 + 32 + 32 + 16;
export const PAKE3_LENGTH: number = 1 + 32 + 16;

export const PAKE1_TYPE = 0x01;
export const PAKE2_TYPE = 0x02;
export const PAKE3_TYPE = 0x03;

export interface PakeContext {
  readonly primitives: Primitives;
  readonly noise: HandshakeState;
  readonly preface: Bytes;
  readonly users: { readonly userI: Bytes; readonly userR: Bytes };
}

/** Ya or Yb: from both passwords, both names, this very connection and a secret scalar of 32 random bytes. */
export function pakeShare(
  { primitives, noise, users }: PakeContext,
  scalar: Bytes,
  passwords: { readonly pwI: Bytes; readonly pwR: Bytes },
): Bytes {
  const prs = passwordString(primitives, users, passwords);
  const ci = lvCat(users.userI, users.userR);
  const generator = calculateGenerator(primitives, { prs, ci, sid: noise.handshakeHash });
  const share = calculateShare(primitives, scalar, generator);
  wipe(prs, generator);
  return share;
}

/** Undefined when the peer's share is unusable. */
export function pakeKeys(
  { primitives, noise, preface }: PakeContext,
  shares: { readonly scalar: Bytes; readonly ya: Bytes; readonly yb: Bytes; readonly remoteShare: Bytes },
): EnrolKeys | undefined {
  const { handshakeHash, chainingKey } = noise;
  const transcript = transcriptIr(shares.ya, preface, shares.yb, responderData(preface));
  const { scalar, remoteShare } = shares;
  const isk = calculateIsk(primitives, { scalar, remoteShare, sid: handshakeHash, transcript });
  if (isk === undefined) return undefined;
  const exs = exporterSecret(primitives, chainingKey);
  const keys = enrolKeys(primitives, { isk, exs, handshakeHash, transcript });
  wipe(isk, exs, chainingKey);
  return keys;
}

export function typed(type: number, ...parts: readonly Bytes[]): Bytes {
  return concatBytes(Uint8Array.of(type), ...parts);
}
