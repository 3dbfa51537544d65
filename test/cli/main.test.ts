import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { VERSION } from '../../src/version.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

function sotto(...args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    timeout: 20_000,
    env: { HOME: '/nonexistent', NO_COLOR: '1' },
  });
}

function fastest(args: readonly string[]): number {
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    spawnSync(process.execPath, args, { timeout: 20_000 });
    return performance.now() - start;
  });
  return Math.min(...times);
}

test('the program says its version and its help', () => {
  expect(sotto('--version')).toMatchObject({ status: 0, stdout: `sotto ${VERSION}\n`, stderr: '' });
  const help = sotto('--help');
  expect(help).toMatchObject({ status: 0, stderr: '' });
  expect(help.stdout).toMatch(/^Examples:/);
});

test('mistakes are exit 2 on stderr, with nothing on stdout', () => {
  expect(sotto('--nonsense')).toMatchObject({ status: 2, stdout: '' });
  expect(sotto()).toMatchObject({ status: 2, stdout: '' });
});

test('the first output comes within 100 ms after Node’s own start', () => {
  // From a checkout, that start includes loading what strips the types; version.ts is the smallest file that needs it.
  const own = fastest([join(import.meta.dirname, '../../src/version.ts')]);
  expect(fastest([MAIN, '--version']) - own).toBeLessThan(100);
  expect(fastest([MAIN, '--help']) - own).toBeLessThan(100);
});
