import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { PeerText } from './peer-text.ts';
import { toJsonLine, toSafeLine, toSafeText } from './safe-text.ts';

/** Written out by hand from the catalogue and the Unicode charts, so that it shares no rule with the allow-list. */
const UNSAFE_RANGES: readonly (readonly [number, number])[] = [
  [0x00, 0x09],
  [0x0b, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xd800, 0xdfff],
  [0xe000, 0xf8ff],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffc],
  [0x1bca0, 0x1bca3],
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe0fff],
  [0xf0000, 0x10ffff],
];
const isUnsafe = (code: number): boolean =>
  UNSAFE_RANGES.some(([first, last]) => code >= first && code <= last) ||
  /^[\p{C}\p{Zl}\p{Zp}]$/u.test(String.fromCodePoint(code));

describe('every code point there is', () => {
  test('no unsafe one of the 1,114,112 survives alone, between letters or at the end (TUI-01, TUI-02, TUI-03)', () => {
    let survivors = 0;
    let marked = 0;
    for (let code = 0; code <= 0x10ffff; code++) {
      if (code === 0x0a) continue;
      const char = String.fromCodePoint(code);
      const safe = toSafeText(`a${char}b`);
      const unsafe = isUnsafe(code);
      if (unsafe && (safe.includes(char) || toSafeText(char).includes(char))) survivors += 1;
      if (unsafe && safe !== `a${char}b`) marked += 1;
      if (toSafeLine(safe) !== safe) survivors += 1;
    }
    expect(survivors).toBe(0);
    expect(marked).toBeGreaterThan(800_000);
  });

  test('none survives in a line of JSON either, and the value comes back exactly (TUI-11)', () => {
    for (let start = 0; start <= 0x10ffff; start += 0x100) {
      let text = '';
      for (let code = start; code < start + 0x100; code++) text += `a${String.fromCodePoint(code)}`;
      const line = toJsonLine({ text });
      expect(JSON.parse(line)).toEqual({ text });
      const survivor = Array.from(line).find((char) => isUnsafe(char.codePointAt(0) ?? 0));
      expect(survivor).toBeUndefined();
    }
  });
});

test('safe text of any input is safe, and safe text of safe text is the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const safe = toSafeText(text);
      expect(toSafeText(safe)).toBe(safe);
      expect(/[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u.test(safe.replaceAll('\n', ''))).toBe(false);
      expect(toSafeLine(text)).not.toContain('\n');
    }),
  );
});

test('line feeds stay in bodies and are marked in single lines; tabs become spaces or a mark (TUI-02)', () => {
  expect(toSafeText('a\nb\tc\r\nd\re')).toBe('a\nb    c\nd‹U+000D›e');
  expect(toSafeLine('a\nb\tc')).toBe('a‹U+000A›b‹U+0009›c');
});

test('escape sequences show their bytes (TUI-01)', () => {
  expect(toSafeText('\u001b]0;EVIL\u0007')).toBe('‹U+001B›]0;EVIL‹U+0007›');
  expect(toSafeText('\u009b2J')).toBe('‹U+009B›2J');
});

test('emoji sequences work where they are standard', () => {
  for (const emoji of ['👩🏽‍🚀', '👨‍👩‍👧‍👦', '❤️‍🔥', '🏳️‍🌈', '1️⃣', '☎️', '🇩🇪', '👍🏿'])
    expect(toSafeText(`x ${emoji} y`)).toBe(`x ${emoji} y`);
});

test('joiners and selectors elsewhere are marked', () => {
  expect(toSafeText('a\u200Db')).toBe('a‹U+200D›b');
  expect(toSafeText('👩\u200D')).toBe('👩‹U+200D›');
  expect(toSafeText('👩\u200D\u200D👩')).toBe('👩‹U+200D›‹U+200D›👩');
  // A code point that is reserved for a picture of a later Unicode is no picture yet.
  expect(toSafeText('👩\u200D\u{1FC69}')).toBe('👩‹U+200D›‹U+1FC69›');
  expect(toSafeText('a\uFE0F')).toBe('a‹U+FE0F›');
  expect(toSafeText('☎\uFE0F\uFE0F')).toBe('☎\uFE0F‹U+FE0F›');
});

test('a chain of joined pictographs ends after four joiners (TUI-05)', () => {
  const safe = toSafeText(Array.from({ length: 20 }, () => '👩').join('\u200D'));
  expect(safe.split('\u200D').length - 1).toBeLessThan(20);
  expect(safe).toContain('‹U+200D›');
});

test('at most eight marks stay on a base, and the rest is counted (TUI-05)', () => {
  const mark = '\u0301';
  expect(toSafeText(`a${mark.repeat(500)}b`)).toBe(`a${mark.repeat(8)}‹+492›b`);
  expect(toSafeText(`a${mark.repeat(9)}`)).toBe(`a${mark.repeat(8)}‹+1›`);
});

test('a mark without a base is shown, so that it cannot sit on what we print before it', () => {
  expect(toSafeText('\u0301a')).toBe('‹U+0301›a');
  expect(toSafeText('a \u0301')).toBe('a ‹U+0301›');
});

test('writing of the world stays as it is', () => {
  for (const text of ['Grüße, señor', 'नमस्ते', 'สวัสดี', '日本語　テキスト', 'שָׁלוֹם', 'Việt', '€ 5 ± ½'])
    expect(toSafeText(text)).toBe(text);
});

test('a peer’s text prints safely wherever it becomes a string, and JSON lines escape it (TUI-11)', () => {
  const text = new PeerText('hi\u001b[2J\u202e\u0085');
  expect(String(text)).toBe('hi‹U+001B›[2J‹U+202E›‹U+0085›');
  expect(toJsonLine({ text })).toBe('{"text":"hi\\u001b[2J\\u202e\\u0085"}');
});
