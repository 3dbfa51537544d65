import { failure, Reader, success, Writer, type Bytes, type Result } from '../../base/index.ts';

const CODES = {
  done: 0,
  duplicate: 1,
  'going-down': 2,
  'bad-envelope': 3,
  'protocol-error': 4,
  'key-pending': 5,
  refused: 6,
  'rolled-back': 7,
} as const;

/** Why a side ends the session. */
export type CloseCode = keyof typeof CODES;

/** The authenticated end of one direction (spec/03 "End"). */
export interface Close {
  readonly code: CloseCode;
  /** The highest seq that its sender sent in this session; 0 when none. */
  readonly lastSeq: number;
}

/** `code u16 || last_seq u64`. */
export const CLOSE_LENGTH = 10;

const CODE_NAMES = Object.keys(CODES) as readonly CloseCode[];

/** The body of a CLOSE item. */
export function encodeClose(close: Close): Bytes {
  return new Writer().u16(CODES[close.code]).u64(close.lastSeq).finish();
}

/** Fails with item-body. */
export function decodeClose(body: Bytes): Result<Close> {
  const reader = new Reader(body);
  const number = reader.u16();
  const lastSeq = reader.u64();
  const code = CODE_NAMES.find((name) => CODES[name] === number);
  if (code === undefined || !reader.done) return failure('item-body', 'CLOSE is malformed');
  return success({ code, lastSeq });
}
