import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { constantFrom, oneof, sample, string } from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseBashLine, quoteForBash } from '../../src/cli/completion/bash-line.ts';
import { SCRIPTS } from '../../src/cli/completion/scripts.ts';
import { runCli } from '../../src/cli/index.ts';

const ROOT = join(import.meta.dirname, '../..');
/** As an interactive bash has them. */
const BREAKS = ' \t\n"\'@><=;|&(:';
const NAMES = ['alice', 'bob', 'Bob Smith (work) & co', "it's!me", 'bob@home=x', 'müller'];
/** Nobody can have such a name here, but a file of people is written by others too. */
const EVIL = ['$(touch pwned)', '`touch pwned`', '; touch pwned', 'a\nb', '\u001b[2Jx', 'x'.repeat(65), ''];

let home = '';
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'sotto-completion-'));
  mkdirSync(join(home, '.config/sotto'), { recursive: true });
  write('.config/sotto/directory.json', [...NAMES, ...EVIL]);
  write('others.json', ['carol']);
  mkdirSync(join(home, 'bin'));
  const program = `exec '${process.execPath}' '${ROOT}/src/main.ts' "$@"`;
  writeFileSync(join(home, 'bin/sotto'), `#!/bin/sh\n${program}\n`, { mode: 0o755 });
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

function write(path: string, names: readonly string[]): void {
  writeFileSync(join(home, path), JSON.stringify(names.map((username) => ({ username }))));
}

async function answer(
  shell: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const stdout = new PassThrough();
  const stdio = { stdin: new PassThrough(), stdout, stderr: new PassThrough() };
  const services = async (): Promise<never> => Promise.reject(new Error('an answer needs no services'));
  const argv = ['completion', 'answer', shell, '--', ...words];
  const exit = await runCli({ version: '0.0.0', argv, env: { HOME: home, ...env }, services, stdio });
  expect(exit).toBe(0);
  return String(stdout.read()).trimEnd().split('\n');
}

/** What may stand at the end of the words, without descriptions. */
async function words(...typed: readonly string[]): Promise<readonly string[]> {
  return (await answer('zsh', typed)).map((line) => line.split('\t')[0] ?? '');
}

test('commands, subcommands, options and their choices are offered where they may stand', async () => {
  expect(await words('')).toEqual(expect.arrayContaining(['words', 'send', 'outbox', 'config']));
  expect(await words('ou')).toEqual(['words', 'outbox']);
  expect(await words('outbox', 'c')).toEqual(['words', 'cancel']);
  expect(await words('--home', '/x', 'outbox', 'ca')).toEqual(['words', 'cancel']);
  expect(await words('send', '--w')).toEqual(['words', '--wait']);
  expect(await words('send', '--wait', '')).toEqual(['words', 'delivered', 'sent', 'queued']);
  expect(await words('send', '--wait=q')).toEqual(['words', '--wait=queued']);
  expect(await words('config', 'set', 'p')).toEqual(['words', 'port', 'passphrase-file', 'plain', 'pager']);
  expect(await words('history', 'bob', 'x', 'y', '')).toEqual(['words']);
  expect(await words('he')).toEqual(['words', 'help']);
  expect(await words('help', 'ou')).toEqual(['words', 'outbox']);
  expect(await words('help', 'outbox', 'c')).toEqual(['words', 'cancel']);
  expect(await words('nonsense', '')).toEqual(['words']);
  expect(await words('up', '--rep')).toEqual(['words']);
});

test('files and folders are left to the shell', async () => {
  expect(await words('restore', 'x')).toEqual(['files']);
  expect(await words('send', '--directory', '')).toEqual(['files']);
  expect(await words('send', '--home', '')).toEqual(['folders']);
});

test('contacts are offered where a contact may stand, without those that would harm a shell or a terminal', async () => {
  const safe = [...NAMES, ...EVIL.slice(0, 3)];
  for (const typed of [['send'], ['send', 'bob'], ['verify'], ['outbox', 'retry', 'bob'], ['send', '--']])
    expect(await words(...typed, ''), typed.join(' ')).toEqual(['words', ...safe]);
  expect(await words('outbox', '--to', 'bob')).toEqual(['words', 'bob', 'bob@home=x']);
  expect(await words('outbox', '--to=bob')).toEqual(['words', '--to=bob', '--to=bob@home=x']);
  expect(await words('directory', 'add', '')).toEqual(['words']);
  expect(await words('directory', 'set', 'bob', '--name', '')).toEqual(['words']);
});

test('contacts come from the directory that the command would use, and are not oneself', async () => {
  const others = join(home, 'others.json');
  expect(await words('--directory', others, 'send', '')).toEqual(['words', 'carol']);
  expect(await words(`--directory=${others}`, 'send', '')).toEqual(['words', 'carol']);
  expect(await words('--as', 'alice', 'send', 'al')).toEqual(['words']);
  const env = { SOTTO_DIRECTORY: others };
  expect(await answer('zsh', ['send', ''], env)).toEqual(['words', 'carol\tcontact']);
  expect(await answer('zsh', ['send', ''], { ...env, SOTTO_AS: 'carol' })).toEqual(['words']);
  const config = join(home, 'config');
  mkdirSync(join(config, 'sotto'), { recursive: true });
  writeFileSync(join(config, 'sotto/config.json'), JSON.stringify({ directory: others }));
  expect(await answer('zsh', ['send', ''], { XDG_CONFIG_HOME: config })).toEqual(['words', 'carol\tcontact']);
  writeFileSync(join(config, 'sotto/config.json'), '{"directory"');
  for (const directory of ['none.json', '/dev/zero', home, join(config, 'sotto/config.json')])
    expect(await answer('zsh', ['send', ''], { SOTTO_DIRECTORY: directory })).toEqual(['words']);
});

