/** What a line of input asks for. */
export type Intent =
  | { readonly type: 'nothing' }
  | { readonly type: 'command'; readonly name: string; readonly words: readonly string[] }
  /** `to` is undefined when the line does not say for whom. */
  | { readonly type: 'text'; readonly to: readonly string[] | undefined; readonly text: string };

/**
 * `/command words`, `@name text`, `@a,@b text` or a text. A doubled first character sends it as it is: `//` begins a text
 * with `/`, `@@` one with `@`.
 */
export function parseLine(line: string): Intent {
  if (line.trim() === '') return { type: 'nothing' };
  if (line.startsWith('//') || line.startsWith('@@'))
    return { type: 'text', to: undefined, text: line.slice(1) };
  if (line.startsWith('/')) {
    const [name = '', ...words] = line.slice(1).trim().split(/\s+/);
    return { type: 'command', name: name.toLowerCase(), words };
  }
  const addressed = /^@(\S+)(?:\s+([\s\S]*))?$/.exec(line);
  if (addressed) return { type: 'text', to: parseNames(addressed[1] ?? ''), text: addressed[2] ?? '' };
  return { type: 'text', to: undefined, text: line };
}

/** Names as typed at `to:`, apart by spaces or commas, with or without `@`. */
export function parseNames(text: string): readonly string[] {
  const names = text.split(/[\s,]+/).map((name) => name.replace(/^@/, ''));
  return [...new Set(names.filter((name) => name !== ''))];
}
