import * as fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { wrapLine } from './wrap.ts';

test('every row but the first begins with the indent, and nothing is lost (TUI-04)', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      fc.integer({ min: 12, max: 40 }),
      (text, columns) => {
        const rows = wrapLine(text, columns, '  | ');
        for (const row of rows) expect(stringWidth(row)).toBeLessThan(columns);
        for (const row of rows.slice(1)) expect(row.startsWith('  | ')).toBe(true);
        expect(rows.map((row, i) => (i === 0 ? row : row.slice(4))).join('')).toBe(text);
      },
    ),
  );
});

test('a line breaks between words where it can, so that groups of digits stay whole', () => {
  const line = '!!!   new safety number: 12345 67890 12345 67890';
  expect(wrapLine(line, 34, '  | ')).toEqual(['!!!   new safety number: 12345 ', '  | 67890 12345 67890']);
  expect(wrapLine('x'.repeat(12), 8, '  | ')).toEqual(['xxxxxxx', '  | xxx', '  | xx']);
});
