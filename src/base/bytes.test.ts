import { describe, expect, test } from 'vitest';
import { compareBytes, decodeHex, decodeUtf8, encodeHex, encodeUtf8, Utf8Pool } from './bytes.ts';
import { Reader, Writer } from './cursor.ts';

describe('bytes', () => {
  test('invalid UTF-8 is refused and a byte order mark is kept (JSN-06)', () => {
    expect(decodeUtf8(Uint8Array.of(0xc0, 0x80))).toBeUndefined();
    expect(decodeUtf8(Uint8Array.of(0xff))).toBeUndefined();
    expect(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41))).toBe('\ufeffA');
  });

  test('hex goes there and back, and half a byte is refused', () => {
    expect(encodeHex(decodeHex('00ff10') ?? new Uint8Array())).toBe('00ff10');
    expect(decodeHex('0')).toBeUndefined();
    expect(decodeHex('zz')).toBeUndefined();
  });

  test('the order is bytewise, the shorter first', () => {
    expect(compareBytes(encodeUtf8('a'), encodeUtf8('b'))).toBeLessThan(0);
    expect(compareBytes(encodeUtf8('a'), encodeUtf8('aa'))).toBeLessThan(0);
    expect(compareBytes(encodeUtf8('Z'), encodeUtf8('a'))).toBeLessThan(0);
  });
});

describe('cursor', () => {
  test('integers are big-endian and whole', () => {
    const bytes = new Writer().u8(1).u16(2).u32(3).u64(Number.MAX_SAFE_INTEGER).lv(Uint8Array.of(9)).finish();
    const reader = new Reader(bytes);
    expect([reader.u8(), reader.u16(), reader.u32(), reader.u64()]).toEqual([
      1,
      2,
      3,
      Number.MAX_SAFE_INTEGER,
    ]);
    expect(reader.lv()).toEqual(Uint8Array.of(9));
    expect(reader.done).toBe(true);
  });

  test('past the end, and past 2^53 - 1, a reader says so and never throws', () => {
    const short = new Reader(Uint8Array.of(1));
    expect(short.u16()).toBe(0);
    expect(short.done).toBe(false);
    const large = new Reader(new Uint8Array(8).fill(0xff));
    expect(large.u64()).toBe(0);
    expect(large.ok).toBe(false);
  });

  test('a value that does not fit is our own bug', () => {
    expect(() => new Writer().u8(256)).toThrow(RangeError);
    expect(() => new Writer().u64(2 ** 53)).toThrow(RangeError);
  });
});

test('texts that share memory are each encoded as alone, and none changes an earlier one', () => {
  const pool = new Utf8Pool();
  const texts = Array.from({ length: 400 }, (_, n) => 'aé€😀'.repeat(n % 200).slice(0, n % 700));
  const whole = texts.filter((text) => text.isWellFormed());
  const encoded = whole.map((text) => pool.encode(text));
  expect(whole.length).toBeGreaterThan(100);
  expect(encoded.map(encodeHex)).toEqual(whole.map((text) => encodeHex(encodeUtf8(text))));
  expect(encoded.some((bytes, n) => bytes.length > 0 && bytes.buffer === encoded[n + 1]?.buffer)).toBe(true);
});
