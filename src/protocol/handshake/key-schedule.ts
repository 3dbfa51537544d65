import { concatBytes, encodeUtf8, wipe, Writer, type Bytes } from '../../base/index.ts';
import { hkdfExpand, hkdfExtract, type Primitives } from '../../crypto/index.ts';

/** EXS = HMAC(ck, "sotto/1 exporter"): a secret of the handshake that does not touch Split's keys. */
export function exporterSecret(primitives: Primitives, chainingKey: Bytes): Bytes {
  return primitives.hmacSha256(chainingKey, encodeUtf8('sotto/1 exporter'));
}

/** SS of a session (spec/02 §5). */
export function sessionSecret(primitives: Primitives, handshakeHash: Bytes, exs: Bytes): Bytes {
  const prk = hkdfExtract(primitives, handshakeHash, exs);
  const secret = hkdfExpand(primitives, prk, 'session', 32);
  wipe(prk);
  return secret;
}

/** PRS: both directory passwords, bound to both names (spec/02 §4). */
export function passwordString(
  primitives: Primitives,
  users: { readonly userI: Bytes; readonly userR: Bytes },
  passwords: { readonly pwI: Bytes; readonly pwR: Bytes },
): Bytes {
  const ikm = new Writer().lv(passwords.pwI).lv(passwords.pwR).finish();
  const prk = hkdfExtract(primitives, encodeUtf8('sotto/1 prs'), ikm);
  const prs = hkdfExpand(primitives, prk, new Writer().lv(users.userI).lv(users.userR).finish(), 32);
  wipe(ikm, prk);
  return prs;
}

export interface EnrolKeys {
  readonly tagR: Bytes;
  readonly tagI: Bytes;
  readonly pairPsk: Bytes;
  readonly sessionSecret: Bytes;
}

/** Everything that follows from the PAKE and the channel together (spec/02 §4). */
export function enrolKeys(
  primitives: Primitives,
  from: {
    readonly isk: Bytes;
    readonly exs: Bytes;
    readonly handshakeHash: Bytes;
    readonly transcript: Bytes;
  },
): EnrolKeys {
  const prk = hkdfExtract(primitives, from.isk, from.exs, from.handshakeHash);
  const confirm = (side: 'R' | 'I'): Bytes => {
    const key = hkdfExpand(primitives, prk, `conf ${side}`, 32);
    const tag = primitives.hmacSha256(key, encodeUtf8(side), from.handshakeHash, from.transcript);
    wipe(key);
    return tag;
  };
  const keys = {
    tagR: confirm('R'),
    tagI: confirm('I'),
    pairPsk: hkdfExpand(primitives, prk, 'pair psk', 32),
    sessionSecret: hkdfExpand(primitives, prk, 'session', 32),
  };
  wipe(prk);
  return keys;
}

/** ADb: the responder's word for the version that the preface names, its fifth byte (spec/02 §4.1). */
export function responderData(preface: Bytes): Bytes {
  return concatBytes(encodeUtf8('sotto/1 R'), preface.subarray(4, 5));
}