test('bash gets what replaces the part of the word that it replaces, in the open quotation marks', async () => {
  const bash = async (line: string): Promise<readonly string[]> =>
    (await answer('bash', [BREAKS, line])).slice(1);
  expect(await bash('sotto send Bob')).toEqual([String.raw`Bob\ Smith\ \(work\)\ \&\ co`]);
  expect(await bash(String.raw`sotto send Bob\ S`)).toEqual([String.raw`Bob\ Smith\ \(work\)\ \&\ co`]);
  expect(await bash("sotto send 'Bob S")).toEqual(['Bob Smith (work) & co']);
  expect(await bash("sotto send Bob' S")).toEqual([' Smith (work) & co']);
  expect(await bash('sotto send "it')).toEqual([`it's"'!'"me`]);
  expect(await bash("sotto send 'it")).toEqual([String.raw`it'\''s!me`]);
  expect(await bash('sotto send bob@h')).toEqual(['@home=x']);
  expect(await bash('sotto outbox --to=b')).toEqual(['bob', 'bob@home=x']);
  expect(await bash('sotto outbox --to')).toEqual(['--to']);
  for (const line of ['sotto send $(', 'sotto send "$', 'sotto send `', 'sotto send $H'])
    expect(await bash(line)).toEqual([]);
  expect(await bash(String.raw`sotto send \$`)).toEqual([String.raw`\$\(touch\ pwned\)`]);
});

test('whatever a name is made of, bash reads it back, and runs nothing of it', () => {
  const text = string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
  const odd = string({ unit: constantFrom(...Array.from(` '"!&()@=~$\`;|<>*?[]{}#\\a-`)), minLength: 1 });
  const printable = oneof(text, odd).filter((name) => !/[\0\n\r]/.test(name));
  const names = sample(printable, { numRuns: 300, seed: 7 });
  const quoted = names.flatMap((name) => [
    quoteForBash(name, ''),
    `'${quoteForBash(name, "'")}'`,
    `"${quoteForBash(name, '"')}"`,
  ]);
  const script = quoted.map((word) => `printf '%s\\0' ${word}`).join('\n');
  const read = execFileSync('bash', ['-s'], { input: script, encoding: 'utf8', cwd: home });
  expect(read.split('\0').slice(0, -1)).toEqual(names.flatMap((name) => [name, name, name]));
  for (const name of names)
    expect(parseBashLine(`sotto send ${quoteForBash(name, '')}`, BREAKS).words).toEqual([
      'sotto',
      'send',
      name,
    ]);
});

interface Shells {
  readonly bash: string;
  readonly zsh: string;
  readonly fish: string;
}

function run(
  shell: keyof Shells,
  script: string,
): { readonly stdout: string; readonly stderr: string } | undefined {
  const env = { HOME: home, PATH: `${join(home, 'bin')}:${process.env['PATH'] ?? ''}`, LC_ALL: 'C.UTF-8' };
  const { error, stdout, stderr } = spawnSync(shell, ['-c', script], { cwd: home, env, encoding: 'utf8' });
  if (error) return undefined;
  return { stdout, stderr };
}

test('the script completes in a real bash, twice loaded, and nothing of the line or of a name is run', () => {
  const lines = [
    'sotto send Bob',
    'sotto send $(touch pwned) bo',
    'sotto send `touch pwned`; touch pwned; bo',
  ];
  const tries = lines.map(
    (line) =>
      `COMP_LINE=${shellWord(line)}; COMP_POINT=\${#COMP_LINE}; _sotto; printf '%s\\n' "\${COMPREPLY[@]}"; echo --`,
  );
  const load = 'eval "$(sotto completion bash)"';
  const said = run(
    'bash',
    [load, load, `COMP_WORDBREAKS=${shellWord(BREAKS)}`, ...tries, 'ls pwned'].join('\n'),
  );
  expect(said?.stdout.split('--\n')).toEqual([
    'Bob\\ Smith\\ \\(work\\)\\ \\&\\ co\n',
    'bob\nbob@home=x\n',
    'bob\nbob@home=x\n',
    '',
  ]);
  expect(said?.stderr).toMatch(/^ls: .*pwned.*\n$/);
});

test('the scripts have no word that runs a text as a command', () => {
  for (const script of Object.values(SCRIPTS)) {
    const code = script.replaceAll(/^#.*$/gm, '');
    expect(code).not.toMatch(/\beval\b|\bsource\b|compgen -W|`|_describe|\$\{=/);
    expect(code).toContain('sotto completion answer');
    expect(code).toContain('2>/dev/null </dev/null');
  }
});

test('zsh and fish take the same answers, where they are installed; what they are given is right everywhere', async () => {
  expect(await answer('zsh', ['send', 'Bob'])).toEqual(['words', 'Bob Smith (work) & co\tcontact']);
  expect(await answer('fish', ['send', "'Bob S"])).toEqual(['words', 'Bob Smith (work) & co\tcontact']);
  symlinkSync(join(home, 'others.json'), join(home, 'linked.json'));
  const fish = run(
    'fish',
    `sotto completion fish | source; complete -C "sotto send Bob"; complete -C "sotto restore link"`,
  );
  expect([undefined, 'Bob Smith (work) & co\tcontact\nlinked.json\n']).toContain(fish?.stdout);
  const zsh = run(
    'zsh',
    `compdef() { : }; compadd() { print -rl -- $values }; eval "$(sotto completion zsh)"
     words=(sotto send Bob); CURRENT=3; PREFIX=Bob; _sotto`,
  );
  expect([undefined, 'Bob Smith (work) & co\n']).toContain(zsh?.stdout);
});

function shellWord(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
