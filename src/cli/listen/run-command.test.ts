import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from './run-command.ts';

const outlets = { stdout: async () => undefined, stderr: async () => undefined };

test('a command that the system does not start, since its environment is too large, ends with that reason', async () => {
  // Linux takes at most 128 KiB of one variable.
  const running = runCommand(
    'true',
    { text: '', env: { ...process.env, LARGE: 'x'.repeat(200_000) } },
    outlets,
  );
  expect(await running.ended).toEqual({ reason: expect.stringContaining('E2BIG'), isPassing: false });
  await running.gone;
});

test('where this program has no descriptor left, a command ends with that reason, and nobody with a bug', () => {
  const script = `
    import { openSync } from 'node:fs';
    import { runCommand } from ${JSON.stringify(join(import.meta.dirname, 'run-command.ts'))};
    try { for (;;) openSync('/dev/null'); } catch {}
    const none = async () => undefined;
    const running = runCommand('true', { text: 'text', env: process.env }, { stdout: none, stderr: none });
    const ended = await running.ended;
    await running.gone;
    running.kill('SIGTERM');
    process.stdout.write(JSON.stringify(ended));`;
  const { stdout, stderr } = spawnSync(
    'sh',
    ['-c', 'ulimit -n 100; exec "$0" --input-type=module -e "$1"', process.execPath, script],
    { encoding: 'utf8', timeout: 20_000 },
  );
  expect({ stdout, stderr }).toEqual({
    stdout: expect.stringMatching(
      /^\{"reason":"too many files and connections are open","isPassing":true\}$/,
    ),
    stderr: '',
  });
});
