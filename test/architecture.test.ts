import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { VERSION } from '../src/version.ts';

const root = join(import.meta.dirname, '..');

function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => join(folder, name));
}

test('the pure folders read no clock and no dice', () => {
  const offenders = ['base', 'crypto', 'protocol', 'directory', 'engine', 'api']
    .flatMap((folder) => filesBelow(join('src', folder)))
    .filter((file) =>
      /Date\.now|new Date\(\)|Math\.random|performance\.now/.test(readFileSync(join(root, file), 'utf8')),
    );
  expect(offenders).toEqual([]);
});

test('the version is the package’s', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  expect(VERSION).toBe(manifest.version);
});

test('only the development runtime has an install script, and every package has an integrity hash (SUP-01, SUP-02)', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { hasInstallScript?: boolean; integrity?: string; dev?: boolean }>;
  };
  const entries = Object.entries(lock.packages).filter(([path]) => path !== '');
  expect(entries.filter(([, entry]) => entry.hasInstallScript).map(([path]) => path)).toEqual([
    'node_modules/node',
  ]);
  expect(entries.filter(([, entry]) => !entry.integrity?.startsWith('sha512-'))).toEqual([]);
});
