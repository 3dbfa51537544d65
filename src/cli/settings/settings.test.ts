import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SETTING_KEYS, variableOf } from './setting.ts';
import { shellWord } from '../words/describe.ts';
import { parseDuration, parseKeep, parseMoment, parseSpan } from './duration.ts';
import { addGlobalFlags, defaultDirectory, readSettings, type Settings } from './settings.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-settings-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function configFile(text: string): string {
  mkdirSync(join(folder, '.config/sotto'), { recursive: true });
  const path = join(folder, '.config/sotto/config.json');
  writeFileSync(path, text);
  return path;
}

function settingsOf(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  flags?: Parameters<typeof addGlobalFlags>[1],
): Settings {
  const program = new Command().enablePositionalOptions();
  addGlobalFlags(program);
  let settings: Settings | undefined;
  const command = program.command('do').action((_options, self) => {
    settings = readSettings(self, { HOME: folder, ...env });
  });
  addGlobalFlags(command, flags);
  program.parse([...argv], { from: 'user' });
  return settings!;
}

test('flags beat the environment, and stand before or after the command', () => {
  expect(settingsOf(['do'], { SOTTO_PORT: '7000' }).port).toBe(7000);
  expect(settingsOf(['--port', '7001', 'do'], { SOTTO_PORT: '7000' }).port).toBe(7001);
  expect(settingsOf(['--port', '7001', 'do', '--port', '7002']).port).toBe(7002);
  expect(settingsOf(['do']).port).toBeUndefined();
});

test('a variable means nothing to a command that has not its flag', () => {
  const env = { SOTTO_KEEP: 'zz', SOTTO_CLOSED: 'ja', SOTTO_BIND: '::1', SOTTO_PORT: '7000' };
  expect(settingsOf(['do'], env, ['port'])).toMatchObject({ port: 7000, closed: false });
  expect(settingsOf(['do'], env, ['port']).bind).toBeUndefined();
  expect(() => settingsOf(['do'], env)).toThrow('SOTTO_CLOSED is neither 1 nor 0');
});

test('addresses to bind repeat or stand apart by commas', () => {
  expect(settingsOf(['do', '--bind', '127.0.0.1', '--bind', '::1,10.0.0.1']).bind).toEqual([
    '127.0.0.1',
    '::1',
    '10.0.0.1',
  ]);
  expect(settingsOf(['do'], { SOTTO_BIND: '127.0.0.1, ::1' }).bind).toEqual(['127.0.0.1', '::1']);
});

test('closed is a flag, or a variable that says yes or no and nothing else', () => {
  expect([settingsOf(['do']).closed, settingsOf(['do', '--closed']).closed]).toEqual([false, true]);
  for (const [text, closed] of [
    ['1', true],
    ['yes', true],
    ['TRUE', true],
    ['0', false],
    ['', false],
  ] as const)
    expect(settingsOf(['do'], { SOTTO_CLOSED: text }).closed).toBe(closed);
  expect(() => settingsOf(['do'], { SOTTO_CLOSED: 'ja' })).toThrow('SOTTO_CLOSED is neither 1 nor 0');
});

test('a mistake names its flag or variable', () => {
  expect(() => settingsOf(['do', '--port', '0'])).toThrow('--port is not a port');
  expect(() => settingsOf(['do'], { SOTTO_PORT: 'x' })).toThrow('SOTTO_PORT is not a port');
  expect(() => settingsOf(['do', '--timeout', 'soon'])).toThrow('--timeout is not a time');
});

test('times are seconds unless they say otherwise', () => {
  expect(parseDuration('30', '--timeout')).toBe(30_000);
  expect(parseDuration('30s', '--timeout')).toBe(30_000);
  expect(parseDuration('2m', '--timeout')).toBe(120_000);
  expect(parseDuration('250ms', '--timeout')).toBe(250);
  expect(parseDuration('0', '--linger')).toBe(0);
  expect(parseDuration('1d', '--timeout')).toBe(86_400_000);
  for (const text of ['-1', '1y', '', '99999999h', '25d'])
    expect(() => parseDuration(text, '--timeout')).toThrow('is not a time');
});

