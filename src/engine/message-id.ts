import type { Bytes } from '../base/index.ts';
import type { MessageId } from '../api/index.ts';
import type { Entropy } from '../crypto/index.ts';

/** The random part of an id, and bits of it that are not used. */
export const MESSAGE_ID_RANDOM_LENGTH = 10;

/** One draw for many ids: asking the system for a few bytes costs as much as for thousands. */
const DRAW_LENGTH = 400 * MESSAGE_ID_RANDOM_LENGTH;

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Makes ids of messages: UUIDv7 (RFC 9562 §5.7), 48 bits of UTC milliseconds and 74 random bits. */
export class MessageIds {
  readonly #entropy: Entropy;
  #drawn: Bytes = new Uint8Array(0);
  #used = 0;
  #wall: number | undefined;
  #time = '';

  constructor(entropy: Entropy) {
    this.#entropy = entropy;
  }

  next(wall: number): MessageId {
    if (this.#used === this.#drawn.length) {
      this.#drawn = this.#entropy.bytes(DRAW_LENGTH);
      this.#used = 0;
    }
    if (wall !== this.#wall) {
      this.#wall = wall;
      this.#time = timePart(wall);
    }
    const random = randomPart(this.#drawn, this.#used);
    this.#used += MESSAGE_ID_RANDOM_LENGTH;
    return (this.#time + random) as MessageId;
  }
}

/** `random`: 10 bytes. */
export function makeMessageId(wall: number, random: Bytes): MessageId {
  return (timePart(wall) + randomPart(random, 0)) as MessageId;
}

function timePart(wall: number): string {
  const time = Math.max(0, Math.floor(wall)).toString(16).padStart(12, '0').slice(-12);
  return `${time.slice(0, 8)}-${time.slice(8)}-`;
}

/** In two pieces of 10 and 12 characters: V8 joins short texts at once, and longer ones piece by piece when they are first read. */
function randomPart(bytes: Bytes, offset: number): string {
  const hex = (index: number, and = 0xff, or = 0): string =>
    HEX[((bytes[offset + index] ?? 0) & and) | or] ?? '';
  const versionAndVariant = `${hex(0, 0x0f, 0x70)}${hex(1)}-${hex(2, 0x3f, 0x80)}${hex(3)}-`;
  return versionAndVariant + (hex(4) + hex(5) + hex(6) + hex(7) + hex(8) + hex(9));
}
