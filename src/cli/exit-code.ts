import type { ErrorCode } from '../base/index.ts';

/** The documented exit codes. 5 and 7 are reserved for kept messages and passphrases. */
export const EXIT = {
  done: 0,
  failure: 1,
  usage: 2,
  io: 3,
  identity: 4,
  unknownName: 6,
  internal: 70,
  unsuitableNode: 78,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A code without a row does not compile. Which failure of a dial means identity: PROTOCOL "Pins and key change". */
const EXIT_CODES: Readonly<Record<ErrorCode, ExitCode>> = {
  'preface-bad': EXIT.io,
  'preface-version': EXIT.io,
  'preface-mode': EXIT.io,
  'preface-flags': EXIT.io,
  'too-many-connections': EXIT.io,
  'frame-empty': EXIT.io,
  'frame-length': EXIT.io,
  'handshake-point': EXIT.io,
  'handshake-decrypt': EXIT.identity,
  'handshake-payload': EXIT.io,
  'handshake-names': EXIT.identity,
  'handshake-key': EXIT.identity,
  'handshake-self': EXIT.usage,
  'pake-confirm': EXIT.identity,
  'pake-collision': EXIT.io,
  'enrol-closed': EXIT.io,
  'guess-budget': EXIT.io,
  'handshake-timeout': EXIT.io,
  'not-proven': EXIT.io,
  'version-downgrade': EXIT.identity,
  'key-refused': EXIT.identity,
  'record-decrypt': EXIT.io,
  'record-structure': EXIT.io,
  'item-unknown': EXIT.io,
  'item-body': EXIT.io,
  'item-unexpected': EXIT.io,
  'rekey-failed': EXIT.io,
  'rekey-timeout': EXIT.io,
  'counter-exhausted': EXIT.io,
  'frame-timeout': EXIT.io,
  'peer-silent': EXIT.io,
  truncated: EXIT.io,
  reset: EXIT.io,
  'envelope-size': EXIT.failure,
  'envelope-utf8': EXIT.failure,
  'envelope-json': EXIT.failure,
  'envelope-canonical': EXIT.failure,
  'envelope-schema': EXIT.failure,
  'envelope-range': EXIT.failure,
  'envelope-base64': EXIT.failure,
  'envelope-seq': EXIT.failure,
  'envelope-crc': EXIT.failure,
  'envelope-enc-type': EXIT.failure,
  'envelope-hmac-type': EXIT.failure,
  'envelope-hmac': EXIT.failure,
  'envelope-text': EXIT.failure,
  'bad-envelope': EXIT.failure,
  'message-refused': EXIT.failure,
  'message-unsupported': EXIT.failure,
  'message-too-long': EXIT.usage,
  'message-malformed': EXIT.usage,
  'message-empty': EXIT.usage,
  'message-seq-reused': EXIT.failure,
  'rolled-back': EXIT.failure,
  'queue-full': EXIT.failure,
  timeout: EXIT.io,
  cancelled: EXIT.failure,
  'key-changed': EXIT.identity,
  'key-pending': EXIT.identity,
  'password-mismatch': EXIT.identity,
  'peer-refused': EXIT.identity,
  'fingerprint-mismatch': EXIT.identity,
  'trust-nothing': EXIT.failure,
  'directory-missing': EXIT.usage,
  'directory-unreadable': EXIT.usage,
  'directory-unwritable': EXIT.io,
  'directory-invalid': EXIT.usage,
  'directory-unsafe': EXIT.usage,
  'own-entry': EXIT.usage,
  'contact-exists': EXIT.usage,
  'contact-unknown': EXIT.unknownName,
  refused: EXIT.io,
  unreachable: EXIT.io,
  'name-unresolved': EXIT.io,
  'connect-timeout': EXIT.io,
  'port-in-use': EXIT.io,
  'port-denied': EXIT.io,
  'listen-failed': EXIT.io,
  usage: EXIT.usage,
  'home-locked': EXIT.io,
  'home-unusable': EXIT.io,
  'home-damaged': EXIT.io,
  'home-owner': EXIT.usage,
  interrupted: EXIT.interrupted,
  'node-unsuitable': EXIT.unsuitableNode,
  internal: EXIT.internal,
};

export function exitCodeOf(code: ErrorCode): ExitCode {
  return EXIT_CODES[code];
}

/**
 * What several outcomes together exit with. First what a person must look into (a bug, an identity), then what the command
 * line or the directory must be changed for, then what stays refused, last what another try may mend.
 */
const WORST_FIRST: readonly ExitCode[] = [
  EXIT.interrupted,
  EXIT.internal,
  EXIT.identity,
  EXIT.usage,
  EXIT.unknownName,
  EXIT.failure,
  EXIT.io,
];

export function worstExitCode(codes: Iterable<ExitCode>): ExitCode {
  const seen = new Set(codes);
  return WORST_FIRST.find((code) => seen.has(code)) ?? EXIT.done;
}
