import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeyDecoder, type Key } from './keys.ts';

const BEGIN = '\u001b[200~';
const END = '\u001b[201~';

function decode(...chunks: readonly string[]): readonly Key[] {
  const decoder = new KeyDecoder();
  return chunks.flatMap((chunk) => decoder.decode(chunk));
}

test('text, controls and sequences become keys', () => {
  expect(decode('hé\r\u001b[A\u001b[1;5D\u0001')).toEqual([
    { type: 'text', text: 'hé' },
    { type: 'key', name: 'enter' },
    { type: 'key', name: 'up' },
    { type: 'key', name: 'word-left' },
    { type: 'key', name: 'home' },
  ]);
});

test('a sequence split between chunks is one key, and unknown sequences are nothing', () => {
  expect(decode('\u001b[', 'A')).toEqual([{ type: 'key', name: 'up' }]);
  expect(decode('a\u001b[1;2Pb\u001b[?62c')).toEqual([
    { type: 'text', text: 'a' },
    { type: 'text', text: 'b' },
  ]);
});

describe('paste', () => {
  test('is one key with line feeds, however it is cut into chunks (TUI-09)', () => {
    const input = `${BEGIN}one\r\ntwo\rthree${END}x`;
    fc.assert(
      fc.property(fc.array(fc.nat(input.length), { maxLength: 6 }), (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), input.length];
        const chunks = edges.slice(1).map((edge, i) => input.slice(edges[i], edge));
        const keys = decode(...chunks.filter((chunk) => chunk !== ''));
        expect(keys.filter((key) => key.type === 'paste').map((key) => key.text)).toEqual([
          'one\ntwo\nthree',
        ]);
        expect(keys.some((key) => key.type === 'key')).toBe(false);
      }),
    );
  });

  test('with an end mark inside presses no Enter (TUI-09)', () => {
    expect(decode(`${BEGIN}harmless${END}\rrm -rf\r${END}`)).toEqual([
      { type: 'paste', text: 'harmless\nrm -rf\n', length: expect.any(Number) as number },
    ]);
    expect(decode(`${BEGIN}harmless${END}rm -rf\r${END}`)).toEqual([
      { type: 'paste', text: 'harmlessrm -rf\n', length: expect.any(Number) as number },
    ]);
    expect(decode(`${BEGIN}harmless${END}\rrm -rf\r`).filter((key) => key.type === 'key')).toEqual([]);
  });

  test('followed by Enter alone is sent', () => {
    expect(decode(`${BEGIN}a${END}\r`).at(-1)).toEqual({ type: 'key', name: 'enter' });
  });

  test('of 1 MB keeps 64 KiB and counts the rest', () => {
    const [key] = decode(BEGIN, ...Array.from({ length: 16 }, () => 'x'.repeat(65_536)), END);
    expect(key).toMatchObject({ type: 'paste', length: 1_048_576 });
    expect(key?.type === 'paste' && key.text.length).toBe(65_536);
  });
});

test('no input makes the decoder throw or loop', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string({ unit: fc.constantFrom('\u001b', '[', 'O', '2', '0', '~', '\r', 'a', BEGIN, END) }),
      ),
      (chunks) => {
        decode(...chunks);
      },
    ),
  );
});
