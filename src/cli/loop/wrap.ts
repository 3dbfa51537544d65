import stringWidth from 'string-width';

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * Breaks a line that is wider than the terminal, and indents what follows: text of a peer must never begin a row of its own,
 * where the program's lines begin.
 */
export function wrapLine(line: string, columns: number, indent: string): readonly string[] {
  const width = Math.max(1, columns - 1);
  if (stringWidth(line) <= width) return [line];
  const hanging = stringWidth(indent) < width ? indent : '';
  const rows: string[] = [];
  let row = '';
  let used = 0;
  for (const { segment } of graphemes.segment(line)) {
    const more = stringWidth(segment);
    if (used + more > width && row !== '' && row !== hanging) {
      rows.push(row);
      row = hanging;
      used = stringWidth(hanging);
    }
    row += segment;
    used += more;
  }
  return [...rows, row];
}
