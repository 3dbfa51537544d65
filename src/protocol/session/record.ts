import {
  CodedError,
  failure,
  success,
  wipe,
  type Bytes,
  type Failure,
  type Result,
} from '../../base/index.ts';
import type { Aead, Primitives } from '../../crypto/index.ts';
import { allocateFrame, FRAME_HEADER_LENGTH } from '../wire/index.ts';
import { decodeItem, ITEM_HEADER_LENGTH, itemLength, writeItem, type Item } from './item.ts';

/** spec/03 "Records": a frame's 65,535 bytes less the 16 of the tag. */
export const RECORD_PLAINTEXT_MAX = 65_519;
/** The most that a padded record's items may need: the largest multiple of 8 KiB that still fits a frame. */
export const RECORD_ITEMS_MAX = 57_344;
/** Both sides change the record key of a direction after each 2^16 records of it. */
export const SYMMETRIC_REKEY_RECORDS = 65_536;

const PADDED_MIN = 512;
const PADDED_STEP = 8192;
const KEY_LENGTH = 32;
const TAG_LENGTH = 16;
const NO_BYTES = new Uint8Array(0);
const REKEY_NONCE = Uint8Array.of(0, 0, 0, 0, ...new Uint8Array(8).fill(0xff));

/** How long the plaintext of a record with items of this length in all is. Nothing fits beyond 57,344: our own bug. */
export function paddedLength(itemsLength: number): number {
  if (itemsLength > RECORD_ITEMS_MAX) throw new RangeError(`${itemsLength} bytes do not fit a record`);
  if (itemsLength > PADDED_STEP) return Math.ceil(itemsLength / PADDED_STEP) * PADDED_STEP;
  let length = PADDED_MIN;
  while (length < itemsLength) length *= 2;
  return length;
}

/** Seals the records of one direction, in order. The key is imported: its bytes stay the caller's to wipe. */
export class RecordSealer {
  readonly #cipher: DirectionCipher;
  /** All zeros between two calls; as large as the largest record was. */
  #scratch: Bytes = new Uint8Array(PADDED_MIN);

  /** `count` is how many records this direction has had; the key is the one in force there. */
  constructor(
    primitives: Primitives,
    key: Bytes,
    count = 0,
    symmetricRecords: number = SYMMETRIC_REKEY_RECORDS,
  ) {
    this.#cipher = new DirectionCipher(primitives, key, count, symmetricRecords);
  }

  get count(): number {
    return this.#cipher.count;
  }

