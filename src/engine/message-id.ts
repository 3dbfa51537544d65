import type { Bytes } from '../base/index.ts';
import type { MessageId } from '../api/index.ts';
import type { Entropy } from '../crypto/index.ts';

const RANDOM_LENGTH = 10;
/** One draw for many ids: asking the system for a few bytes costs as much as for thousands. */
const DRAW_LENGTH = 400 * RANDOM_LENGTH;

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Makes ids of messages: UUIDv7 (RFC 9562 §5.7), 48 bits of UTC milliseconds and 74 random bits. */
export class MessageIds {
  readonly #entropy: Entropy;
  #drawn: Bytes = new Uint8Array(0);
  #used = 0;

  constructor(entropy: Entropy) {
    this.#entropy = entropy;
  }

  next(wall: number): MessageId {
    if (this.#used === this.#drawn.length) {
      this.#drawn = this.#entropy.bytes(DRAW_LENGTH);
      this.#used = 0;
    }
    const random = this.#drawn.subarray(this.#used, (this.#used += RANDOM_LENGTH));
    return makeMessageId(wall, random);
  }
}

/** `random`: 10 bytes. */
export function makeMessageId(wall: number, random: Bytes): MessageId {
  const time = Math.max(0, Math.floor(wall)).toString(16).padStart(12, '0').slice(-12);
  const hex = (index: number, and = 0xff, or = 0): string => HEX[((random[index] ?? 0) & and) | or] ?? '';
  const version = hex(0, 0x0f, 0x70) + hex(1);
  const variant = hex(2, 0x3f, 0x80) + hex(3);
  const rest = hex(4) + hex(5) + hex(6) + hex(7) + hex(8) + hex(9);
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${variant}-${rest}` as MessageId;
}
