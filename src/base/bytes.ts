// The Encoding Standard's two classes exist in every JavaScript host; the pure folders see no other global of a host.
declare const TextEncoder: new () => {
  encode(text: string): Uint8Array<ArrayBuffer>;
  encodeInto(text: string, target: Uint8Array): { readonly written: number };
};
declare const TextDecoder: new (
  label: 'utf-8',
  options: { readonly fatal: true; readonly ignoreBOM: true },
) => { decode(bytes: Uint8Array): string };

/** Bytes in memory of our own. */
export type Bytes = Uint8Array;

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 of a well-formed string. A lone surrogate would silently become U+FFFD: check `isWellFormed()` at the border. */
export function encodeUtf8(text: string): Bytes {
  return encoder.encode(text);
}

const POOL_LENGTH = 8_192;
const POOLED_LENGTH_MAX = POOL_LENGTH / 4;
/** No character of a JavaScript string, which is UTF-16, needs more bytes of UTF-8. */
const UTF8_LENGTH_MAX = 3;

/**
 * `encodeUtf8` for many short texts, which share memory: an array of its own for each costs twice as much. A text that is kept
 * keeps 8 KiB.
 */
export class Utf8Pool {
  #free: Bytes = new Uint8Array(0);

  encode(text: string): Bytes {
    const lengthMax = UTF8_LENGTH_MAX * text.length;
    if (lengthMax > POOLED_LENGTH_MAX) return encodeUtf8(text);
    if (lengthMax > this.#free.length) this.#free = new Uint8Array(POOL_LENGTH);
    const { written } = encoder.encodeInto(text, this.#free);
    const bytes = this.#free.subarray(0, written);
    this.#free = this.#free.subarray(written);
    return bytes;
  }
}

/** The string, or undefined when the bytes are not valid UTF-8. A byte order mark is kept as U+FEFF. */
export function decodeUtf8(bytes: Bytes): string | undefined {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return undefined;
  }
}

export function concatBytes(...parts: readonly Bytes[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Equality of public values. It leaks timing: tags and secrets are compared by `Primitives.equalConstantTime`. */
export function equalBytes(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

/** Bytewise order, as memcmp with the shorter first: negative, zero or positive. */
export function compareBytes(a: Bytes, b: Bytes): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function encodeHex(bytes: Bytes): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** The bytes, or undefined unless the text is an even number of hex digits (either case). */
export function decodeHex(text: string): Bytes | undefined {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** Overwrites a secret in place, as far as JavaScript can: copies that the engine made stay behind. */
export function wipe(...secrets: readonly (Bytes | undefined)[]): void {
  for (const secret of secrets) secret?.fill(0);
}
