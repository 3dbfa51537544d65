import { concatBytes, encodeUtf8, type Bytes } from '../../base/index.ts';
import { parsePattern, type HandshakePattern } from './pattern.ts';

/** The one suite of version 1. */
export const ALGORITHMS = '25519+MLKEM768_ChaChaPoly_SHA256';

export const ENROL_PATTERN: HandshakePattern = parsePattern(
  'XXhfs',
  `-> e, e1
   <- e, ee, ekem1, s, es
   -> s, se`,
);

export const SESSION_PATTERN: HandshakePattern = parsePattern(
  'XKhfs+psk3',
  `<- s
   ...
   -> e, es, e1
   <- e, ee, ekem1
   -> s, se`,
);

/** The key exchange within a session (spec/03 "Rekey"); its psk is the `rekey` key. */
export const REKEY_PATTERN: HandshakePattern = parsePattern(
  'NNhfs+psk0',
  `-> e, e1
   <- e, ee, ekem1`,
);

/** "sotto/1" || 0x00 || preface: an edit of version, mode or flags makes message 2 undecryptable. */
export function prologue(preface: Bytes): Bytes {
  return concatBytes(encodeUtf8('sotto/1\0'), preface);
}
