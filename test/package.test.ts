import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { VERSION } from '../src/version.ts';

const ROOT = join(import.meta.dirname, '..');
const LAUNCHER = join(ROOT, 'bin/sotto.cjs');
const folder = mkdtempSync(join(tmpdir(), 'sotto-package-'));
const installed = join(folder, 'node_modules/sotto');
let packed: readonly string[] = [];

beforeAll(() => {
  const output = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [report] = JSON.parse(output) as readonly { filename: string; files: readonly { path: string }[] }[];
  packed = (report?.files ?? []).map((file) => file.path);
  const tarball = `./${report?.filename ?? ''}`;
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  execFileSync('npm', ['i', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', tarball], {
    cwd: folder,
    stdio: 'ignore',
  });
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(
  file: string,
  ...args: readonly string[]
): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [file, ...args], { cwd: folder, encoding: 'utf8', timeout: 100_000 });
}

test('the package has the program, the specification and the licence, and neither sources nor tests', () => {
  const tops = new Set(packed.map((path) => path.split('/')[0]));
  for (const top of ['bin', 'dist', 'spec', 'LICENSE', 'README.md', 'package.json'])
    expect(tops).toContain(top);
  expect(packed.filter((path) => /(^|\/)(src|test)\/|\.test\.|(?<!\.d)\.ts$/.test(path))).toEqual([]);
});

test('installed without install scripts, the program runs', () => {
  expect(run(join(installed, 'bin/sotto.cjs'), '--version')).toMatchObject({
    status: 0,
    stdout: `sotto ${VERSION}\n`,
    stderr: '',
  });
  expect(
    run(join(installed, 'bin/sotto.cjs'), 'send', 'bob', 'hi', '--directory', 'none.json'),
  ).toMatchObject({
    status: 2,
    stdout: '',
  });
});

test('at most ten packages come with it, one with a prebuilt native addon, none with an install script (SUP-01, SUP-03)', () => {
  const files = readdirSync(join(folder, 'node_modules'), { recursive: true, encoding: 'utf8' });
  const addons = new Set(files.filter((file) => file.endsWith('.node')).map((file) => dirname(file)));
  expect([...addons]).toEqual(['better-sqlite3-multiple-ciphers/prebuilds']);
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { hasInstallScript?: boolean }>;
  };
  const entries = Object.entries(lock.packages).filter(
    ([path]) => path !== '' && path !== 'node_modules/sotto',
  );
  expect(entries.length).toBeLessThanOrEqual(10);
  expect(entries.filter(([, entry]) => entry.hasInstallScript)).toEqual([]);
});

test('the three doors open with the runtime dependencies alone', () => {
  const script = join(folder, 'doors.js');
  writeFileSync(
    script,
    `import { connect, openNode, VERSION } from 'sotto';
     import { Connection } from 'sotto/protocol';
     import { World } from 'sotto/testing';
     const world = new World({ seed: 1 });
     world.start(['alice', 'bob']);
     console.log(VERSION, typeof openNode, typeof connect, typeof Connection, world.nodes.size);`,
  );
  expect(run(script)).toEqual(
    expect.objectContaining({ status: 0, stdout: `${VERSION} function function function 2\n`, stderr: '' }),
  );
});

test('every door of package.json is a file of the package, its types too', () => {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    exports: Record<string, string | Record<string, string>>;
  };
  const targets = Object.values(exports).flatMap((door) =>
    typeof door === 'string' ? [door] : Object.values(door),
  );
  expect(targets.length).toBeGreaterThan(6);
  expect(targets.filter((target) => !packed.includes(target.slice('./'.length)))).toEqual([]);
});

test('on a Node that is too old the launcher says so in one sentence and exits 78 (ENV-05)', () => {
  const { command, version } = oldNode();
  const [file = '', ...args] = command;
  const { status, stdout, stderr } = spawnSync(file, [...args, LAUNCHER, '--version'], { encoding: 'utf8' });
  expect(stderr).toBe(
    `sotto: this is Node ${version}, and Sotto needs Node 24.15 or newer: install it and run this again [node-unsuitable]\n`,
  );
  expect({ status, stdout }).toEqual({ status: 78, stdout: '' });
});

/** The machine's own Node where it is too old; else this one, which pretends to be. */
function oldNode(): { readonly command: readonly string[]; readonly version: string } {
  for (const bin of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(bin, 'node');
    if (bin.includes('node_modules') || !existsSync(file)) continue;
    const version = execFileSync(file, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim();
    if (Number(version.split('.')[0]) < 24) return { command: [file], version };
  }
  const version = '20.11.1';
  const pretend = join(folder, 'pretend.cjs');
  writeFileSync(
    pretend,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`,
  );
  return { command: [process.execPath, '-r', pretend], version };
}
