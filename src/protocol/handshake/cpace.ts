import { concatBytes, encodeUtf8, wipe, type Bytes } from '../../base/index.ts';
import type { Primitives } from '../../crypto/index.ts';
import { sharedSecret } from './curve.ts';
import { elligator2 } from './elligator2.ts';

/*
 * CPace-X25519-SHA512 in initiator/responder mode: draft-irtf-cfrg-cpace-21 §4 to §7, with the draft's names.
 */

const DSI = encodeUtf8('CPace255');
const DSI_ISK = encodeUtf8('CPace255_ISK');
/** SHA-512's input block. */
const HASH_BLOCK_LENGTH = 128;
const FIELD_LENGTH = 32;

export interface CpaceInput {
  /** The password-related string. */
  readonly prs: Bytes;
  /** The channel identifier. */
  readonly ci: Bytes;
  readonly sid: Bytes;
}

/** The generator g of 32 bytes. The zeros fill the first hash block, so that the password alone decides its state. */
export function calculateGenerator(primitives: Primitives, { prs, ci, sid }: CpaceInput): Bytes {
  const zeros = Math.max(0, HASH_BLOCK_LENGTH - 1 - lvCat(prs).length - lvCat(DSI).length);
  const text = lvCat(DSI, prs, new Uint8Array(zeros), ci, sid);
  const g = elligator2(primitives.sha512(text).subarray(0, FIELD_LENGTH));
  wipe(text);
  return g;
}

/** Ya or Yb, from a secret scalar of 32 random bytes. */
export function calculateShare(primitives: Primitives, scalar: Bytes, generator: Bytes): Bytes {
  const share = primitives.x25519(scalar, generator);
  // The map reaches a low-order point for about one in 2^250 passwords.
  if (share === undefined) throw new Error('the CPace generator has low order');
  return share;
}

/** The intermediate session key, 64 bytes; undefined when the peer's share is unusable. K never leaves this function. */
export function calculateIsk(
  primitives: Primitives,
  step: {
    readonly scalar: Bytes;
    readonly remoteShare: Bytes;
    readonly sid: Bytes;
    readonly transcript: Bytes;
  },
): Bytes | undefined {
  const k = sharedSecret(primitives, step.scalar, step.remoteShare);
  if (k === undefined) return undefined;
  const isk = primitives.sha512(lvCat(DSI_ISK, step.sid, k), step.transcript);
  wipe(k);
  return isk;
}

/** transcript_ir: lv_cat(Ya, ADa) || lv_cat(Yb, ADb). */
export function transcriptIr(ya: Bytes, ada: Bytes, yb: Bytes, adb: Bytes): Bytes {
  return concatBytes(lvCat(ya, ada), lvCat(yb, adb));
}

/** The draft's lv_cat: each part after its length in LEB128. */
export function lvCat(...parts: readonly Bytes[]): Bytes {
  return concatBytes(...parts.flatMap((part) => [leb128(part.length), part]));
}

function leb128(value: number): Bytes {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Uint8Array.of(...bytes, rest);
}
