import { commandNames } from './conversation.ts';
import type { EditorModel } from './editor.ts';

export interface Completions {
  /** Those that fit the word before the cursor. */
  readonly candidates: readonly string[];
  readonly suffix: string;
}

const NOTHING: Completions = { candidates: [], suffix: '' };

/** What Tab may put here: names at `to:`, after `@` and after a command; commands after `/`. */
export function completionsFor(editor: EditorModel, isNames: boolean, names: readonly string[]): Completions {
  const before = editor.text.slice(0, editor.cursor);
  const word = (/[^\s,@/]*$/.exec(before)?.[0] ?? '').toLowerCase();
  const fitting = (words: readonly string[]): readonly string[] =>
    words.filter((candidate) => candidate.toLowerCase().startsWith(word));
  if (isNames) return { candidates: fitting(names), suffix: '' };
  if (/^@\S*$/.test(before)) return { candidates: fitting(names), suffix: ' ' };
  if (/^\/[a-z]*$/.test(before)) return { candidates: fitting(commandNames()), suffix: ' ' };
  return /^\/[a-z]+\s+\S*$/.test(before) ? { candidates: fitting(names), suffix: ' ' } : NOTHING;
}
