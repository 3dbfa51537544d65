import {
  failure,
  Reader,
  success,
  unreachable,
  writeInteger,
  Writer,
  type Bytes,
  type Result,
} from '../../base/index.ts';
import { REKEY1_LENGTH, REKEY2_LENGTH } from '../handshake/index.ts';
import { CLOSE_LENGTH, decodeClose, encodeClose, type Close } from './close.ts';
import { decodeReady, encodeReady, READY_LENGTH, type Ready } from './ready.ts';

/** What records carry (spec/03 "Items"): `type u8 || length u16 || body`. */
export type Item =
  | { readonly type: 'ready'; readonly ready: Ready }
  | { readonly type: 'message'; readonly seq: number; readonly envelope: Bytes }
  | { readonly type: 'ack'; readonly ack: Ack }
  /** `value`: 8 bytes that the PONG repeats. */
  | { readonly type: 'ping' | 'pong'; readonly value: Bytes }
  /** `message`: the Noise bytes, 1,248 and 1,152. */
  | { readonly type: 'rekey-1' | 'rekey-2'; readonly message: Bytes }
  /** From its sender's next record on, the new keys. */
  | { readonly type: 'keyswitch' }
  | { readonly type: 'close'; readonly close: Close };

/** Seqs up to `cumulative` are settled; the exceptions are in strictly ascending order, `busy` above it, others not. */
export interface Ack {
  readonly cumulative: number;
  readonly exceptions: readonly AckException[];
}

/** A message that was not stored, and why (spec/05). */
export interface AckException {
  readonly seq: number;
  readonly status: 'refused' | 'busy' | 'unsupported';
}

/** `type u8 || length u16`. */
export const ITEM_HEADER_LENGTH = 3;
/** The seq before a MSG's envelope. */
export const MESSAGE_SEQ_LENGTH = 8;

const TYPES = {
  ready: 0x05,
  message: 0x10,
  ack: 0x11,
  ping: 0x30,
  pong: 0x31,
  'rekey-1': 0x40,
  'rekey-2': 0x41,
  keyswitch: 0x42,
  close: 0x50,
} as const;
const REKEY_LENGTHS = { 'rekey-1': REKEY1_LENGTH, 'rekey-2': REKEY2_LENGTH } as const;
const ACK_STATUSES = { refused: 4, busy: 5, unsupported: 6 } as const;
const ACK_STATUS_NAMES = Object.keys(ACK_STATUSES) as readonly AckException['status'][];
const ACK_CUMULATIVE_LENGTH = 8;
const ACK_EXCEPTION_LENGTH = 9;
const PING_LENGTH = 8;
const NO_BYTES = new Uint8Array(0);

/** The whole item with its header. Values out of range are our own bug and throw. */
export function encodeItem(item: Item): Bytes {
  const bytes = new Uint8Array(itemLength(item));
  writeItem(item, bytes, 0);
  return bytes;
}

/** `encodeItem` in place, where `itemLength` bytes are free; returns the offset behind it. */
export function writeItem(item: Item, target: Bytes, offset: number): number {
  const length = bodyLength(item);
  writeInteger(target, offset, 1, TYPES[item.type]);
  writeInteger(target, offset + 1, 2, length);
  writeBody(item, target, offset + ITEM_HEADER_LENGTH);
  return offset + ITEM_HEADER_LENGTH + length;
}

/** The length of the whole item with its header, without encoding it. */
export function itemLength(item: Item): number {
  return ITEM_HEADER_LENGTH + bodyLength(item);
}

/** Fails with `item-unknown` or `item-body`. The envelope of a MSG is a view of `body`. */
export function decodeItem(type: number, body: Bytes): Result<Item> {
  switch (type) {
    case TYPES.ready:
      return decoded(decodeReady(body), (ready) => ({ type: 'ready', ready }));
    case TYPES.message:
      return decodeMessage(body);
    case TYPES.ack:
      return decoded(decodeAck(body), (ack) => ({ type: 'ack', ack }));
    case TYPES.ping:
    case TYPES.pong:
      if (body.length !== PING_LENGTH) return failure('item-body', 'PING or PONG is malformed');
      return success({ type: type === TYPES.ping ? 'ping' : 'pong', value: body });
    case TYPES['rekey-1']:
      return decodeRekey('rekey-1', body);
    case TYPES['rekey-2']:
      return decodeRekey('rekey-2', body);
    case TYPES.keyswitch:
      return body.length === 0
        ? success({ type: 'keyswitch' })
        : failure('item-body', 'KEYSWITCH is malformed');
    case TYPES.close:
      return decoded(decodeClose(body), (close) => ({ type: 'close', close }));
    default:
      return failure('item-unknown', `item type ${type} is unknown`);
  }
}

