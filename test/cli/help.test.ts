import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { EXIT } from '../../src/cli/exit-code.ts';
import { runCli } from '../../src/cli/index.ts';

async function helpOf(...argv: readonly string[]): Promise<string> {
  const stdout = new PassThrough();
  const stdio = { stdin: new PassThrough(), stdout, stderr: new PassThrough() };
  const services = async (): Promise<never> => Promise.reject(new Error('help needs no services'));
  const exit = await runCli({ version: '0.0.0', argv, env: { HOME: '/home/alice' }, services, stdio });
  expect({ argv, exit }).toEqual({ argv, exit: 0 });
  return String(stdout.read());
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
