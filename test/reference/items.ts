import { type Bytes, concat, cut, readInteger, u16, u64, u8, zeros } from './bytes.ts';
import { readU64 } from './numbers.ts';
import { type Ready, readReady, writeReady } from './ready.ts';
import type { RawItem } from './records.ts';
import { demand, Refused } from './refused.ts';

// spec/03 "Items".

export interface Exception {
  readonly seq: bigint;
  readonly status: number;
}

export type Item =
  | { readonly type: 'READY'; readonly ready: Ready }
  | { readonly type: 'MSG'; readonly seq: bigint; readonly envelope: Bytes }
  | { readonly type: 'ACK'; readonly cumulative: bigint; readonly exceptions: readonly Exception[] }
  | { readonly type: 'PING' | 'PONG'; readonly bytes: Bytes }
  | { readonly type: 'REKEY1' | 'REKEY2'; readonly message: Bytes }
  | { readonly type: 'KEYSWITCH' }
  | { readonly type: 'CLOSE'; readonly code: number; readonly lastSeq: bigint };

export const TYPES = {
  READY: 0x05,
  MSG: 0x10,
  ACK: 0x11,
  PING: 0x30,
  PONG: 0x31,
  REKEY1: 0x40,
  REKEY2: 0x41,
  KEYSWITCH: 0x42,
  CLOSE: 0x50,
} as const;

export const writeItemBody = (item: Item): RawItem => ({ type: TYPES[item.type], body: bodyOf(item) });

function bodyOf(item: Item): Bytes {
  switch (item.type) {
    case 'READY':
      return writeReady(item.ready);
    case 'MSG':
      return concat(u64(item.seq), item.envelope);
    case 'ACK':
      return concat(
        u64(item.cumulative),
        ...item.exceptions.map(({ seq, status }) => concat(u64(seq), u8(status))),
      );
    case 'PING':
    case 'PONG':
      return item.bytes;
    case 'REKEY1':
    case 'REKEY2':
      return item.message;
    case 'KEYSWITCH':
      return zeros(0);
    case 'CLOSE':
      return concat(u16(item.code), u64(item.lastSeq));
  }
}

/** The receiver's check 4, for one item. */
export function readItem({ type, body }: RawItem): Item {
  switch (type) {
    case TYPES.READY:
      return { type: 'READY', ready: readReady(ofLength(body, 86)) };
    case TYPES.MSG:
      return readMessage(body);
    case TYPES.ACK:
      return readAck(body);
    case TYPES.PING:
      return { type: 'PING', bytes: ofLength(body, 8) };
    case TYPES.PONG:
      return { type: 'PONG', bytes: ofLength(body, 8) };
    case TYPES.REKEY1:
      return { type: 'REKEY1', message: ofLength(body, 1248) };
    case TYPES.REKEY2:
      return { type: 'REKEY2', message: ofLength(body, 1152) };
    case TYPES.KEYSWITCH:
      ofLength(body, 0);
      return { type: 'KEYSWITCH' };
    case TYPES.CLOSE:
      return readClose(ofLength(body, 10));
    default:
      throw new Refused('item-unknown');
  }
}

function ofLength(body: Bytes, length: number): Bytes {
  demand(body.length === length, 'item-body');
  return body;
}

function readMessage(body: Bytes): Item {
  demand(body.length >= 8, 'item-body');
  const seq = readU64(body.slice(0, 8));
  demand(seq >= 1n, 'item-body');
  return { type: 'MSG', seq, envelope: body.slice(8) };
}

function readAck(body: Bytes): Item {
  demand(body.length >= 8 && (body.length - 8) % 9 === 0, 'item-body');
  const cumulative = readU64(body.slice(0, 8));
  const exceptions: Exception[] = [];
  for (let at = 8; at < body.length; at += 9) {
    const seq = readU64(body.slice(at, at + 8));
    const status = Number(readInteger(body.slice(at + 8, at + 9)));
    demand(seq > (exceptions.at(-1)?.seq ?? 0n), 'item-body');
    const isSettled = status === 4 || status === 6;
    demand(isSettled ? seq <= cumulative : status === 5 && seq > cumulative, 'item-body');
    exceptions.push({ seq, status });
  }
  return { type: 'ACK', cumulative, exceptions };
}

function readClose(body: Bytes): Item {
  const [code, lastSeq] = cut(body, 2, 8) as [Bytes, Bytes];
  demand(readInteger(code) <= 7n, 'item-body');
  return { type: 'CLOSE', code: Number(readInteger(code)), lastSeq: readU64(lastSeq) };
}
