import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test('the demo plays to its end: talk, waiting, a wrong password, a changed key (CRY-08)', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'demo.ts')], {
    encoding: 'utf8',
    timeout: 240_000,
  });
  expect(stderr).toBe('');
  expect(stdout).toContain('✓ message is ciphertext: the text is nowhere to be seen');
  expect(stdout).toContain('✓ both see the same sixty digits');
  expect(stdout).toMatch(/alice sees: {2}→ bob: not delivered yet: .*\[refused\]/);
  expect(stdout).toMatch(/✓ exit 4: who they are is not proven/);
  expect(stdout).toMatch(/alice sees: {2}!!! KEY CHANGED: bob/);
  expect(stdout).toMatch(/bob sees: {2}!!! YOUR KEY WAITS: alice/);
  expect(stdout).toMatch(/\nEverything happened as it should, in \d+ s\.\n$/);
  expect(status).toBe(0);
}, 300_000);
