import { CodedError, systemReason, type ErrorCode } from '../base/index.ts';

const HINTS: Partial<Record<ErrorCode, string>> = {
  'disk-full': 'Make room; nothing that was accepted is lost, and it goes on by itself.',
  'home-unusable': 'The folder must be yours and writable, and its disk in order.',
  'home-damaged':
    'End Sotto and start it again: what can be read is saved then, and contacts send again what they keep.',
};

const VERBS: Partial<Record<ErrorCode, string>> = {
  'disk-full': 'cannot grow',
  'home-unusable': 'cannot be used',
  'home-damaged': 'is damaged',
};

/** What SQLite or the system says of a disk that refuses, as a coded error. Our own bugs stay what they are. */
export function toCodedError(path: string, cause: unknown): unknown {
  const code = codeOf(cause);
  if (code === undefined || cause instanceof CodedError) return cause;
  return coded(code, path, { why: systemReason(cause), cause });
}

export function unusable(path: string, why: string): CodedError {
  return coded('home-unusable', path, { why });
}

export function damaged(path: string, why: string): CodedError {
  return coded('home-damaged', path, { why });
}

function coded(
  code: ErrorCode,
  path: string,
  reason: { readonly why: string; readonly cause?: unknown },
): CodedError {
  const hint = HINTS[code];
  const failure = {
    code,
    message: `${path} ${VERBS[code]}: ${reason.why}`,
    ...(hint !== undefined && { hint }),
  };
  return new CodedError(failure, reason.cause === undefined ? {} : { cause: reason.cause });
}

/** After this the state of what was written is unknown (fsyncgate): the file has to be opened anew (STO-04). */
export function isInputOutputError(cause: unknown): boolean {
  return sqliteCode(cause).startsWith('SQLITE_IOERR');
}

/** The file beside the database, through which several connections share a log, could not be made as large as it has to be. */
export function isIndexImpossible(cause: unknown): boolean {
  return sqliteCode(cause).startsWith('SQLITE_IOERR_SHM');
}

function codeOf(cause: unknown): ErrorCode | undefined {
  const code = sqliteCode(cause);
  if (/^SQLITE_FULL|^ENOSPC$|^EDQUOT$/.test(code)) return 'disk-full';
  if (/^SQLITE_(?:CORRUPT|NOTADB)/.test(code)) return 'home-damaged';
  if (/^SQLITE_(?:READONLY|IOERR|CANTOPEN|PERM|AUTH|BUSY|LOCKED|PROTOCOL|NOMEM)/.test(code))
    return 'home-unusable';
  return code !== '' && !code.startsWith('SQLITE_') && code.startsWith('E') && !code.startsWith('ERR_')
    ? 'home-unusable'
    : undefined;
}

function sqliteCode(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
}
