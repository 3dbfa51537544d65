// docs/manual: one page a command, and README.md for the program itself.
import { allPages, type CommandPage, type Term } from './command-tree.ts';
import { ENVIRONMENT, FILES, RULES } from './manual-words.ts';

/** File name to text. */
export function manualPages(program: CommandPage): ReadonlyMap<string, string> {
  const pages = new Map([['README.md', mainPage(program)]]);
  for (const command of program.commands) pages.set(fileOf(command.path), commandPage(command));
  return pages;
}

function mainPage(program: CommandPage): string {
  const commands = program.commands.map(
    ({ path, summary, commands: children }) =>
      `| [\`${path}\`](${fileOf(path)}) | ${escape(summary)}${children.length === 0 ? '' : `: ${children.map(({ path: child }) => lastWord(child)).join(', ')}`} |`,
  );
  return document([
    '# sotto',
    'Made from the commands themselves by `npm run docs`: not to be edited by hand. `sotto help COMMAND` says the same.',
    ...body(program, '##'),
    '## Commands',
    ['| | |', '|---|---|', ...commands].join('\n'),
    '## For every command',
    RULES.map((rule) => `- ${escape(rule)}`).join('\n'),
    '## Environment',
    list(ENVIRONMENT),
    '## Files',
    list(FILES),
  ]);
}

function commandPage(command: CommandPage): string {
  const children = allPages(command).slice(1);
  const sections = children.flatMap((child) => [`## ${child.path}`, ...body(child, '###')]);
  return document([
    `# ${command.path}`,
    `${escape(capital(command.summary))}. [All commands](README.md)`,
    ...body(command, '##'),
    ...sections,
  ]);
}

function body(page: CommandPage, heading: string): readonly string[] {
  return [
    ...(page.examples.length === 0 ? [] : [fenced('sh', page.examples.map(commented))]),
    fenced('text', page.usage),
    escape(page.description),
    ...section(`${heading} Arguments`, page.arguments),
    ...page.options.flatMap(({ title, options }) => section(`${heading} ${title}`, options)),
    ...section(`${heading} Exit codes`, page.exitCodes),
    ...page.notes.map((note) => escape(note.replaceAll(/\n */g, ' '))),
  ];
}

/** What a shell shall not take for a part of the command. */
export function commented(example: string): string {
  return example.replace(/^(\S.*?\S)( {3,})(\S.*)$/, '$1$2# $3');
}

function section(title: string, terms: readonly Term[]): readonly string[] {
  return terms.length === 0 ? [] : [title, list(terms)];
}

function list(terms: readonly Term[]): string {
  return terms.map(({ term, words }) => `- \`${term}\`: ${escape(words)}`).join('\n');
}

function fenced(language: string, lines: readonly string[]): string {
  return ['```' + language, ...lines, '```'].join('\n');
}

function document(parts: readonly string[]): string {
  return `${parts.join('\n\n')}\n`;
}

/** What Markdown would take for its own. */
function escape(text: string): string {
  return text.replaceAll(/[\\`*<>|[\]]/g, String.raw`\$&`);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `sotto-outbox.md` */
function fileOf(path: string): string {
  return `${path.replaceAll(' ', '-')}.md`;
}

function lastWord(path: string): string {
  return path.split(' ').at(-1) ?? '';
}
