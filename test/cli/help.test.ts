import { PassThrough } from 'node:stream';
import { beforeAll, expect, test } from 'vitest';
import { closest } from '../../src/cli/words/closest.ts';
import { EXIT } from '../../src/cli/exit-code.ts';
import { runCli } from '../../src/cli/index.ts';
import { allPages, describeCommand, loadProgram, type CommandPage } from '../docs/command-tree.ts';

let pages: ReadonlyMap<string, CommandPage> = new Map();
beforeAll(async () => {
  const program = describeCommand(await loadProgram());
  pages = new Map(allPages(program).map((page) => [page.path, page]));
});

interface Said {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function sotto(...argv: readonly string[]): Promise<Said> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const stdio = { stdin: new PassThrough(), stdout, stderr };
  const services = async (): Promise<never> => Promise.reject(new Error('help needs no services'));
  const exit = await runCli({ version: '0.0.0', argv, env: { HOME: '/home/alice' }, services, stdio });
  return { exit, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

async function helpOf(...argv: readonly string[]): Promise<string> {
  const { exit, stdout } = await sotto(...argv);
  expect({ argv, exit }).toEqual({ argv, exit: 0 });
  return stdout;
}

test('help before a command is --help after it', async () => {
  for (const command of [[], ['send'], ['outbox', 'cancel'], ['directory', 'set']])
    expect(await helpOf('help', ...command)).toBe(await helpOf(...command, '--help'));
  for (const [group, name] of [
    ['outbox', 'cancel'],
    ['directory', 'set'],
    ['passphrase', 'change'],
  ] as const)
    expect(await helpOf(group, 'help', name)).toBe(await helpOf(group, name, '--help'));
});

test('the help lists every exit code', async () => {
  const [, list = ''] = (await helpOf('--help')).split('Exit codes:');
  const listed = [...list.matchAll(/\d+/g)].map(([code]) => Number(code));
  expect(listed.toSorted((a, b) => a - b)).toEqual(Object.values(EXIT).toSorted((a, b) => a - b));
});

test('the help of every command begins with an example of it, then says what it does and what each part means', async () => {
  expect(pages.size).toBeGreaterThan(40);
  for (const [path, page] of pages) {
    const help = await helpOf(...path.split(' ').slice(1), '--help');
    const [first = ''] = page.examples;
    expect(help, path).toMatch(/^Examples:\n {2}\S/);
    expect(
      page.examples.some((line) => line.includes(path)),
      path,
    ).toBe(true);
    expect(help).toContain(first);
    expect(help, path).toContain(`\nUsage: ${path}`);
    expect(help).not.toMatch(/\n{3}/);
    expect(page.description, path).toMatch(/^\p{Lu}.*\.$/su);
    expect(page.summary, path).toMatch(path === 'sotto' ? /^$/ : /^\S.*[^.]$/);
    const parts = [...page.arguments, ...page.options.flatMap(({ options }) => options)];
    for (const { term, words } of parts) {
      expect(help, `${path} ${term}`).toContain(term);
      expect(words, `${path} ${term}`).not.toBe('');
    }
    const wide = help
      .split('\n')
      .filter((line) => line.length > 110 && !page.examples.includes(line.slice(2)));
    expect(wide, path).toEqual([]);
  }
});

/** Flags by their names, those of the commands above it too. */
function flagsOf(path: string): ReadonlySet<string> {
  const words = path.split(' ');
  const above = words.map((_word, i) => pages.get(words.slice(0, i + 1).join(' ')));
  const terms = above.flatMap((page) => page?.options.flatMap(({ options }) => options) ?? []);
  return new Set(terms.flatMap(({ term }) => term.match(/--[a-z-]+/g) ?? []));
}

/** The longest beginning of the words that is a command. */
function commandIn(words: readonly string[]): string {
  for (let length = words.length; length > 0; length--) {
    const path = words.slice(0, length).join(' ');
    if (pages.has(path)) return path;
  }
  return 'sotto';
}

test('every example is of commands and flags that there are', () => {
  let flags = 0;
  for (const [path, { examples }] of pages)
    for (const example of examples) {
      const [, command = ''] = /\b(sotto\b[^|>;)]*)/.exec(example.replaceAll(/'[^']*'/g, 'TEXT')) ?? [];
      const [typed = ''] = command.split(/ {3}/);
      const words = typed.trim().split(/\s+/);
      const named = commandIn(words);
      const group = pages.get(named)?.commands.length ?? 0;
      const next = words[named.split(' ').length];
      expect(next !== undefined && group > 0 && /^[a-z]+$/.test(next), `${path}: ${example}`).toBe(false);
      for (const flag of words
        .slice(0, words.indexOf('--') < 0 ? undefined : words.indexOf('--'))
        .filter((word) => word.startsWith('--'))) {
        flags++;
        expect([...flagsOf(named)], `${path}: ${example}`).toContain(flag.split('=')[0]);
      }
    }
  expect(flags).toBeGreaterThan(20);
});

test('every command takes --plain', () => {
  const commands = [...pages].filter(([path, page]) => page.commands.length === 0 || path === 'sotto');
  for (const [path] of commands) expect([...flagsOf(path)], path).toContain('--plain');
});

/** Two neighbours swapped, as fingers do. */
function mistyped(word: string): string {
  return `${word.slice(0, -2)}${word.at(-1)}${word.at(-2)}`;
}

test('a mistyped command, subcommand or flag is recognised, at every command', async () => {
  let tried = 0;
  for (const [path, { commands, options }] of pages) {
    const words = path.split(' ').slice(1);
    const names = commands.map((child) => child.path.split(' ').at(-1) ?? '');
    for (const name of names) {
      const wrong = mistyped(name);
      if (names.includes(wrong) || closest(wrong, names) !== name) continue;
      tried++;
      const { exit, stderr } = await sotto(...words, wrong);
      expect({ wrong, exit, stderr }).toEqual({
        wrong,
        exit: 2,
        stderr: expect.stringContaining(`Did you mean “${path} ${name}”?`),
      });
    }
    const own = options
      .flatMap((group) => group.options)
      .flatMap(({ term }) => term.match(/--[a-z-]+/g) ?? []);
    for (const flag of own.filter((word) => word.length > 6)) {
      tried++;
      const { exit, stderr } = await sotto(...words, mistyped(flag));
      expect({ path, exit, stderr }).toEqual({
        path,
        exit: 2,
        stderr: expect.stringMatching(new RegExp(`Did you mean .*${flag}`)),
      });
    }
  }
  expect(tried).toBeGreaterThan(200);
});

test('a mistyped choice of an option is recognised', async () => {
  let tried = 0;
  for (const [path, { options }] of pages)
    for (const { term, words } of options.flatMap((group) => group.options)) {
      const [, choices = ''] = /choices: ((?:"\w+"(?:, )?)+)/.exec(words) ?? [];
      for (const [, choice = ''] of choices.matchAll(/"(\w+)"/g)) {
        tried++;
        const argv = [...path.split(' ').slice(1), term.split(' ')[0] ?? '', mistyped(choice)];
        expect(await sotto(...argv)).toMatchObject({
          exit: 2,
          stderr: expect.stringContaining(`Did you mean “${choice}”?`),
        });
      }
    }
  expect(tried).toBeGreaterThan(5);
});
