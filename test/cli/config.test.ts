import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import * as v from 'valibot';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PUBLIC } from '../../src/api/json/index.ts';
import { SETTING_KEYS } from '../../src/cli/settings/setting.ts';
import { runCli } from '../../src/cli/index.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-config-'));
  path = join(folder, 'sotto/config.json');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Said {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function sotto(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Said> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const stdio = { stdin: new PassThrough(), stdout, stderr };
  const services = async (): Promise<never> => Promise.reject(new Error('a setting needs no services'));
  const all = { HOME: folder, XDG_CONFIG_HOME: folder, ...env };
  const exit = await runCli({ version: '0.0.0', argv, env: all, services, stdio });
  return { exit, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

function file(text: string): void {
  mkdirSync(join(folder, 'sotto'), { recursive: true });
  writeFileSync(path, text);
}

test('with --json every command writes an object, also of a setting that nobody made', async () => {
  const json = async (...argv: readonly string[]): Promise<unknown> => {
    const { stdout, stderr } = await sotto(['config', ...argv, '--json']);
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  };
  expect(await json('set', 'port', '7000')).toEqual({
    type: 'setting',
    key: 'port',
    value: 7000,
    from: 'file',
  });
  expect(await json('unset', 'port')).toEqual({ type: 'unset', key: 'port' });
  expect(await json('get', 'port')).toEqual({ type: 'unset', key: 'port' });
  expect(await json('path')).toEqual({ type: 'config', file: path });
});

test('with --json each mistake of the file is an error of its own', async () => {
  file('{ "prot": 7000, "keep": "2w" }');
  const { exit, stdout } = await sotto(['config', 'list', '--json']);
  expect(exit).toBe(2);
  const objects = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(objects).toEqual([
    { type: 'setting', key: 'keep', value: '2w', from: 'file' },
    expect.objectContaining({ type: 'error', exit_code: 2 }),
  ]);
  for (const object of objects) expect(v.parse(PUBLIC, object)).toEqual(object);
});

test('a setting is written, read, listed and taken out, in a file of one’s own', async () => {
  expect(await sotto(['config', 'path'])).toEqual({ exit: 0, stdout: `${path}\n`, stderr: '' });
  expect(await sotto(['config', 'list'])).toEqual({ exit: 0, stdout: '', stderr: '' });
  expect(await sotto(['config', 'get', 'port'])).toEqual({
    exit: 1,
    stdout: '',
    stderr: 'port is not set\n',
  });
  for (const words of [
    ['port', '7000'],
    ['bind', '127.0.0.1', '::1'],
    ['closed', 'yes'],
    ['pager', 'less -S'],
    ['keep', '90d'],
  ])
    expect(await sotto(['config', 'set', ...words])).toEqual({ exit: 0, stdout: '', stderr: '' });
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
    port: 7000,
    bind: ['127.0.0.1', '::1'],
    closed: true,
    pager: 'less -S',
    keep: '90d',
  });
  expect([statSync(path).mode & 0o777, statSync(join(folder, 'sotto')).mode & 0o777]).toEqual([0o600, 0o700]);
  expect((await sotto(['config', 'get', 'port'])).stdout).toBe('7000\n');
  expect((await sotto(['config', 'get', 'port'], { SOTTO_PORT: '7001' })).stdout).toBe('7001\n');
  expect((await sotto(['config', 'get', 'closed', '--json'])).stdout).toBe(
    '{"type":"setting","key":"closed","value":true,"from":"file"}\n',
  );
  const listed = await sotto(['config', 'list', '--json'], { SOTTO_KEEP: '2w' });
  expect(
    listed.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    { type: 'setting', key: 'port', value: 7000, from: 'file' },
    { type: 'setting', key: 'bind', value: ['127.0.0.1', '::1'], from: 'file' },
    { type: 'setting', key: 'closed', value: true, from: 'file' },
    { type: 'setting', key: 'keep', value: '2w', from: 'environment' },
    { type: 'setting', key: 'pager', value: 'less -S', from: 'file' },
  ]);
  expect((await sotto(['config', 'unset', 'port'])).exit).toBe(0);
  expect((await sotto(['config', 'unset', 'port'])).exit).toBe(1);
  expect(JSON.parse(readFileSync(path, 'utf8'))).not.toHaveProperty('port');
});

test('a relative path is made absolute, and what a variable says is told', async () => {
  const { stderr } = await sotto(['config', 'set', 'directory', 'people.json'], { SOTTO_DIRECTORY: '/d' });
  expect(stderr).toBe('· SOTTO_DIRECTORY is set, and beats the file\n');
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ directory: join(process.cwd(), 'people.json') });
});

test('the file of a passphrase is meant from where one is, too', async () => {
  await sotto(['config', 'set', 'passphrase-file', './secret']);
  expect((await sotto(['config', 'get', 'passphrase-file'])).stdout).toBe(
    `${join(process.cwd(), 'secret')}\n`,
  );
});

test('nothing is made where there is nothing to take out', async () => {
  expect((await sotto(['config', 'unset', 'port'])).exit).toBe(1);
  expect(existsSync(join(folder, 'sotto'))).toBe(false);
});

