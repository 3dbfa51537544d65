import { type Bytes, zeros } from './bytes.ts';
import { expand } from './hash.ts';
import { seal } from './noise.ts';

// spec/03 "Keys" and "The record key by itself".

export const KEY_NAMES = ['rec I>R', 'rec R>I', 'enc I>R', 'enc R>I', 'mac I>R', 'mac R>I', 'rekey'] as const;

export type Keys = Readonly<Record<(typeof KEY_NAMES)[number], Bytes>>;

export const sessionKeys = (ss: Bytes): Keys =>
  Object.fromEntries(KEY_NAMES.map((name) => [name, expand(ss, name, 32)])) as Keys;

/** Noise's REKEY. */
export const nextRecordKey = (key: Bytes): Bytes =>
  seal(key, 2n ** 64n - 1n, zeros(0), zeros(32)).slice(0, 32);

/** The key of record n, from that of record 0. */
export function recordKey(first: Bytes, n: bigint): Bytes {
  let key = first;
  for (let j = 0n; j < n / 2n ** 16n; j++) key = nextRecordKey(key);
  return key;
}
