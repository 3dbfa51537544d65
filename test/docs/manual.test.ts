import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { EXIT } from '../../src/cli/exit-code.ts';
import { allPages, describeCommand, loadProgram, type CommandPage } from './command-tree.ts';
import { manPages, roff } from './man-pages.ts';
import { commented, manualPages } from './manual-pages.ts';
import { ENVIRONMENT } from './manual-words.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'docs/manual');
let program: CommandPage;
let man: ReadonlyMap<string, string>;

beforeAll(async () => {
  program = describeCommand(await loadProgram());
  man = manPages(program, { version: '1.2.3', date: '2026-11-23' });
});

test('docs/manual is what the commands say: “npm run docs” makes it', () => {
  const written = readdirSync(FOLDER).map(
    (name) => [name, readFileSync(join(FOLDER, name), 'utf8')] as const,
  );
  expect(new Map(written)).toEqual(manualPages(program));
});

/** The part of a page that is about one command. */
function partOf(page: string, title: string, heading: RegExp): string {
  const parts = page.split(heading);
  return parts.find((part) => part.startsWith(`${title}\n`)) ?? '';
}

test('every command, argument and option is in the manual and in a man page', () => {
  expect(allPages(program).length).toBeGreaterThan(40);
  for (const { path, arguments: words, options, examples, usage } of allPages(program)) {
    const [name = '', group = '', ...rest] = path.split(' ');
    const isOwnPage = rest.length === 0;
    const file = [name, ...(group === '' ? [] : [group])].join('-');
    const markdown = manualPages(program).get(group === '' ? 'README.md' : `${file}.md`) ?? '';
    const pages = {
      manual: isOwnPage ? markdown : partOf(markdown, path, /^## /m),
      man: isOwnPage
        ? man.get(`${file}.1`)!
        : partOf(man.get(`${file}.1`)!, roff(path.toUpperCase()), /^\.SH /m),
    };
    const terms = [...words, ...options.flatMap((of) => of.options)].map(({ term }) => term);
    for (const term of terms) {
      expect(pages.manual, `${path} ${term}`).toContain(`\n- \`${term}\`: `);
      expect(pages.man, `${path} ${term}`).toContain(`\n.TP\n.B ${roff(term)}\n`);
    }
    for (const line of [...examples, ...usage]) {
      expect(pages.manual).toContain(`\n${commented(line)}\n`);
      expect(pages.man).toContain(`\n${roff(line)}\n`);
    }
    const parent = manualPages(program).get(isOwnPage ? 'README.md' : `${file}.md`) ?? '';
    expect(parent, path).toContain(path);
  }
});

test('every command of the program is in the list of the first page, with its page and its subcommands', () => {
  const readme = manualPages(program).get('README.md') ?? '';
  for (const { path, commands } of program.commands) {
    expect(readme).toContain(`| [\`${path}\`](${path.replaceAll(' ', '-')}.md) |`);
    for (const child of commands)
      expect(readme).toMatch(new RegExp(`\`${path}\`.*\\b${child.path.split(' ').at(-1)}\\b`));
  }
});

test('the manual has every exit code of the program', () => {
  const codes = program.exitCodes.map(({ term }) => Number(term));
  expect(codes.toSorted((a, b) => a - b)).toEqual(Object.values(EXIT).toSorted((a, b) => a - b));
  expect(program.exitCodes.filter(({ words }) => words === '')).toEqual([]);
});

test('the manual has every variable that the program reads, and no other', () => {
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith('testing'))
    .map((name) => readFileSync(join(ROOT, 'src', name), 'utf8'))
    .join('\n');
  const read = new Set([...sources.matchAll(/\benv\??\.?\['(\w+)'\]/g)].map(([, name = '']) => name));
  const known = new Set(ENVIRONMENT.map(({ term }) => term));
  expect(read.size).toBeGreaterThan(5);
  expect([...read].filter((name) => !known.has(name))).toEqual([]);
  const mentioned = new Set(sources.match(/\b[A-Z][A-Z_]{2,}\b/g));
  expect([...known].filter((name) => !mentioned.has(name) && !name.startsWith('SOTTO_'))).toEqual([]);
  // What sotto listen --exec gives to a command stands in its own help.
  const everything = [...man.values()].join('\n');
  const own = new Set(sources.match(/\bSOTTO_[A-Z_]+\b/g));
  expect([...own].filter((name) => !everything.includes(name))).toEqual([]);
});

test('a man page is roff that says what it shall: plain ASCII, no line that is a request by mistake', () => {
  for (const [name, page] of man) {
    expect(page.startsWith('.TH '), name).toBe(true);
    expect(page, name).toMatch(/^[\n\x20-\x7e]*$/);
    const requests = new Set(page.match(/^[.'][^ \n]*/gm));
    expect(
      [...requests].filter(
        (word) => !['.TH', '.SH', '.SS', '.TP', '.PP', '.B', '.BR', '.nf', '.fi'].includes(word),
      ),
    ).toEqual([]);
    const titles = [...page.matchAll(/^\.SH (.*)$/gm)].map(([, title = '']) => title);
    for (const title of [
      'NAME',
      'SYNOPSIS',
      'DESCRIPTION',
      'COMMON OPTIONS',
      'EXIT STATUS',
      'EXAMPLES',
      'ENVIRONMENT',
      'FILES',
    ])
      expect(titles, `${name} ${title}`).toContain(title);
    const seen = spawnSync('mandoc', ['-Tlint', '-Wwarning'], { input: page, encoding: 'utf8' });
    expect(['', undefined], name).toContain(seen.error ? undefined : seen.stdout);
  }
});

test('package.json lists every man page', () => {
  const { man: listed } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    man: readonly string[];
  };
  expect(listed).toEqual([...man.keys()].map((name) => `./dist/man/${name}`));
});
