/** A command line as typed in bash, up to the cursor. */
export interface BashLine {
  /** Without quotes, the last one begun or empty; the program’s own is the first. */
  readonly words: readonly string[];
  /** The quotation mark that is open at the cursor. */
  readonly quote: '' | "'" | '"';
  /** How much of the last word, without quotes, stands before what bash replaces. */
  readonly kept: string;
  /** The last word is not what is typed but what comes of it: nothing can be known, and nothing may be added to what is run. */
  readonly isExpanded: boolean;
}

/** Where bash breaks before one of these, it replaces the character too. */
const SPECIAL_PREFIXES = '$@';

/**
 * Reads words as bash does, but for expansions: they stay as they are typed, for nothing of a line that is not finished may be run.
 * `breaks` is COMP_WORDBREAKS: bash replaces what stands after the last of these, or after the quotation mark that is open.
 */
export function parseBashLine(line: string, breaks: string): BashLine {
  const words: string[] = [];
  let [word, kept, quote, isWord, isExpanded] = ['', '', '' as BashLine['quote'], false, false];
  const characters = Array.from(line);
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i] ?? '';
    if (quote === '' && /\s/.test(character)) {
      if (isWord) words.push(word);
      [word, kept, isWord, isExpanded] = ['', '', false, false];
      continue;
    }
    isWord = true;
    if (character === quote) quote = '';
    else if (quote === '' && (character === "'" || character === '"')) [quote, kept] = [character, word];
    else if (character === '\\' && isEscape(quote, characters[i + 1])) word += characters[++i] ?? '';
    else {
      const before = word;
      word += character;
      isExpanded ||= quote !== "'" && (character === '$' || character === '`');
      if (quote === '' && breaks.includes(character))
        kept = SPECIAL_PREFIXES.includes(character) ? before : word;
    }
  }
  return { words: [...words, word], quote, kept, isExpanded };
}

/** Between double quotes only some characters are escaped, between single ones none. */
function isEscape(quote: BashLine['quote'], next: string | undefined): boolean {
  if (quote === "'") return false;
  return quote === '' || (next !== undefined && '$`"\\'.includes(next));
}

/** The rest of a word, as it must be typed so that bash reads just these characters, whichever quotation mark is open. */
export function quoteForBash(rest: string, quote: BashLine['quote']): string {
  if (quote === "'") return rest.replaceAll("'", String.raw`'\''`);
  // Nothing protects an exclamation mark from the history but single quotes.
  if (quote === '"') return rest.replaceAll(/[$`"\\]/g, String.raw`\$&`).replaceAll('!', `"'!'"`);
  return rest.replaceAll(/[^\p{L}\p{M}\p{N}_.,:=@%+/-]/gu, String.raw`\$&`);
}
