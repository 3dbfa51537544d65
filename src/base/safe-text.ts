// The one allow-list between text of unknown origin and a terminal, a log or a name.
//
// A terminal obeys bytes, so nothing that is not known to be plain passes: what is not letter, number, punctuation,
// symbol or space appears as a visible ‹U+001B›. Three things need their neighbours to be judged: combining marks (at
// most eight a base, so that a line cannot be painted over), the joiner inside an emoji, and the variation selector after
// one. Deny-lists and escape-sequence strippers were refused: they pass whatever nobody thought of.
import type { Brand } from './brand.ts';

/** Text that may reach a terminal: made by `toSafeText` and `toSafeLine` alone. */
export type SafeText = Brand<string, 'SafeText'>;

/** Vietnamese and Hebrew need three, Tibetan six. */
const MARKS_MAX = 8;
/** The longest standard emoji (two people kissing, with skin tones) has three joiners. */
const JOINERS_MAX = 4;
const TAB_AS = '    ';

/** For message bodies: line feeds stay, a tab becomes four spaces, CR LF becomes LF, all else unsafe a visible mark. */
export function toSafeText(text: string): SafeText {
  if (/^[\n\x20-\x7e]*$/.test(text)) return text as SafeText;
  const clean = text.replaceAll('\r\n', '\n');
  return clean.split('\n').map(toSafeLineOfBody).join('\n') as SafeText;
}

/** For names and every other place of a single line: a line feed, too, becomes a visible mark. */
export function toSafeLine(text: string): SafeText {
  if (/^[\x20-\x7e]*$/.test(text)) return text as SafeText;
  return withMarks(text) as SafeText;
}

/**
 * One line of JSON that a terminal shows without harm: the same allow-list, but what is unsafe is written as `\uXXXX`, so
 * that the reader gets the very characters back.
 */
export function toJsonLine(value: unknown): string {
  const json = JSON.stringify(value);
  if (/^[\x20-\x7e]*$/.test(json)) return json;
  let line = '';
  for (const { char, verdict } of judge(json)) line += verdict === 'keep' ? char : escapeJson(char);
  return line;
}

function toSafeLineOfBody(line: string): string {
  return withMarks(line.replaceAll('\t', TAB_AS));
}

function withMarks(text: string): string {
  let safe = '';
  let clipped = 0;
  for (const { char, verdict } of judge(text)) {
    if (verdict === 'clip') {
      clipped += 1;
      continue;
    }
    if (clipped > 0) safe += `‹+${clipped}›`;
    clipped = 0;
    safe += verdict === 'keep' ? char : `‹U+${codePoint(char).toString(16).toUpperCase().padStart(4, '0')}›`;
  }
  return clipped > 0 ? `${safe}‹+${clipped}›` : safe;
}

function escapeJson(char: string): string {
  let escaped = '';
  for (let i = 0; i < char.length; i++) escaped += `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return escaped;
}

type Verdict = 'keep' | 'mark' | 'clip';
interface Judged {
  readonly char: string;
  readonly verdict: Verdict;
}

// Default_Ignorable_Code_Point holds what has no picture of its own: soft hyphen, fillers, joiners, selectors, tags.
const BASE = /^[[\p{L}\p{N}\p{P}\p{S}\p{Zs}]--[\p{Default_Ignorable_Code_Point}\uFFFC]]$/v;
const COMBINING = /^[\p{M}--\p{Default_Ignorable_Code_Point}]$/v;
const SPACE = /^\p{Zs}$/u;
const EMOJI = /^\p{Emoji}$/u;
const PICTOGRAPH = /^\p{Extended_Pictographic}$/u;
const SKIN_TONE = /^\p{Emoji_Modifier}$/u;
const JOINER = '\u200D';

/** What stands before the code point that is judged. */
interface Before {
  base: 'none' | 'plain' | 'emoji';
  pictograph: boolean;
  joined: boolean;
  selected: boolean;
  marks: number;
  joiners: number;
}

function judge(text: string): readonly Judged[] {
  const before: Before = {
    base: 'none',
    pictograph: false,
    joined: false,
    selected: false,
    marks: 0,
    joiners: 0,
  };
  const chars = Array.from(text);
  return chars.map((char, i) => ({ char, verdict: judgeOne(char, chars[i + 1], before) }));
}

function judgeOne(char: string, next: string | undefined, before: Before): Verdict {
  if (BASE.test(char)) return judgeBase(char, before);
  if (COMBINING.test(char) && before.base !== 'none') {
    before.marks += 1;
    return before.marks <= MARKS_MAX ? 'keep' : 'clip';
  }
  if (char === JOINER && mayJoin(next, before)) {
    before.joined = true;
    before.joiners += 1;
    return 'keep';
  }
  const isSelector = char === '\uFE0F' || char === '\uFE0E';
  if (isSelector && before.base === 'emoji' && !before.selected && before.marks === 0) {
    before.selected = true;
    return 'keep';
  }
  reset(before, 'none', false);
  before.joiners = 0;
  return 'mark';
}

function judgeBase(char: string, before: Before): Verdict {
  if (SKIN_TONE.test(char) && before.pictograph) return 'keep';
  if (!before.joined) before.joiners = 0;
  if (SPACE.test(char)) reset(before, 'none', false);
  else reset(before, EMOJI.test(char) ? 'emoji' : 'plain', PICTOGRAPH.test(char));
  return 'keep';
}

function mayJoin(next: string | undefined, before: Before): boolean {
  return (
    before.pictograph &&
    !before.joined &&
    before.marks === 0 &&
    before.joiners < JOINERS_MAX &&
    next !== undefined &&
    // Code points that are reserved for pictures are pictographs already, and are shown as a mark.
    PICTOGRAPH.test(next) &&
    BASE.test(next)
  );
}

function reset(before: Before, base: Before['base'], pictograph: boolean): void {
  before.base = base;
  before.pictograph = pictograph;
  before.joined = false;
  before.selected = false;
  before.marks = 0;
}

function codePoint(char: string): number {
  return char.codePointAt(0) ?? 0;
}
