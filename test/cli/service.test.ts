import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli } from '../../src/cli/index.ts';
import { unitText } from '../../src/cli/service/unit.ts';
import { createFakeServices } from '../../src/testing/fake-chat.ts';

let folder = '';
let unit = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-service-'));
  unit = join(folder, 'config/systemd/user/sotto.service');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What systemctl was told. */
  readonly told: readonly string[];
}

/** A systemctl that writes down what it is told: `active` says what runs, `fails` what does not work. */
function systemd({ active = 1, fails = 'nothing' } = {}): void {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  const script = `#!/bin/sh
shift 2
echo "$*" >> '${folder}/told'
case "$1" in
  is-active) exit ${active} ;;
  ${fails}) echo "Failed to connect to bus: no bus" >&2; exit 1 ;;
esac
`;
  writeFileSync(join(folder, 'bin/systemctl'), script, { mode: 0o755 });
}

async function sotto(
  words: string,
  {
    env = {},
    passphrase,
    running,
  }: {
    readonly env?: Readonly<Record<string, string>>;
    readonly passphrase?: string;
    readonly running?: 'node' | 'attended';
  } = {},
): Promise<Ran> {
  rmSync(join(folder, 'told'), { force: true });
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const services = createFakeServices({
    contacts: [],
    ...(passphrase !== undefined && { passphrase }),
    ...(running && { running }),
  });
  const exit = await runCli({
    version: '0.0.0',
    argv: ['service', ...words.split(' ')],
    env: { HOME: folder, XDG_CONFIG_HOME: join(folder, 'config'), PATH: `${folder}/bin`, ...env },
    services: async () => services,
    stdio: { stdin: new PassThrough(), stdout, stderr },
  });
  const told = existsSync(join(folder, 'told'))
    ? readFileSync(join(folder, 'told'), 'utf8').trim().split('\n')
    : [];
  return { exit, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? ''), told };
}

function lineOf(name: string): string | undefined {
  return new RegExp(`^${name}=(.*)$`, 'm').exec(readFileSync(unit, 'utf8'))?.[1];
}

test('install writes the unit of one’s own, with absolute paths, and starts it', async () => {
  systemd();
  const { exit, stdout, stderr, told } = await sotto('install --keep 90d --as alice --bind ::1 --closed');
  expect({ exit, stdout, told }).toEqual({
    exit: 0,
    stdout: '',
    told: ['is-active sotto.service', 'daemon-reload', 'enable sotto.service', 'restart sotto.service'],
  });
  expect(stderr).toContain(`the unit is ${unit}\n`);
  expect(stderr).toContain('alice is served by systemd now.');
  expect(statSync(unit).mode & 0o777).toBe(0o600);
  const start = `"${process.execPath}" "${process.argv[1]}" "up" "--foreground"`;
  expect(lineOf('ExecStart')).toBe(`${start} "--as" "alice" "--bind" "::1" "--closed" "--keep" "90d"`);
  expect(lineOf('Environment')).toBe(`"XDG_CONFIG_HOME=${join(folder, 'config')}"`);
  expect([lineOf('Type'), lineOf('SuccessExitStatus')]).toEqual(['exec', '143']);
});

test('variables become a part of the unit, settings of the file do not', async () => {
  systemd();
  mkdirSync(join(folder, 'config/sotto'), { recursive: true });
  writeFileSync(join(folder, 'config/sotto/config.json'), '{"port": 7001, "linger": "9s"}');
  const { exit } = await sotto('install', { env: { SOTTO_PORT: '7002', SOTTO_PASSPHRASE_FILE: '/p w' } });
  expect(exit).toBe(0);
  expect(lineOf('ExecStart')).toMatch(/"up" "--foreground" "--port" "7002" "--passphrase-file" "\/p w"$/);
  writeFileSync(join(folder, 'config/sotto/config.json'), '{"prot": 7001}');
  expect(await sotto('install')).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('config-invalid'),
  });
});

test('a home under a passphrase needs the file of one', async () => {
  systemd();
  const locked = await sotto('install', { passphrase: 'a horse' });
  expect(locked).toMatchObject({ exit: 7, stdout: '', told: [] });
  expect(locked.stderr).toContain('Give --passphrase-file FILE');
  expect((await sotto('install --passphrase-fd 3')).stderr).toContain('a service has no file descriptor');
  expect(existsSync(unit)).toBe(false);
});

