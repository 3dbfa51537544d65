// What a text is found by.
//
// The index keeps no text: to delete a message its words are computed once more, and must be the very same ones. So the
// words are a pure function of the text, of this file and of the Unicode version of the host; both versions stand in
// `WORDS_VERSION`, and an index of another one is made anew.
//
// Scripts that put spaces between words are split there, and a search finds every word that begins with what was typed.
// Chinese, Japanese, Thai and the like have no spaces: there each character is kept together with the next one, so that a
// search finds every sequence of characters, wherever it stands. Refused: `Intl.Segmenter`, which guesses at word borders
// with a dictionary. It finds a word only where it guessed the same border in the message and in the search, and its
// dictionaries change with ICU without a version of their own. Refused, too: SQLite's trigrams, which need three characters.

const RULES = 1;
/** Grows with every change of what a text is found by. */
export const WORDS_VERSION: string = `${RULES}/${process.versions['unicode'] ?? ''}`;

/** UTF-16 units: what is longer is a key or an address, and is found by its beginning. */
const WORD_LENGTH_MAX = 64;
/** Each further word of a search narrows it by comparison with the text alone. */
const TERMS_MAX = 24;

/** One term of a search: a token of the index, or the beginning of some. */
export interface Term {
  readonly token: string;
  readonly isPrefix: boolean;
}

export interface Search {
  /** A message that fits has all of them. Empty: there is nothing to look for. */
  readonly terms: readonly Term[];
  /** Whether a message that has all terms really fits; undefined when it always does. */
  readonly fits: ((text: string) => boolean) | undefined;
}

/** The distinct tokens of a text: ASCII letters and digits or anything beyond ASCII, never a separator. */
export function tokensOf(text: string): ReadonlySet<string> {
  const tokens = new Set<string>();
  for (const { kind, part } of partsOf(text)) {
    if (kind === 'run') addPairs(part, tokens);
    else tokens.add(kind === 'word' ? beginning(part) : part);
  }
  return tokens;
}

/** What a person typed, as what to look for: all of its words must occur. */
export function parseSearch(search: string): Search {
  const parts = distinct(partsOf(search));
  const terms = distinctTerms(parts.flatMap(termsOf));
  const isExact = terms.length <= TERMS_MAX && parts.every(isFoundExactly);
  return {
    terms: terms.slice(0, TERMS_MAX),
    fits: isExact ? undefined : (text) => fitsAll(parts, text),
  };
}

interface Part {
  /** word: between spaces · run: characters of a script without spaces · sign: an emoji */
  readonly kind: 'word' | 'run' | 'sign';
  readonly part: string;
}

const RUN =
  '[[\\p{L}\\p{M}\\p{N}]&&[\\p{scx=Han}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Bopo}\\p{sc=Hang}\\p{sc=Thai}\\p{sc=Laoo}\\p{sc=Khmr}\\p{sc=Mymr}\\p{sc=Tibt}]]';
const PARTS = new RegExp(
  `(${RUN}+)|(\\p{RI}\\p{RI}|[\\p{Extended_Pictographic}--\\p{Emoji_Modifier}])|[[\\p{L}\\p{M}\\p{N}]--${RUN}]+`,
  'gv',
);

function partsOf(text: string): readonly Part[] {
  const folded = fold(text);
  if (isAscii(folded)) return (folded.match(/[a-z0-9]+/g) ?? []).map((part) => ({ kind: 'word', part }));
  return Array.from(folded.matchAll(PARTS), ([part, run, sign]) => ({
    kind: run !== undefined ? 'run' : sign !== undefined ? 'sign' : 'word',
    part,
  }));
}

// Accents of Latin, Greek and Cyrillic, and the vowel points of Hebrew and Arabic, which most people do not type.
const MARKS =
  /[\u{300}-\u{36F}]|[\u{591}-\u{5BD}\u{5BF}\u{5C1}\u{5C2}\u{5C4}\u{5C5}\u{5C7}]|[\u{64B}-\u{65F}\u{670}]|[\u{1AB0}-\u{1AFF}\u{1DC0}-\u{1DFF}\u{20D0}-\u{20FF}]/gu;
const IGNORED = /\p{Default_Ignorable_Code_Point}/gu;
const ALIKE: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ł: 'l',
  ı: 'i',
  ς: 'σ',
};

/** Nobody has to type the capitals, the accents or the width that somebody else wrote. */
function fold(text: string): string {
  if (isAscii(text)) return text.toLowerCase();
  const lower = text.normalize('NFKC').toLowerCase().replace(IGNORED, '');
  const bare = lower.normalize('NFD').replace(MARKS, '').normalize('NFC');
  return bare.replace(/[ßæœøđłıς]/g, (letter) => ALIKE[letter] ?? letter);
}

function isAscii(text: string): boolean {
  return /^\p{ASCII}*$/u.test(text);
}

/** Each character with its follower, and the last one alone: something begins with every character of the run. */
function addPairs(run: string, tokens: Set<string>): void {
  const characters = Array.from(run);
  for (const [i, character] of characters.entries()) tokens.add(character + (characters[i + 1] ?? ''));
}

function beginning(word: string): string {
  return word.length <= WORD_LENGTH_MAX ? word : word.slice(0, WORD_LENGTH_MAX).toWellFormed();
}

function termsOf({ kind, part }: Part): readonly Term[] {
  if (kind === 'sign') return [{ token: part, isPrefix: false }];
  if (kind === 'word') return [{ token: beginning(part), isPrefix: true }];
  const characters = Array.from(part);
  if (characters.length === 1) return [{ token: part, isPrefix: true }];
  return characters.slice(1).map((next, i) => ({ token: (characters[i] ?? '') + next, isPrefix: false }));
}

/** Pairs may lie apart, and the end of a long word is in no token. */
function isFoundExactly({ kind, part }: Part): boolean {
  if (kind === 'run') return Array.from(part).length <= 2;
  return part.length <= WORD_LENGTH_MAX;
}

function fitsAll(sought: readonly Part[], text: string): boolean {
  const parts = partsOf(text);
  return sought.every(({ kind, part }) =>
    parts.some(
      (of) => of.kind === kind && (kind === 'run' ? of.part.includes(part) : of.part.startsWith(part)),
    ),
  );
}

function distinct(parts: readonly Part[]): readonly Part[] {
  return [...new Map(parts.map((part) => [part.part, part])).values()];
}

function distinctTerms(terms: readonly Term[]): readonly Term[] {
  return [...new Map(terms.map((term) => [term.token, term])).values()];
}
