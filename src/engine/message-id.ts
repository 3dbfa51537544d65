import { encodeHex, type Bytes } from '../base/index.ts';
import type { MessageId } from '../api/index.ts';

/** UUIDv7 (RFC 9562 §5.7): 48 bits of UTC milliseconds, then 74 random bits from `dice` (10 bytes). */
export function makeMessageId(wall: number, dice: Bytes): MessageId {
  const bytes = new Uint8Array(16);
  for (let i = 5, rest = Math.max(0, Math.floor(wall)); i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes.set(dice.subarray(0, 10), 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = encodeHex(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join(
    '-',
  ) as MessageId;
}
