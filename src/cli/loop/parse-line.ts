/** What a line of input asks for. */
export type Intent =
  | { readonly type: 'nothing' }
  /** `rest`: everything behind the name, as it was typed. */
  | {
      readonly type: 'command';
      readonly name: string;
      readonly words: readonly string[];
      readonly rest: string;
    }
  /** `to` is undefined when the line does not say for whom. */
  | { readonly type: 'text'; readonly to: readonly string[] | undefined; readonly text: string };

/**
 * `/command words`, `@name text`, `@a,@b text` or a text. A doubled first character sends it as it is: `//` begins a text
 * with `/`, `@@` one with `@`.
 */
export function parseLine(line: string, known: readonly string[] = []): Intent {
  if (line.trim() === '') return { type: 'nothing' };
  if (line.startsWith('//') || line.startsWith('@@'))
    return { type: 'text', to: undefined, text: line.slice(1) };
  if (line.startsWith('/')) {
    const [, name = '', rest = ''] = /^(\S*)\s*([\s\S]*)$/.exec(line.slice(1).trim()) ?? [];
    return { type: 'command', name: name.toLowerCase(), words: wordsOf(rest, known), rest };
  }
  const spaced = spacedNameAt(line.slice(1), known);
  if (line.startsWith('@') && spaced !== undefined)
    return { type: 'text', to: [spaced], text: line.slice(1 + spaced.length).trimStart() };
  const addressed = /^@(\S+)(?:\s+([\s\S]*))?$/.exec(line);
  if (addressed) return { type: 'text', to: parseNames(addressed[1] ?? ''), text: addressed[2] ?? '' };
  return { type: 'text', to: undefined, text: line };
}

/** Names as typed at `to:`, apart by spaces or commas, with or without `@`; a known name may hold spaces itself. */
export function parseNames(text: string, known: readonly string[] = []): readonly string[] {
  const parts = text.split(',').map((part) => part.trim().replace(/^@/, ''));
  const names = parts.flatMap((part) =>
    known.includes(part) ? [part] : part.split(/\s+/).map((name) => name.replace(/^@/, '')),
  );
  return [...new Set(names.filter((name) => name !== ''))];
}

/** A known name with spaces at the beginning is one word. */
function wordsOf(text: string, known: readonly string[]): readonly string[] {
  const spaced = spacedNameAt(text, known);
  const rest = text.slice(spaced?.length ?? 0).split(/\s+/);
  return [...(spaced === undefined ? [] : [spaced]), ...rest.filter((word) => word !== '')];
}

function spacedNameAt(text: string, known: readonly string[]): string | undefined {
  return known
    .filter((name) => /\s/.test(name) && (text === name || text.startsWith(`${name} `)))
    .sort((a, b) => b.length - a.length)[0];
}