test('who edits at the same time waits, and no change is lost', async () => {
  file('{}');
  writeFileSync(`${path}.lock`, '{ "keep": "90d" }');
  const waiting = Promise.all([
    sotto(['config', 'set', 'port', '7000']),
    sotto(['config', 'set', 'as', 'bob']),
  ]);
  // The other one is done.
  setTimeout(() => renameSync(`${path}.lock`, path), 50);
  expect((await waiting).map(({ exit }) => exit)).toEqual([0, 0]);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ keep: '90d', port: 7000, as: 'bob' });
  // One that was killed meanwhile stops nobody.
  writeFileSync(`${path}.lock`, '');
  utimesSync(`${path}.lock`, 0, 0);
  expect((await sotto(['config', 'unset', 'keep'])).exit).toBe(0);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ port: 7000, as: 'bob' });
  expect(readdirSync(join(folder, 'sotto'))).toEqual(['config.json']);
});

test('every setting refuses a value that its flag would refuse, and the file stays', async () => {
  file('{}');
  const bad = {
    port: '70000',
    directory: '',
    as: '',
    bind: ',',
    home: '',
    'passphrase-file': '',
    closed: 'ja',
    keep: '90',
    linger: 'soon',
    timeout: '1y',
    plain: 'maybe',
    pager: '',
  };
  expect(Object.keys(bad)).toEqual(SETTING_KEYS);
  for (const [key, value] of Object.entries(bad)) {
    const { exit, stderr } = await sotto(['config', 'set', key, value]);
    expect({ key, exit, stderr }).toEqual({
      key,
      exit: 2,
      stderr: expect.stringMatching(`^sotto: ${key} is `),
    });
  }
  expect(readFileSync(path, 'utf8')).toBe('{}');
});

test('secrets are never kept there, and a word that is nearly a setting is recognised', async () => {
  for (const [word, hint] of [
    ['passphrase', 'Secrets are not kept there: “passphrase-file” names the file of one.'],
    ['password', 'Secrets are not kept there: “passphrase-file” names the file of one.'],
    ['time-out', 'Did you mean “timeout”?'],
    ['colour', `The settings are: ${SETTING_KEYS.join(', ')}.`],
  ] as const)
    expect(await sotto(['config', 'set', word, 'x'])).toEqual({
      exit: 2,
      stdout: '',
      stderr: `sotto: there is no setting “${word}” [usage]\n  ${hint}\n`,
    });
});

test('comments stay, a link stays a link, and a wrong key can be taken out', async () => {
  file('{\n  // at home\n  "port": 7000, // mine\n  "prot": 1\n}\n');
  const elsewhere = join(folder, 'dotfiles.json');
  writeFileSync(elsewhere, readFileSync(path));
  rmSync(path);
  symlinkSync(elsewhere, path);
  expect((await sotto(['config', 'set', 'port', '7001'])).exit).toBe(0);
  expect(readFileSync(elsewhere, 'utf8')).toBe('{\n  // at home\n  "port": 7001, // mine\n  "prot": 1\n}\n');
  expect((await sotto(['config', 'unset', 'prot'])).exit).toBe(0);
  expect(await sotto(['config', 'list'])).toEqual({
    exit: 0,
    stdout: 'port             7001   (line 3)\n',
    stderr: '',
  });
});

test('a broken file stops neither help nor config, and everything else with its line', async () => {
  file('{\n  "port": 7000,\n  "keep": "90"\n}');
  const wrong = `sotto: ${path}:3: keep is not a time to keep messages for: “90” [config-invalid]\n  Write it in days, weeks or years: 90d, 12w or 1y. What is older is deleted.\n`;
  expect(await sotto(['config', 'list'])).toEqual({
    exit: 2,
    stdout: 'port             7000   (line 2)\n',
    stderr: wrong,
  });
  expect((await sotto(['config', 'get', 'port'])).stdout).toBe('7000\n');
  expect(await sotto(['config', 'get', 'keep'])).toEqual({ exit: 2, stdout: '', stderr: wrong });
  expect(await sotto(['identity'])).toEqual({ exit: 2, stdout: '', stderr: wrong });
  expect((await sotto(['identity', '--help'])).exit).toBe(0);
  expect((await sotto(['config', 'set', 'keep', '90d'])).exit).toBe(0);
  expect((await sotto(['config', 'get', 'keep'])).stdout).toBe('90d\n');
  file('{ "port": 7000');
  for (const words of ['config set port 7001', 'config unset port', 'identity'])
    expect(await sotto(words.split(' '))).toEqual({
      exit: 2,
      stdout: '',
      stderr: `sotto: ${path}:1: this is not JSON (CloseBraceExpected) [config-invalid]\n`,
    });
  expect(readFileSync(path, 'utf8')).toBe('{ "port": 7000');
  expect((await sotto(['config', 'path'])).stdout).toBe(`${path}\n`);
});

test('a file that cannot be written is said so', async () => {
  writeFileSync(join(folder, 'sotto'), '');
  expect(await sotto(['config', 'set', 'port', '7000'])).toEqual({
    exit: 3,
    stdout: '',
    stderr: expect.stringMatching(/^sotto: .*config\.json cannot be written: .*\[file-unusable\]\n$/),
  });
});
