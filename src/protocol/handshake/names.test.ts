import { assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { encodeUtf8, type Bytes } from '../../base/index.ts';
import { decodeNames, encodeNames, NAMES_LENGTH, parseUsername, usernameBytes } from './names.ts';

const codeOf = (bytes: Bytes): string => {
  const parsed = decodeNames(bytes);
  return parsed.ok ? 'ok' : parsed.failure.code;
};

test('a user name is 1 to 64 bytes of UTF-8 in NFC without controls (DIR)', () => {
  expect(parseUsername(encodeUtf8('Zoë'))).toEqual({ ok: true, value: 'Zoë' });
  expect(parseUsername(encodeUtf8('ä'.repeat(32))).ok).toBe(true);
  for (const bad of ['', 'ä'.repeat(33), 'Zoe\u0308', 'a\u0000', 'a\u0085b', 'a\tb', '\u007f']) {
    expect({ bad, ok: parseUsername(encodeUtf8(bad)).ok }).toEqual({ bad, ok: false });
  }
  expect(parseUsername(Uint8Array.of(0xff)).ok).toBe(false);
});

test('two names of any length take the same 132 bytes and come back', () => {
  const name = string({ minLength: 1, maxLength: 16, unit: 'grapheme' })
    .map((text) => text.normalize('NFC'))
    .filter((text) => parseUsername(encodeUtf8(text)).ok);
  assert(
    property(name, name, (nameI, nameR) => {
      const bytes = encodeNames(usernameBytes(nameI), usernameBytes(nameR));
      const parsed = decodeNames(bytes);
      return (
        bytes.length === NAMES_LENGTH &&
        parsed.ok &&
        parsed.value.nameI === nameI &&
        parsed.value.nameR === nameR
      );
    }),
  );
});

test('padding that is not zero, lengths past the end and empty names are refused (FRM-05)', () => {
  const good = encodeNames(encodeUtf8('alice'), encodeUtf8('bob'));
  expect(codeOf(good)).toBe('ok');
  for (const [index, value] of [
    [131, 1],
    [12, 1],
    [0, 0xff],
    [1, 0],
    [8, 65],
    [2, 0],
    [2, 0xff],
  ] as const) {
    const bad = good.slice();
    bad[index] = value;
    expect([index, value, codeOf(bad)]).toEqual([index, value, 'handshake-names']);
  }
  expect(codeOf(good.subarray(0, 6))).toBe('handshake-names');
});

test('a name of our own that is not well-formed is our bug', () => {
  expect(() => usernameBytes('')).toThrow('unchecked');
});