  /**
   * The frame that carries the items, padded. No items, or more than 57,344 bytes of them, are our own bug and throw;
   * so does a counter at its limit (`counter-exhausted`).
   */
  sealFrame(items: readonly Item[]): Bytes {
    if (items.length === 0) throw new RangeError('a record carries an item at least');
    if (this.#cipher.isExhausted) throw new CodedError(exhausted().failure);
    let itemsLength = 0;
    for (const item of items) itemsLength += itemLength(item);
    const length = paddedLength(itemsLength);
    if (length > this.#scratch.length) this.#scratch = new Uint8Array(length);
    let end = 0;
    for (const item of items) end = writeItem(item, this.#scratch, end);
    const frame = allocateFrame(length + TAG_LENGTH);
    this.#cipher.sealInto(frame, FRAME_HEADER_LENGTH, this.#scratch.subarray(0, length));
    this.#scratch.fill(0, 0, end);
    return frame;
  }

  /** The body alone of `sealFrame`. */
  seal(items: readonly Item[]): Bytes {
    return this.sealFrame(items).subarray(FRAME_HEADER_LENGTH);
  }

  /** Forgets the key; the sealer is of no use afterwards. */
  wipe(): void {
    this.#cipher.wipe();
  }
}

/** Opens the records of one direction, in order. The first failure is final: the connection closes. */
export class RecordOpener {
  readonly #cipher: DirectionCipher;

  /** As `RecordSealer`. */
  constructor(
    primitives: Primitives,
    key: Bytes,
    count = 0,
    symmetricRecords: number = SYMMETRIC_REKEY_RECORDS,
  ) {
    this.#cipher = new DirectionCipher(primitives, key, count, symmetricRecords);
  }

  get count(): number {
    return this.#cipher.count;
  }

  /**
   * The record's items, all of them or none. Fails with `counter-exhausted`, `record-decrypt`, `record-structure`,
   * `item-unknown` or `item-body`.
   */
  open(body: Bytes): Result<readonly Item[]> {
    if (this.#cipher.isExhausted) return exhausted();
    const plaintext = this.#cipher.open(body);
    if (plaintext === undefined) return failure('record-decrypt', 'the record does not decrypt');
    const parts = splitItems(plaintext);
    if (parts === undefined) return failure('record-structure', 'the record is not whole items and zeros');
    const items: Item[] = [];
    for (const part of parts) {
      const item = decodeItem(part.type, part.body);
      if (!item.ok) return item;
      items.push(item.value);
    }
    return success(items);
  }

  /** Forgets the key; the opener is of no use afterwards. */
  wipe(): void {
    this.#cipher.wipe();
  }
}

/** Type 0 ends the items and only zeros follow; undefined when that is not so or there is no item. */
function splitItems(
  plaintext: Bytes,
): readonly { readonly type: number; readonly body: Bytes }[] | undefined {
  const parts: { readonly type: number; readonly body: Bytes }[] = [];
  let offset = 0;
  for (let type = plaintext[0] ?? 0; type !== 0; type = plaintext[offset] ?? 0) {
    const bodyOffset = offset + ITEM_HEADER_LENGTH;
    const length = ((plaintext[offset + 1] ?? 0) << 8) | (plaintext[offset + 2] ?? 0);
    if (bodyOffset + length > plaintext.length) return undefined;
    parts.push({ type, body: plaintext.subarray(bodyOffset, bodyOffset + length) });
    offset = bodyOffset + length;
  }
  return parts.length === 0 || !isZeroFrom(plaintext, offset) ? undefined : parts;
}

/** A loop: `some` calls a function for each of up to 8 KiB. */
function isZeroFrom(bytes: Bytes, offset: number): boolean {
  for (let i = offset; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** The key and the counter of one direction: nonce = 4 zeros || n as little-endian u64, n runs on over a rekey. */
class DirectionCipher {
  readonly #primitives: Primitives;
  readonly #rekeyRecords: number;
  readonly #nonce = new Uint8Array(12);
  readonly #nonceNumbers = new DataView(this.#nonce.buffer);
  #aead: Aead | undefined;
  #count: number;

  constructor(primitives: Primitives, key: Bytes, count: number, rekeyRecords: number) {
    this.#rekeyRecords = rekeyRecords;
    this.#primitives = primitives;
    this.#aead = primitives.chaCha20Poly1305(key);
    this.#count = count;
  }

  get count(): number {
    return this.#count;
  }
  /** Far below 2^64 − 1, which belongs to the rekey, and where a double still counts by one. */
  get isExhausted(): boolean {
    return this.#count >= Number.MAX_SAFE_INTEGER;
  }

  sealInto(target: Bytes, offset: number, plaintext: Bytes): void {
    this.#live().sealInto(target, offset, this.#nextNonce(), plaintext);
    this.#advance();
  }
  open(sealed: Bytes): Bytes | undefined {
    const plaintext = this.#live().open(this.#nextNonce(), NO_BYTES, sealed);
    if (plaintext !== undefined) this.#advance();
    return plaintext;
  }
  wipe(): void {
    this.#aead = undefined;
  }

  /** The same array at each call. */
  #nextNonce(): Bytes {
    this.#nonceNumbers.setUint32(4, this.#count % 2 ** 32, true);
    this.#nonceNumbers.setUint32(8, Math.floor(this.#count / 2 ** 32), true);
    return this.#nonce;
  }
  #live(): Aead {
    if (this.#aead === undefined) throw new Error('the record key was wiped');
    return this.#aead;
  }
  #advance(): void {
    this.#count += 1;
    if (this.#count % this.#rekeyRecords !== 0) return;
    // Noise §11.3 REKEY(k).
    const output = this.#live().seal(REKEY_NONCE, NO_BYTES, new Uint8Array(KEY_LENGTH));
    this.#aead = this.#primitives.chaCha20Poly1305(output.subarray(0, KEY_LENGTH));
    wipe(output);
  }
}

function exhausted(): { readonly ok: false; readonly failure: Failure } {
  return failure('counter-exhausted', 'the record counter reached its limit');
}