test('a span has a unit, and is never nothing', () => {
  expect(['30s', '15m', '2h', '2d', '90d', '1w'].map((text) => parseSpan(text, '--expires') / 1000)).toEqual([
    30, 900, 7200, 172_800, 7_776_000, 604_800,
  ]);
  for (const text of ['90', '0d', '-1d', '', '1y', '99999999w'])
    expect(() => parseSpan(text, '--expires')).toThrow('--expires is not a span of time');
});

test('how long messages are kept is said in days, weeks or years, never in what could be minutes or months', () => {
  expect(['1d', '0.5d', '2w', '1y'].map((text) => parseKeep(text, '--keep') / 86_400_000)).toEqual([
    1, 0.5, 14, 365,
  ]);
  for (const text of ['90', '3m', '12h', '0d', '0.0001d', '-1d', '', '1000y'])
    expect(() => parseKeep(text, '--keep'), text).toThrow('--keep is not a time to keep');
  expect(settingsOf(['do', '--keep', '90d']).keepMs).toBe(7_776_000_000);
  expect(settingsOf(['do'], { SOTTO_KEEP: '2w' }).keepMs).toBe(1_209_600_000);
  expect(() => settingsOf(['do'], { SOTTO_KEEP: '90' })).toThrow('SOTTO_KEEP is not a time to keep');
});

test('a moment is an age, a local day, or an ISO time', () => {
  const now = Date.UTC(2026, 10, 23, 12);
  expect(parseMoment('2d', '--since', now)).toBe(Date.UTC(2026, 10, 21, 12));
  expect(parseMoment('2026-11-01', '--since', now)).toBe(new Date(2026, 10, 1).getTime());
  expect(parseMoment('2026-11-01T09:30', '--since', now)).toBe(new Date(2026, 10, 1, 9, 30).getTime());
  expect(parseMoment('2026-11-01 09:30', '--since', now)).toBe(new Date(2026, 10, 1, 9, 30).getTime());
  expect(parseMoment('2026-11-01T09:30:15Z', '--since', now)).toBe(Date.UTC(2026, 10, 1, 9, 30, 15));
  for (const text of ['', 'yesterday', '5', '2026-13-01', '2026-11-01Tnoon', 'Nov 1 2026'])
    expect(() => parseMoment(text, '--since', now)).toThrow('--since is no time');
});

test('the directory’s default follows XDG, which ignores relative folders', () => {
  expect(defaultDirectory({ HOME: '/h' })).toBe('/h/.config/sotto/directory.json');
  expect(defaultDirectory({ HOME: '/h', XDG_CONFIG_HOME: '/x' })).toBe('/x/sotto/directory.json');
  expect(defaultDirectory({ HOME: '/h', XDG_CONFIG_HOME: 'x' })).toBe('/h/.config/sotto/directory.json');
});

