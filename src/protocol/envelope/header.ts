import { failure, success, type Bytes, type Result } from '../../base/index.ts';
import { isMessageId } from './message-id.ts';

/** spec/04 "Limits". A longer text is refused by the session, not by the envelope. */
export const TEXT_BYTES_MAX: number = 32 * 1024;
/** What is encrypted: a text, or the JSON of another type of message. */
export const PLAINTEXT_BYTES_MAX: number = 40 * 1024;
/** A padded record's 57,344 bytes less the item's header (3) and the seq (8). */
export const ENVELOPE_BYTES_MAX = 57_333;

/** What an envelope says about its message; its bytes are authenticated but, inside the record, not hidden. */
export interface EnvelopeHeader {
  /** The sender's UTC clock when the message was written, ms since 1970: 0..8.64e15. */
  readonly timestamp: number;
  /** Lower-case UUID. */
  readonly id: string;
  /** 1..2^53 − 1, and equal to the seq of the MSG item. */
  readonly seq: number;
  /** What the plaintext is: `text` is UTF-8 text, any other type a JSON object. */
  readonly type: string;
  /** Lower-case UUID. */
  readonly replyTo?: string;
  /** Lower-case UUID. */
  readonly group?: string;
  /** ms since 1970: 0..8.64e15. */
  readonly expires?: number;
}

/** What a MSG item carries: an envelope and the seq before it. */
export interface SealedEnvelope {
  readonly seq: number;
  readonly envelope: Bytes;
}

/** ECMAScript's last date; every language's 64-bit integer and double holds it. */
export const TIME_MAX = 8.64e15;
export const CRC_MAX = 0xffff_ffff;
const TYPE = /^[a-z][a-z0-9-]{0,31}$/;

/** Fails with `envelope-range` at the first field that is out of its range, in the order of the layout. */
export function checkHeaderRanges(header: EnvelopeHeader): Result<void> {
  if (!isTime(header.timestamp)) return outOfRange('timestamp');
  if (!isMessageId(header.id)) return outOfRange('id');
  if (!Number.isSafeInteger(header.seq) || header.seq < 1) return outOfRange('seq');
  if (!TYPE.test(header.type)) return outOfRange('type');
  if (header.replyTo !== undefined && !isMessageId(header.replyTo)) return outOfRange('reply_to');
  if (header.group !== undefined && !isMessageId(header.group)) return outOfRange('group');
  if (header.expires !== undefined && !isTime(header.expires)) return outOfRange('expires');
  return success(undefined);
}

/** The header's bytes as text, from its `{` to its `}`; the ranges were checked, so nothing needs an escape. */
export function encodeHeader(header: EnvelopeHeader, crc: number): string {
  const { timestamp, id, seq, type, replyTo, group, expires } = header;
  const required = `{"crc":${crc},"timestamp":${timestamp},"id":"${id}","seq":${seq},"type":"${type}"`;
  const isPlain = replyTo === undefined && group === undefined && expires === undefined;
  return isPlain ? `${required}}` : `${required}${encodeOptional(header)}}`;
}

function encodeOptional({ replyTo, group, expires }: EnvelopeHeader): string {
  return [
    replyTo === undefined ? '' : `,"reply_to":"${replyTo}"`,
    group === undefined ? '' : `,"group":"${group}"`,
    expires === undefined ? '' : `,"expires":${expires}`,
  ].join('');
}

function outOfRange(field: string): Result<never> {
  return failure('envelope-range', `${field} is out of its range`);
}

function isTime(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= TIME_MAX;
}
