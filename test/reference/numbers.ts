import { type Bytes, readInteger } from './bytes.ts';
import { demand } from './refused.ts';

export const MAX_U64: bigint = 2n ** 53n - 1n;

/** A u64 of spec/03. */
export function readU64(bytes: Bytes): bigint {
  const value = readInteger(bytes);
  demand(value <= MAX_U64, 'item-body');
  return value;
}
