import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

// Node runs what it finds in the folder of compiled code: it must be one that nobody else can write.

let folder = '';
let cache = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-launcher-'));
  cache = join(folder, '.cache');
  for (const name of ['bin', 'dist/program']) mkdirSync(join(folder, name), { recursive: true });
  copyFileSync(join(import.meta.dirname, '../../bin/sotto.cjs'), join(folder, 'bin/sotto.cjs'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(folder, 'dist/program/main.cjs'),
    `const { getCompileCacheDir } = require('node:module');
     process.umask(0o077);
     process.stdout.write(getCompileCacheDir() ?? 'none');`,
  );
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The folder of compiled code that the program has. */
function started(env: Readonly<Record<string, string>> = { HOME: folder }): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'bin/sotto.cjs')], {
    encoding: 'utf8',
    env,
  });
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

test('what was compiled is kept in a folder of one’s own', () => {
  expect(started()).toContain(join(cache, 'sotto'));
  for (const path of [cache, join(cache, 'sotto')]) expect(statSync(path).mode & 0o777).toBe(0o700);
  const [kept = ''] = readdirSync(join(cache, 'sotto'));
  for (const file of readdirSync(join(cache, 'sotto', kept)))
    expect(statSync(join(cache, 'sotto', kept, file)).mode & 0o077).toBe(0);
  expect(started({ XDG_CACHE_HOME: join(folder, 'xdg'), HOME: '/nonexistent' })).toContain(
    join(folder, 'xdg/sotto'),
  );
});

test('where there is no such folder, it starts without', () => {
  expect(started({})).toBe('none');
  expect(started({ HOME: '/nonexistent' })).toBe('none');
  expect(started({ XDG_CACHE_HOME: 'relative', HOME: 'relative' })).toBe('none');
  expect(existsSync(join(folder, 'relative'))).toBe(false);
  writeFileSync(cache, '');
  expect(started()).toBe('none');
});

test('a folder that others can write, or that is another user’s, or somewhere else, is not used', () => {
  const own = join(cache, 'sotto');
  mkdirSync(own, { recursive: true });
  chmodSync(own, 0o720);
  expect(started()).toBe('none');
  chmodSync(own, 0o702);
  expect(started()).toBe('none');
  chmodSync(own, 0o700);
  expect(started()).toContain(own);
  // Only root can give a folder away.
  if (process.getuid?.() === 0) chownSync(own, 65_534, 65_534);
  else chmodSync(own, 0o777);
  expect(started()).toBe('none');
  rmSync(own, { recursive: true });
  mkdirSync(join(folder, 'elsewhere'));
  symlinkSync(join(folder, 'elsewhere'), own);
  expect(started()).toBe('none');
});

test('what the environment says about it counts', () => {
  const theirs = join(folder, 'theirs');
  expect(started({ HOME: folder, NODE_COMPILE_CACHE: theirs })).toContain(theirs);
  expect(existsSync(cache)).toBe(false);
  expect(started({ HOME: folder, NODE_DISABLE_COMPILE_CACHE: '1' })).toBe('none');
});
