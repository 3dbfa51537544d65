import { Command } from '@commander-js/extra-typings';
import { expect, test } from 'vitest';
import { parseDuration } from './duration.ts';
import { addGlobalFlags, defaultDirectory, readSettings, type Settings } from './settings.ts';

function settingsOf(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Settings {
  const program = new Command().enablePositionalOptions();
  addGlobalFlags(program);
  let settings: Settings | undefined;
  const command = program.command('do').action((_options, self) => {
    settings = readSettings(self, env);
  });
  addGlobalFlags(command);
  program.parse([...argv], { from: 'user' });
  return settings!;
}

test('flags beat the environment, and stand before or after the command', () => {
  expect(settingsOf(['do'], { SOTTO_PORT: '7000' }).port).toBe(7000);
  expect(settingsOf(['--port', '7001', 'do'], { SOTTO_PORT: '7000' }).port).toBe(7001);
  expect(settingsOf(['--port', '7001', 'do', '--port', '7002']).port).toBe(7002);
  expect(settingsOf(['do']).port).toBeUndefined();
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
  for (const text of ['-1', '1d', '', '99999999h'])
    expect(() => parseDuration(text, '--timeout')).toThrow('is not a time');
});

test('the directory’s default follows XDG, which ignores relative folders', () => {
  expect(defaultDirectory({ HOME: '/h' })).toBe('/h/.config/sotto/directory.json');
  expect(defaultDirectory({ HOME: '/h', XDG_CONFIG_HOME: '/x' })).toBe('/x/sotto/directory.json');
  expect(defaultDirectory({ HOME: '/h', XDG_CONFIG_HOME: 'x' })).toBe('/h/.config/sotto/directory.json');
});
