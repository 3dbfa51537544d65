// The line being typed: a value, what keys make of it, and how it looks in one row of the terminal. Pure.
import stringWidth from 'string-width';
import { toSafeLine } from '../../base/index.ts';

export interface EditorModel {
  readonly text: string;
  /** UTF-16 offset, always between two graphemes. */
  readonly cursor: number;
  readonly history: readonly string[];
  /** Index into the history; its length means the draft. */
  readonly recalled: number;
  /** What was being typed before the history was looked at. */
  readonly draft: string;
}

export type EditorAction =
  | { readonly type: 'insert'; readonly text: string }
  | {
      readonly type: 'move';
      readonly to: 'left' | 'right' | 'word-left' | 'word-right' | 'home' | 'end';
    }
  | { readonly type: 'erase'; readonly what: 'left' | 'right' | 'word' | 'to-start' | 'to-end' }
  | { readonly type: 'recall'; readonly step: -1 | 1 }
  /** Completes the word before the cursor; the text that Tab adds ends in `suffix` when only one candidate is left. */
  | { readonly type: 'complete'; readonly candidates: readonly string[]; readonly suffix: string }
  /** The text was taken; it goes into the history when it is worth it. */
  | { readonly type: 'clear'; readonly remember: boolean };

/** Enough for a day of talking; it lives in memory only. */
const HISTORY_MAX = 500;

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

export const EMPTY_EDITOR: EditorModel = { text: '', cursor: 0, history: [], recalled: 0, draft: '' };

export function updateEditor(model: EditorModel, action: EditorAction): EditorModel {
  switch (action.type) {
    case 'insert':
      return splice(model, model.cursor, model.cursor, action.text);
    case 'move':
      return { ...model, cursor: destination(model, action.to) };
    case 'erase':
      return erase(model, action.what);
    case 'recall':
      return recall(model, action.step);
    case 'complete':
      return complete(model, action.candidates, action.suffix);
    case 'clear':
      return clear(model, action.remember);
  }
}

export interface EditorView {
  /** At most `columns - 1` wide, clean of everything a terminal would obey. */
  readonly row: string;
  readonly cursorColumn: number;
}

/** The part of the text round the cursor that fits beside the prompt. Line feeds of a paste show as ⏎. */
export function viewEditor(model: EditorModel, prompt: string, columns: number): EditorView {
  const space = Math.max(0, columns - 1);
  const label = cut(toSafeLine(prompt), Math.floor((space * 2) / 3));
  const room = space - stringWidth(label);
  const before = visibleBefore(model, room);
  const after = visibleAfter(model, room - before.width);
  return { row: label + before.shown + after, cursorColumn: stringWidth(label) + before.width };
}

function visibleBefore(model: EditorModel, room: number): { readonly shown: string; readonly width: number } {
  // A quarter of the room stays free for what follows the cursor, unless all before it fits anyway.
  const wanted = model.cursor === model.text.length ? room : Math.ceil((room * 3) / 4);
  const pieces: string[] = [];
  let width = 0;
  let at = model.cursor;
  while (at > 0) {
    const start = previousGrapheme(model.text, at);
    const shown = show(model.text.slice(start, at));
    const more = stringWidth(shown);
    if (width + more > wanted) break;
    pieces.push(shown);
    width += more;
    at = start;
  }
  return { shown: pieces.reverse().join(''), width };
}

function visibleAfter(model: EditorModel, room: number): string {
  let shown = '';
  let width = 0;
  let at = model.cursor;
  while (at < model.text.length) {
    const end = nextGrapheme(model.text, at);
    const piece = show(model.text.slice(at, end));
    width += stringWidth(piece);
    if (width > room) break;
    shown += piece;
    at = end;
  }
  return shown;
}

function show(grapheme: string): string {
  return grapheme === '\n' || grapheme === '\r\n' ? '⏎' : toSafeLine(grapheme);
}

