import * as fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { EMPTY_EDITOR, updateEditor, viewEditor, type EditorAction, type EditorModel } from './editor.ts';

function typed(...actions: readonly (EditorAction | string)[]): EditorModel {
  return actions.reduce<EditorModel>(
    (model, action) =>
      updateEditor(model, typeof action === 'string' ? { type: 'insert', text: action } : action),
    EMPTY_EDITOR,
  );
}
const left: EditorAction = { type: 'move', to: 'left' };
const erase: EditorAction = { type: 'erase', what: 'left' };
const send: EditorAction = { type: 'clear', remember: true };
const up: EditorAction = { type: 'recall', step: -1 };
const down: EditorAction = { type: 'recall', step: 1 };

describe('moving and erasing', () => {
  test('go by what a person sees as one character', () => {
    expect(typed('a👩🏽‍🚀', erase).text).toBe('a');
    expect(typed('e\u0301x', left, erase).text).toBe('x');
    expect(typed('日本', left, '-').text).toBe('日-本');
    expect(typed('🇩🇪🇫🇷', left, erase).text).toBe('🇫🇷');
  });

  test('go by words and to both ends', () => {
    expect(typed('one two', { type: 'erase', what: 'word' }).text).toBe('one ');
    expect(typed('one two', { type: 'move', to: 'word-left' }, '!').text).toBe('one !two');
    expect(typed('one two', { type: 'move', to: 'home' }, { type: 'move', to: 'word-right' }, '!').text).toBe(
      'one! two',
    );
    expect(typed('abc', left, { type: 'erase', what: 'to-start' }).text).toBe('c');
    expect(typed('abc', left, { type: 'erase', what: 'to-end' }).text).toBe('ab');
    expect(typed('abc', left, left, { type: 'erase', what: 'right' }).text).toBe('ac');
  });
});

describe('history', () => {
  test('the up arrow recalls, down comes back to what was being typed', () => {
    const model = typed('one', send, 'two', send, 'draft', up, up);
    expect(model.text).toBe('one');
    expect(updateEditor(updateEditor(model, down), down).text).toBe('draft');
    expect(updateEditor(model, up).text).toBe('one');
  });

  test('keeps no blanks and no repetition', () => {
    expect(typed('one', send, 'one', send, ' ', send).history).toEqual(['one']);
  });
});

test('Tab completes one candidate wholly and several as far as they agree', () => {
  const complete = (...candidates: string[]): EditorAction => ({ type: 'complete', candidates, suffix: ' ' });
  expect(typed('@ca', complete('bob', 'carol')).text).toBe('@carol ');
  expect(typed('@b', complete('bob', 'bobby')).text).toBe('@bob');
  expect(typed('alice,B', complete('bob')).text).toBe('alice,bob ');
  expect(typed('x', complete('bob')).text).toBe('x');
});

describe('the view', () => {
  const action: fc.Arbitrary<EditorAction> = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }).map((text) => ({ type: 'insert' as const, text })),
    fc
      .constantFrom('日本語', '👩🏽‍🚀', 'e\u0301', '\n', '\u001b[2J')
      .map((text) => ({ type: 'insert' as const, text })),
    fc
      .constantFrom('left', 'right', 'word-left', 'word-right', 'home', 'end')
      .map((to) => ({ type: 'move' as const, to })),
    fc
      .constantFrom('left', 'right', 'word', 'to-start', 'to-end')
      .map((what) => ({ type: 'erase' as const, what })),
    fc.constantFrom(send, up, down),
  );

  test('fits its columns, has the cursor inside and obeys nothing (TUI-05, TUI-06)', () => {
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 25 }),
        fc.integer({ min: 1, max: 60 }),
        (actions, columns) => {
          const model = typed(...actions);
          expect(model.cursor).toBeLessThanOrEqual(model.text.length);
          const { row, cursorColumn } = viewEditor(model, 'to [bob]: ', columns);
          expect(stringWidth(row)).toBeLessThan(columns);
          expect(cursorColumn).toBeLessThan(columns);
          expect(/[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u.test(row)).toBe(false);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('shows line feeds of a paste and scrolls so that the cursor stays visible', () => {
    expect(viewEditor(typed('a\nb'), '> ', 20)).toEqual({ row: '> a⏎b', cursorColumn: 5 });
    expect(viewEditor(typed('0123456789'), '> ', 8)).toEqual({ row: '> 56789', cursorColumn: 7 });
    expect(viewEditor(typed('日本語', left), '> ', 20).cursorColumn).toBe(6);
  });

  test('of the longest text fits the row and keeps the cursor on it (TUI-05)', () => {
    const { row, cursorColumn } = viewEditor(typed('日'.repeat(10_000)), '> ', 200);
    expect(stringWidth(row)).toBeLessThanOrEqual(200);
    expect(cursorColumn).toBeLessThan(200);
    expect(row.endsWith('日')).toBe(true);
  });
});
