// Man pages in man(7): sotto.1, and one for each of its commands.
import { SETTING_KEYS, variableOf } from '../../src/cli/settings/setting.ts';
import { allPages, type CommandPage, type Term } from './command-tree.ts';
import { ENVIRONMENT, FILES, RULES } from './manual-words.ts';

export interface ManOptions {
  readonly version: string;
  /** `2026-11-23` */
  readonly date: string;
}

/** File name to text. */
export function manPages(program: CommandPage, options: ManOptions): ReadonlyMap<string, string> {
  const pages = new Map([['sotto.1', mainPage(program, options)]]);
  for (const command of program.commands)
    pages.set(`${nameOf(command)}.1`, commandPage(command, program, options));
  return pages;
}

function mainPage(program: CommandPage, options: ManOptions): string {
  const commands = program.commands.map((command) => ({
    term: command.path,
    words: `${sentence(command.summary)} See ${nameOf(command)}(1).`,
  }));
  return document([
    ...head(program, 'encrypted chat straight from one machine to another', options),
    ...body(program, '.SH'),
    '.SH COMMANDS',
    ...terms(commands),
    '.SH FOR EVERY COMMAND',
    ...paragraphs(RULES),
    '.SH ENVIRONMENT',
    ...terms(ENVIRONMENT),
    '.SH FILES',
    ...terms(FILES),
    '.SH SEE ALSO',
    ...see(program.commands),
  ]);
}

function commandPage(command: CommandPage, program: CommandPage, options: ManOptions): string {
  const children = allPages(command).slice(1);
  return document([
    ...head(command, command.summary, options),
    ...body(command, '.SH'),
    ...children.flatMap((child) => [`.SH ${roff(child.path.toUpperCase())}`, ...body(child, '.SS')]),
    ...(command.exitCodes.length > 0 ? [] : exitCodes(program, '.SH')),
    '.SH ENVIRONMENT',
    ...terms(variablesOf(command)),
    '.SH FILES',
    ...terms(FILES),
    '.SH SEE ALSO',
    ...see([program]),
  ]);
}

function head({ path }: CommandPage, summary: string, { version, date }: ManOptions): readonly string[] {
  const name = path.replaceAll(' ', '-');
  return [
    `.TH ${name.toUpperCase()} 1 ${date} "sotto ${version}" "Sotto manual"`,
    '.SH NAME',
    `${roff(name)} \\- ${roff(summary)}`,
  ];
}

function body(page: CommandPage, heading: '.SH' | '.SS'): readonly string[] {
  const title = (text: string): string => `${heading} ${heading === '.SH' ? text.toUpperCase() : text}`;
  return [
    title('Synopsis'),
    '.nf',
    ...page.usage.map(roff),
    '.fi',
    title('Description'),
    ...filled(page.description),
    ...page.notes.flatMap((note) => ['.PP', ...filled(note)]),
    ...(page.arguments.length === 0 ? [] : [title('Arguments'), ...terms(page.arguments)]),
    ...page.options.flatMap((group) => [title(group.title), ...terms(group.options)]),
    ...exitCodes(page, heading),
    ...(page.examples.length === 0 ? [] : [title('Examples'), '.nf', ...page.examples.map(roff), '.fi']),
  ];
}

function exitCodes(page: CommandPage, heading: '.SH' | '.SS'): readonly string[] {
  if (page.exitCodes.length === 0) return [];
  return [`${heading} ${heading === '.SH' ? 'EXIT STATUS' : 'Exit status'}`, ...terms(page.exitCodes)];
}

/** A variable means nothing to a command that has not its flag. */
function variablesOf(command: CommandPage): readonly Term[] {
  const options = allPages(command).flatMap((page) => page.options.flatMap((group) => group.options));
  const flags = new Set(options.flatMap(({ term }) => term.match(/--[a-z-]+/g) ?? []));
  const foreign = SETTING_KEYS.filter((key) => !flags.has(key === 'pager' ? '--no-pager' : `--${key}`));
  const variables = new Set(foreign.map(variableOf));
  return ENVIRONMENT.filter(({ term }) => !variables.has(term));
}

function see(pages: readonly CommandPage[]): readonly string[] {
  return pages.map((page, i) => `.BR ${roff(nameOf(page))} (1)${i < pages.length - 1 ? ',' : ''}`);
}

function terms(list: readonly Term[]): readonly string[] {
  return list.flatMap(({ term, words }) => ['.TP', `.B ${roff(term)}`, ...filled(words)]);
}

function paragraphs(texts: readonly string[]): readonly string[] {
  return texts.flatMap((text, i) => (i === 0 ? filled(text) : ['.PP', ...filled(text)]));
}

/** Lines of source are short, whatever the terminal makes of them. */
const COLUMNS = 78;

function filled(text: string): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).map(roff)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > COLUMNS) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
  '"': '\\(dq',
  '“': '\\(lq',
  '”': '\\(rq',
  '’': '\\(cq',
  '…': '...',
  '·': '\\(pc',
};

/** One line of text: what roff would take for its own is escaped, and what is not ASCII is named. */
export function roff(text: string): string {
  const line = Array.from(text, (character) => ESCAPES[character] ?? named(character)).join('');
  return line.startsWith('.') ? `\\&${line}` : line;
}

function named(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x80 ? character : `\\[u${code.toString(16).toUpperCase().padStart(4, '0')}]`;
}

function document(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** `sotto-outbox` */
function nameOf({ path }: CommandPage): string {
  return path.replaceAll(' ', '-');
}