function cut(text: string, width: number): string {
  let shown = '';
  for (const { segment } of graphemes.segment(text)) {
    if (stringWidth(shown + segment) > width) break;
    shown += segment;
  }
  return shown;
}

function splice(model: EditorModel, start: number, end: number, text: string): EditorModel {
  const whole = model.text.slice(0, start) + text + model.text.slice(end);
  return { ...model, text: whole, cursor: snap(whole, start + text.length) };
}

/** A mark or joiner that was inserted may have made the cursor's place the middle of a grapheme. */
function snap(text: string, cursor: number): number {
  const segment = graphemes.segment(text).containing(cursor);
  return segment === undefined || segment.index === cursor ? cursor : segment.index + segment.segment.length;
}

function erase(model: EditorModel, what: Extract<EditorAction, { type: 'erase' }>['what']): EditorModel {
  const { text, cursor } = model;
  switch (what) {
    case 'left':
      return splice(model, previousGrapheme(text, cursor), cursor, '');
    case 'right':
      return splice(model, cursor, nextGrapheme(text, cursor), '');
    case 'word':
      return splice(model, previousWord(text, cursor), cursor, '');
    case 'to-start':
      return splice(model, 0, cursor, '');
    case 'to-end':
      return splice(model, cursor, text.length, '');
  }
}

function destination(
  { text, cursor }: EditorModel,
  to: Extract<EditorAction, { type: 'move' }>['to'],
): number {
  switch (to) {
    case 'left':
      return previousGrapheme(text, cursor);
    case 'right':
      return nextGrapheme(text, cursor);
    case 'word-left':
      return previousWord(text, cursor);
    case 'word-right':
      return cursor + (/^\s*\S*/.exec(text.slice(cursor))?.[0].length ?? 0);
    case 'home':
      return 0;
    case 'end':
      return text.length;
  }
}

/** Finding a grapheme costs as much as the text is long, so only its surroundings are looked at. */
const SURROUNDINGS = 512;

function previousGrapheme(text: string, cursor: number): number {
  const start = Math.max(0, cursor - SURROUNDINGS);
  const segment = graphemes.segment(text.slice(start, cursor)).containing(cursor - start - 1);
  return start + (segment?.index ?? 0);
}

function nextGrapheme(text: string, cursor: number): number {
  const segment = graphemes.segment(text.slice(cursor, cursor + SURROUNDINGS)).containing(0);
  return cursor + (segment?.segment.length ?? 0);
}

function previousWord(text: string, cursor: number): number {
  return text.slice(0, cursor).trimEnd().replace(/\S+$/, '').length;
}

function recall(model: EditorModel, step: -1 | 1): EditorModel {
  const { history, recalled } = model;
  const at = recalled + step;
  if (at < 0 || at > history.length) return model;
  const draft = recalled === history.length ? model.text : model.draft;
  const text = history[at] ?? draft;
  return { ...model, text, cursor: text.length, recalled: at, draft };
}

function complete(model: EditorModel, candidates: readonly string[], suffix: string): EditorModel {
  const word = /[^\s,@/]*$/.exec(model.text.slice(0, model.cursor))?.[0] ?? '';
  const fitting = candidates.filter((candidate) => candidate.toLowerCase().startsWith(word.toLowerCase()));
  const [only] = fitting;
  if (only === undefined) return model;
  const completed = fitting.length === 1 ? only + suffix : commonStart(fitting);
  return completed.length < word.length
    ? model
    : splice(model, model.cursor - word.length, model.cursor, completed);
}

function commonStart(words: readonly string[]): string {
  let start = words[0] ?? '';
  while (!words.every((word) => word.startsWith(start))) start = start.slice(0, -1);
  return start;
}

function clear(model: EditorModel, remember: boolean): EditorModel {
  const { text, history } = model;
  const isNew = remember && text.trim() !== '' && history.at(-1) !== text;
  const kept = isNew ? [...history, text].slice(-HISTORY_MAX) : history;
  return { text: '', cursor: 0, history: kept, recalled: kept.length, draft: '' };
}