test('flags beat the environment, which beats the configuration file, for every setting', () => {
  const path = configFile(
    JSON.stringify({
      port: 7001,
      directory: 'people.json',
      as: 'alice',
      bind: ['127.0.0.1', '::1'],
      home: '/data/home',
      'passphrase-file': 'secret',
      closed: true,
      keep: '1d',
      linger: '1s',
      timeout: '1s',
      plain: true,
      pager: 'more',
    }),
  );
  const fromFile = settingsOf(['do']);
  expect(fromFile).toEqual({
    port: 7001,
    directory: join(path, '../people.json'),
    as: 'alice',
    bind: ['127.0.0.1', '::1'],
    home: '/data/home',
    passphrase: { flag: '--passphrase-file', file: join(path, '../secret') },
    closed: true,
    keepMs: 86_400_000,
    lingerMs: 1000,
    timeoutMs: 1000,
    plain: true,
    pager: 'more',
    json: false,
  });
  const others = {
    port: '7002',
    directory: '/d',
    as: 'bob',
    bind: '10.0.0.1',
    home: '/h',
    'passphrase-file': '/p',
    closed: '0',
    keep: '2d',
    linger: '2s',
    timeout: '2s',
    plain: '0',
    pager: 'off',
  };
  const variables = SETTING_KEYS.map((key) => [variableOf(key), others[key]] as const);
  const fromVariables = settingsOf(['do'], Object.fromEntries(variables));
  expect(fromVariables).toEqual({
    port: 7002,
    directory: '/d',
    as: 'bob',
    bind: ['10.0.0.1'],
    home: '/h',
    passphrase: { flag: '--passphrase-file', file: '/p' },
    closed: false,
    keepMs: 172_800_000,
    lingerMs: 2000,
    timeoutMs: 2000,
    plain: false,
    pager: false,
    json: false,
  });
  const flags =
    '--port 7003 --directory /e --as carol --bind ::2 --home /i --passphrase-fd 3 --closed --keep 3d';
  const fromFlags = settingsOf(
    ['do', ...flags.split(' '), '--linger', '3s', '--timeout', '3s', '--plain', '--no-pager'],
    Object.fromEntries(variables),
  );
  expect(fromFlags).toEqual({
    port: 7003,
    directory: '/e',
    as: 'carol',
    bind: ['::2'],
    home: '/i',
    passphrase: { flag: '--passphrase-fd', descriptor: 3 },
    closed: true,
    keepMs: 259_200_000,
    lingerMs: 3000,
    timeoutMs: 3000,
    plain: true,
    pager: false,
    json: false,
  });
});

test('a setting of the file means nothing to a command that has not its flag', () => {
  configFile('{"port": 7001, "closed": true, "bind": ["::1"]}');
  const settings = settingsOf(['do'], {}, ['port']);
  expect(settings).toMatchObject({ port: 7001, closed: false });
  expect(settings.bind).toBeUndefined();
});

test('a mistake in the file is refused with its line, also one that this command would not read', () => {
  const path = configFile('// mine\n{\n  "port": 7001,\n  "kepe": "90d",\n}\n');
  expect(() => settingsOf(['do'], {}, ['port'])).toThrow(
    expect.objectContaining({
      code: 'config-invalid',
      message: `${path}:4: there is no setting “kepe”`,
      hint: 'Did you mean “keep”?',
    }),
  );
  for (const [text, message] of [
    ['{\n"port": "7001"}', ':2: port is not a number'],
    ['{"port": 70000}', ':1: port is not a port: “70000”'],
    ['{"keep": "90"}', ':1: keep is not a time to keep messages for: “90”'],
    ['{"closed": "yes"}', ':1: closed is not true or false'],
    ['{"bind": [1]}', ':1: bind is not a list of texts'],
    ['{"bind": []}', ':1: bind is empty'],
    ['{"as": ""}', ':1: as is empty'],
    ['{"port": 1,\n"port": 2}', ':2: port stands there twice'],
    ['{"passphrase": "x"}', ':1: there is no setting “passphrase”'],
    ['{"port": 7001', ':1: this is not JSON (CloseBraceExpected)'],
    ['[]', ':1: the file is not one object in braces'],
    [`{"as": "${'x'.repeat(70_000)}"}`, ': it is larger than 64 KiB'],
  ] as const) {
    configFile(text);
    expect(() => settingsOf(['do']), text).toThrow(`${path}${message}`);
  }
  chmodSync(path, 0o666);
  expect(() => settingsOf(['do'])).toThrow(
    expect.objectContaining({
      message: `${path}: everybody can write it`,
      hint: `Run: chmod go-w ${shellWord(path)}`,
    }),
  );
  rmSync(path);
  mkdirSync(path);
  expect(() => settingsOf(['do'])).toThrow(`${path}: it is not a regular file`);
});