/** Messages are many: theirs is written without a detour. */
function writeBody(item: Item, target: Bytes, offset: number): void {
  if (item.type !== 'message') return target.set(encodeBody(item), offset);
  if (item.seq < 1) throw new RangeError('a message has a seq from 1');
  writeInteger(target, offset, MESSAGE_SEQ_LENGTH, item.seq);
  target.set(item.envelope, offset + MESSAGE_SEQ_LENGTH);
}

function encodeBody(item: Exclude<Item, { type: 'message' }>): Bytes {
  switch (item.type) {
    case 'ready':
      return encodeReady(item.ready);
    case 'ack':
      return encodeAck(item.ack);
    case 'ping':
    case 'pong':
      if (item.value.length !== PING_LENGTH) throw new RangeError('a ping has 8 bytes');
      return item.value;
    case 'rekey-1':
    case 'rekey-2':
      if (item.message.length !== REKEY_LENGTHS[item.type])
        throw new RangeError('a rekey message has one length');
      return item.message;
    case 'keyswitch':
      return NO_BYTES;
    case 'close':
      return encodeClose(item.close);
    default:
      return unreachable(item);
  }
}

function bodyLength(item: Item): number {
  switch (item.type) {
    case 'ready':
      return READY_LENGTH;
    case 'message':
      return MESSAGE_SEQ_LENGTH + item.envelope.length;
    case 'ack':
      return ACK_CUMULATIVE_LENGTH + ACK_EXCEPTION_LENGTH * item.ack.exceptions.length;
    case 'ping':
    case 'pong':
      return PING_LENGTH;
    case 'rekey-1':
    case 'rekey-2':
      return REKEY_LENGTHS[item.type];
    case 'keyswitch':
      return 0;
    case 'close':
      return CLOSE_LENGTH;
    default:
      return unreachable(item);
  }
}

function decoded<Value>(result: Result<Value>, toItem: (value: Value) => Item): Result<Item> {
  return result.ok ? success(toItem(result.value)) : result;
}

function decodeMessage(body: Bytes): Result<Item> {
  const reader = new Reader(body);
  const seq = reader.u64();
  if (seq < 1) return failure('item-body', 'MSG is malformed');
  return success({ type: 'message', seq, envelope: reader.rest() });
}

function decodeRekey(type: 'rekey-1' | 'rekey-2', body: Bytes): Result<Item> {
  if (body.length !== REKEY_LENGTHS[type]) return failure('item-body', 'REKEY1 or REKEY2 is malformed');
  return success({ type, message: body });
}

function encodeAck(ack: Ack): Bytes {
  if (!isOrdered(ack)) throw new RangeError('the exceptions of an ACK are not in order');
  const writer = new Writer().u64(ack.cumulative);
  for (const { seq, status } of ack.exceptions) writer.u64(seq).u8(ACK_STATUSES[status]);
  return writer.finish();
}

function decodeAck(body: Bytes): Result<Ack> {
  const reader = new Reader(body);
  const cumulative = reader.u64();
  const exceptions: AckException[] = [];
  while (reader.ok && reader.remaining > 0) {
    const seq = reader.u64();
    const number = reader.u8();
    const status = ACK_STATUS_NAMES.find((name) => ACK_STATUSES[name] === number);
    if (status === undefined) return failure('item-body', 'ACK has an unknown status');
    exceptions.push({ seq, status });
  }
  const ack = { cumulative, exceptions };
  return reader.done && isOrdered(ack) ? success(ack) : failure('item-body', 'ACK is malformed');
}

function isOrdered({ cumulative, exceptions }: Ack): boolean {
  let previous = 0;
  for (const { seq, status } of exceptions) {
    if (seq <= previous || (status === 'busy') !== seq > cumulative) return false;
    previous = seq;
  }
  return true;
}
