/** Longer lines are hard to read, and shorter ones than this no terminal has. */
const WIDTH_MAX = 110;
const WIDTH_MIN = 40;

/** How wide help may be: as the terminal, where there is one that knows it (one whose size nobody has set says 0). */
export function helpWidth(columns: number | undefined): number {
  return Math.max(WIDTH_MIN, Math.min(columns || WIDTH_MAX, WIDTH_MAX));
}

/** Fills the paragraphs that begin at the margin, and keeps one blank line between two parts; what is indented stays as it is. */
export function fillHelp(text: string, width: number): string {
  return text
    .replaceAll(/\n{3,}/g, '\n\n')
    .split('\n\n')
    .map((paragraph) =>
      /^\s|\n\s/.test(paragraph.replace(/^\n+/, '').trimEnd()) ? paragraph : fill(paragraph, width),
    )
    .join('\n\n');
}

function fill(paragraph: string, width: number): string {
  const [, before = '', body = '', after = ''] = /^(\n*)([\s\S]*?)(\n*)$/.exec(paragraph) ?? [];
  const lines: string[] = [];
  for (const word of body.split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return `${before}${lines.join('\n')}${after}`;
}
