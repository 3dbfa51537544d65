export type Bytes = Uint8Array;

export const hex = (bytes: Bytes): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

export const unhex = (text: string): Bytes =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

export const utf8 = (text: string): Bytes => Uint8Array.from(new TextEncoder().encode(text));

/** The text, or undefined when the bytes are not UTF-8. A byte order mark stays in the text. */
export function fromUtf8(bytes: Bytes): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

export const zeros = (length: number): Bytes => new Uint8Array(length);

export function concat(...parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const equal = (a: Bytes, b: Bytes): boolean => hex(a) === hex(b);

/** −1, 0 or 1: the order of the bytes, the shorter one first when one begins the other. */
export function compare(a: Bytes, b: Bytes): number {
  return hex(a) === hex(b) ? 0 : hex(a) < hex(b) ? -1 : 1;
}

/** An unsigned big-endian integer of so many bytes. */
export const integer = (value: number | bigint, length: number): Bytes =>
  unhex(
    BigInt(value)
      .toString(16)
      .padStart(2 * length, '0'),
  );

export const u8 = (value: number): Bytes => integer(value, 1);
export const u16 = (value: number): Bytes => integer(value, 2);
export const u32 = (value: number): Bytes => integer(value, 4);
export const u64 = (value: number | bigint): Bytes => integer(value, 8);

export const readInteger = (bytes: Bytes): bigint => BigInt(`0x${hex(bytes)}`);

export const littleEndian = (bytes: Bytes): bigint => readInteger(Uint8Array.from(bytes).reverse());

/** spec/02: each part after its length as u16. */
export const lv = (...parts: readonly Bytes[]): Bytes =>
  concat(...parts.flatMap((part) => [u16(part.length), part]));

/** spec/04: the part after its length as u32. */
export const lv32 = (part: Bytes): Bytes => concat(u32(part.length), part);

/** CPace's lv_cat: each part after its length in LEB128. */
export const lvCat = (...parts: readonly Bytes[]): Bytes =>
  concat(...parts.flatMap((part) => [leb128(part.length), part]));

function leb128(value: number): Bytes {
  return value < 128 ? u8(value) : concat(u8((value % 128) + 128), leb128(Math.floor(value / 128)));
}

/** Cuts bytes into pieces of these lengths, which must be all of it. */
export function cut(bytes: Bytes, ...lengths: readonly number[]): Bytes[] {
  let at = 0;
  const pieces = lengths.map((length) => bytes.slice(at, (at += length)));
  if (at !== bytes.length) throw new Error(`${bytes.length} bytes are not ${at}`);
  return pieces;
}
