import { encodeUtf8, failure, success, type Bytes, type Result } from '../../base/index.ts';

/** spec/01 "The preface": `"SOTT" || version u8 || mode u8 || flags u16`. */
export const PREFACE_LENGTH = 8;
/** The one that is spoken here. */
export const PROTOCOL_VERSION = 1;

/** `enrol` is first contact, `session` is every later one (spec/02). */
export type PrefaceMode = 'enrol' | 'session';

const MAGIC = encodeUtf8('SOTT');
const MODES = { enrol: 1, session: 2 } as const;

/** The initiator's first 8 bytes. */
export function encodePreface(mode: PrefaceMode): Bytes {
  return Uint8Array.of(...MAGIC, PROTOCOL_VERSION, MODES[mode], 0, 0);
}

/** Fails with `preface-bad`, `preface-version`, `preface-mode` or `preface-flags`; takes exactly 8 bytes. */
export function decodePreface(bytes: Bytes): Result<PrefaceMode> {
  if (bytes.length !== PREFACE_LENGTH) {
    return failure('preface-bad', `a preface has ${PREFACE_LENGTH} bytes, not ${bytes.length}`);
  }
  const checked = checkPrefacePrefix(bytes);
  if (!checked.ok) return checked;
  return success(bytes[5] === MODES.enrol ? 'enrol' : 'session');
}

/**
 * Fails as soon as the bytes so far cannot become a valid preface, with the codes of `decodePreface`; what follows the
 * eighth byte is not looked at. A stranger (HTTP, TLS, SSH) is refused at its first wrong byte.
 */
export function checkPrefacePrefix(bytes: Bytes): Result<void> {
  for (const [index, byte] of bytes.subarray(0, PREFACE_LENGTH).entries()) {
    if (index < 4 && byte !== MAGIC[index]) {
      return failure('preface-bad', `byte ${index} of the preface is not Sotto’s`);
    }
    if (index === 4 && byte !== PROTOCOL_VERSION) {
      return failure('preface-version', `the preface names version ${byte}`);
    }
    if (index === 5 && byte !== MODES.enrol && byte !== MODES.session) {
      return failure('preface-mode', `the preface names mode ${byte}`);
    }
    if (index > 5 && byte !== 0) return failure('preface-flags', 'the preface sets a reserved flag');
  }
  return success(undefined);
}