test('what systemd does not do is said, and how things stand then', async () => {
  systemd({ fails: 'enable' });
  const refused = await sotto('install');
  expect(refused).toMatchObject({ exit: 3, stdout: '' });
  expect(refused.stderr).toContain(
    'sotto: systemctl --user enable sotto.service: Failed to connect to bus: no bus [service-unusable]\n  The unit is written.',
  );
  rmSync(join(folder, 'bin/systemctl'));
  expect(await sotto('install')).toMatchObject({
    exit: 3,
    stderr: expect.stringContaining('there is no systemctl [service-unusable]'),
  });
  expect(await sotto('install --no-start')).toMatchObject({
    exit: 0,
    stderr: expect.stringContaining('systemctl --user enable --now sotto.service'),
  });
  expect(await sotto('status')).toEqual({
    exit: 3,
    stdout: 'sotto.service: installed, not enabled, does not run\n',
    stderr: '',
    told: [],
  });
});

test('status says how it is, and remove stops and forgets it', async () => {
  systemd({ active: 0 });
  expect(await sotto('install')).toMatchObject({ exit: 0 });
  expect(await sotto('status --json')).toEqual({
    exit: 0,
    stdout: `{"type":"service","unit":"${unit}","installed":true,"enabled":true,"active":true}\n`,
    stderr: '',
    told: ['is-enabled sotto.service', 'is-active sotto.service'],
  });
  expect(await sotto('remove')).toEqual({
    exit: 0,
    stdout: '',
    stderr: `${unit} is removed; keys and messages stay\n`,
    told: ['disable --now sotto.service', 'daemon-reload'],
  });
  expect(existsSync(unit)).toBe(false);
  expect(await sotto('remove')).toMatchObject({
    exit: 0,
    stderr: 'there is no service to remove\n',
    told: [],
  });
});

test('a Sotto that runs with the home already is left alone', async () => {
  systemd();
  const beside = await sotto('install', { running: 'node' });
  expect(beside).toMatchObject({
    exit: 0,
    told: ['is-active sotto.service', 'daemon-reload', 'enable sotto.service'],
  });
  expect(beside.stderr).toContain('sotto down, then systemctl --user start sotto.service');
  expect(await sotto('install', { running: 'attended' })).toMatchObject({
    exit: 3,
    stderr: expect.stringContaining('[node-attended]'),
  });
});

test('a unit that somebody else wrote is neither replaced nor removed', async () => {
  systemd();
  mkdirSync(join(unit, '..'), { recursive: true });
  writeFileSync(unit, '[Service]\nExecStart=/bin/true\n');
  for (const words of ['install', 'remove'])
    expect(await sotto(words)).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining('was not written by sotto [file-unusable]'),
    });
  expect(readFileSync(unit, 'utf8')).toBe('[Service]\nExecStart=/bin/true\n');
});

test('no path can say anything else to systemd than a path, and systemd takes the unit', () => {
  const odd = `${folder}/a "b" \\c $HOME 100% \n[Service]`;
  const text = unitText({
    node: process.execPath,
    script: odd,
    args: ['up', '--home', odd],
    username: 'Bob %h\n[Unit]',
    env: { XDG_CONFIG_HOME: odd, XDG_DATA_HOME: 'relative' },
  });
  expect(text.match(/^\[.*$/gm)).toEqual(['[Unit]', '[Service]', '[Install]']);
  const word = String.raw`${folder}/a \"b\" \\c $$HOME 100%% \x0a[Service]`;
  expect(text).toContain(`\nExecStart="${process.execPath}" "${word}" "up" "--home" "${word}"\n`);
  expect(text).toContain(`\nEnvironment="XDG_CONFIG_HOME=${word.replace('$$', '$')}"\n`);
  expect(text).not.toContain('XDG_DATA_HOME');
  for (const line of ['NoNewPrivileges=yes', 'UMask=0077', 'LimitCORE=0', 'SystemCallFilter=@system-service'])
    expect(text).toContain(`\n${line}\n`);
  mkdirSync(join(unit, '..'), { recursive: true });
  writeFileSync(
    unit,
    unitText({ node: process.execPath, script: odd, args: ['up'], username: 'bob', env: {} }),
  );
  const env = { ...process.env, XDG_RUNTIME_DIR: folder };
  const seen = spawnSync('systemd-analyze', ['--user', '--man=no', 'verify', unit], {
    env,
    encoding: 'utf8',
  });
  expect([{ status: 0, said: '' }, 'no systemd here']).toContainEqual(
    seen.error ? 'no systemd here' : { status: seen.status, said: seen.stderr.trim() },
  );
});
