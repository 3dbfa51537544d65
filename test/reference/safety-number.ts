import { type Bytes, compare, concat, lv, readInteger, utf8 } from './bytes.ts';
import { sha256 } from './hash.ts';

/** spec/08 "Safety numbers": 60 digits. */
export function safetyNumber(mine: readonly [string, Bytes], peer: readonly [string, Bytes]): string {
  const [first, second] = [mine, peer].map(([user, key]) => lv(utf8(user), key)).sort(compare) as [
    Bytes,
    Bytes,
  ];
  const hash = sha256(concat(utf8('sotto/1 fp'), first, second));
  return (readInteger(hash) % 10n ** 60n).toString().padStart(60, '0');
}
