import stringWidth from 'string-width';

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * Breaks a line that is wider than the terminal, between words where it can, and indents what follows: text of a peer must never begin a row of its own,
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
      const start = rows.length === 0 ? 0 : hanging.length;
      const breakAt = wordBreak(row, start, segment);
      rows.push(row.slice(0, breakAt));
      row = hanging + row.slice(breakAt);
      used = stringWidth(row);
    }
    row += segment;
    used += more;
  }
  return [...rows, row];
}

/** After the last space, unless that would leave more than half of the row empty. */
function wordBreak(row: string, start: number, next: string): number {
  if (next === ' ') return row.length;
  const space = row.lastIndexOf(' ');
  return space >= start + (row.length - start) / 2 ? space + 1 : row.length;
}
