import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSearch, tokensOf } from './words.ts';

/** What the index would answer. */
function finds(search: string, text: string): boolean {
  const { terms, fits } = parseSearch(search);
  const tokens = [...tokensOf(text)];
  const hasAll = terms.every(({ token, isPrefix }) =>
    tokens.some((of) => (isPrefix ? of.startsWith(token) : of === token)),
  );
  return terms.length > 0 && hasAll && (fits?.(text) ?? true);
}

describe('what a text is found by', () => {
  it.each([
    ['strasse', 'Grüße aus der Straße'],
    ['GRU', 'Grüße aus der Straße'],
    ['uber', 'über'],
    ['über', 'UBER'],
    ['istanbul', 'İstanbul'],
    ['Łódź', 'lodz'],
    ['оде', 'Одёжа'],
    ['οδος', 'ΟΔΟΣ'],
    ['don’t', "don't"],
    ['3.14', 'π is ３.14'],
    ['don t', 'don’t'],
    ['محمد', 'مُحَمَّد'],
    ['दुनि', 'नमस्ते दुनिया'],
    ['飞机', '我们坐飞机去北京'],
    ['机去', '我们坐飞机去北京'],
    ['京', '我们坐飞机去北京'],
    ['飞机去', '我们坐飞机去北京'],
    ['手机 iph', 'iPhone手机'],
    ['𠀀𠀁', '古字𠀀𠀁'],
    ['ありが', 'ありがとう'],
    ['バーガ', 'ﾊﾝﾊﾞｰｶﾞｰ'],
    ['น้ำ', 'ดื่มน้ำ'],
    ['กิน', 'วันนี้กินข้าว'],
    ['มา', 'เขามาแล้ว'],
    ['학교', '대학교에서'],
    ['👍', 'good 👍🏽'],
    ['👩', '👩‍👩‍👧'],
    ['🇩🇪', 'to 🇩🇪🇫🇷'],
    ['❤️', 'I ❤ it'],
  ])('“%s” finds “%s”', (search, text) => {
    expect(finds(search, text)).toBe(true);
  });

  it.each([
    ['treet', 'street'],
    ['飞票', '飞机票'],
    ['飞机票', '机票在飞机上'],
    ['ก้', 'กิน'],
    ['か', 'が'],
    ['🇪🇫', '🇩🇪🇫🇷'],
    ['good bad', 'good'],
    ['!?', 'what!?'],
    ['', 'what'],
  ])('“%s” does not find “%s”', (search, text) => {
    expect(finds(search, text)).toBe(false);
  });

  it('finds a long word by its beginning and as a whole, and no other long word', () => {
    const key = `A${'b'.repeat(90)}`;
    expect(finds(key.slice(0, 20), key)).toBe(true);
    expect(finds(key, `the key is ${key}.`)).toBe(true);
    expect(finds(`${key}c`, key)).toBe(false);
  });

  it('narrows a search of many words by all of them', () => {
    const words = Array.from({ length: 60 }, (_, i) => `word${i}x`);
    expect(finds(words.join(' '), words.toReversed().join(' '))).toBe(true);
    expect(finds(words.join(' '), words.slice(0, -1).join(' '))).toBe(false);
  });

  it('finds every sequence of characters of a script without spaces', () => {
    const run = fc.string({
      unit: fc.constantFrom(...Array.from('的一是不了在人有我他กขคงจฉชแไ')),
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(run, fc.nat(29), fc.integer({ min: 1, max: 30 }), (text, at, length) => {
        const part = text.slice(at % text.length).slice(0, length);
        expect(finds(part, `a ${text} z`)).toBe(true);
      }),
    );
  });

  it('makes tokens without any separator of the index, of whatever text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        for (const token of tokensOf(text)) {
          expect(token).toMatch(/^(?:[a-z0-9]|\P{ASCII})+$/u);
          expect(token.isWellFormed()).toBe(true);
        }
      }),
    );
  });
});
