import { type Bytes, concat, readInteger, u16, u8, zeros } from './bytes.ts';
import { recordKey } from './keys.ts';
import { open, seal } from './noise.ts';
import { demand } from './refused.ts';

// spec/03 "Records".

export interface RawItem {
  readonly type: number;
  readonly body: Bytes;
}

export const writeItem = (item: RawItem): Bytes => concat(u8(item.type), u16(item.body.length), item.body);

/** How long the plaintext is for so many bytes of items. */
export function paddedLength(items: number): number {
  if (items > 57_344) throw new RangeError('more items than a record takes');
  if (items > 8192) return Math.ceil(items / 8192) * 8192;
  let length = 512;
  while (length < items) length *= 2;
  return length;
}

export function padded(items: readonly RawItem[]): Bytes {
  const bytes = concat(...items.map(writeItem));
  return concat(bytes, zeros(paddedLength(bytes.length) - bytes.length));
}

/** `key` is the record key of the direction for record 0. */
export const sealRecord = (key: Bytes, n: bigint, plaintext: Bytes): Bytes =>
  seal(recordKey(key, n), n, zeros(0), plaintext);

/** The receiver's checks 1 to 3. */
export function openRecord(key: Bytes, n: bigint, body: Bytes): RawItem[] {
  demand(n < 2n ** 53n - 1n, 'counter-exhausted');
  const plaintext = open(recordKey(key, n), n, zeros(0), body);
  demand(plaintext !== undefined, 'record-decrypt');
  return readItems(plaintext);
}

export function readItems(plaintext: Bytes): RawItem[] {
  const items: RawItem[] = [];
  let at = 0;
  while (at < plaintext.length && plaintext[at] !== 0) {
    demand(at + 3 <= plaintext.length, 'record-structure');
    const type = Number(readInteger(plaintext.slice(at, at + 1)));
    const length = Number(readInteger(plaintext.slice(at + 1, at + 3)));
    demand(at + 3 + length <= plaintext.length, 'record-structure');
    items.push({ type, body: plaintext.slice(at + 3, at + 3 + length) });
    at += 3 + length;
  }
  const onlyZeros = plaintext.slice(at).every((byte) => byte === 0);
  demand(onlyZeros && items.length > 0, 'record-structure');
  return items;
}
