import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
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

/** Addresses of all modules that a command line loads. */
function modulesOf(...args: readonly string[]): string {
  const hook = `import { registerHooks } from 'node:module';
    registerHooks({ load: (url, context, next) => (process._rawDebug(url), next(url, context)) });`;
  const spy = `data:text/javascript,${encodeURIComponent(hook)}`;
  return spawnSync(process.execPath, ['--import', spy, MAIN, ...args], { encoding: 'utf8', timeout: 20_000 })
    .stderr;
}

test('the program says its version and its help', () => {
  expect(sotto('--version')).toMatchObject({ status: 0, stdout: `sotto ${VERSION}\n`, stderr: '' });
  const help = sotto('--help');
  expect(help).toMatchObject({ status: 0, stderr: '' });
  expect(help.stdout).toMatch(/^Examples:/);
});

test('a command without its subcommand shows the list of them', () => {
  const { status, stdout, stderr } = sotto('directory');
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toContain('remove');
  expect(stderr).toMatch(
    /\nsotto: a subcommand is missing \[usage\]\n {2}sotto directory --help lists them\.\n$/,
  );
});

test('an output that cannot be written is said, and exit 3', () => {
  const full = openSync('/dev/full', 'w');
  try {
    for (const flag of ['--help', '--version']) {
      const { status, stderr } = spawnSync(process.execPath, [MAIN, flag], {
        encoding: 'utf8',
        timeout: 20_000,
        env: { HOME: '/nonexistent', NO_COLOR: '1' },
        stdio: ['ignore', full, 'pipe'],
      });
      expect([flag, status]).toEqual([flag, 3]);
      expect(stderr).toMatch(/^sotto: the output cannot be written.* \[output-unwritable\]\n/);
      // Nor is it a bug when even that can be said nowhere.
      const unheard = spawnSync(process.execPath, [MAIN, flag], {
        timeout: 20_000,
        env: { HOME: '/nonexistent' },
        stdio: ['ignore', full, full],
      });
      expect([flag, unheard.status]).toEqual([flag, 3]);
    }
  } finally {
    closeSync(full);
  }
});

test('mistakes are exit 2 on stderr, with nothing on stdout', () => {
  expect(sotto('--nonsense')).toMatchObject({ status: 2, stdout: '' });
  expect(sotto()).toMatchObject({ status: 2, stdout: '' });
});

test('version and help load nothing of the engine, and version not even the parser', () => {
  const version = modulesOf('--version');
  expect(version).toContain('src/version.ts');
  expect(version).not.toMatch(
    /commander|string-width|src\/(api|cli|crypto|protocol|engine|store|net|node|services)/,
  );
  const help = modulesOf('send', '--help');
  expect(help).toContain('src/cli/commands/send.ts');
  expect(help).not.toMatch(/listen\.ts|string-width|src\/(crypto|protocol|engine|store|net|node|services)/);
});
