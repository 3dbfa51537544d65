import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
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

test('one runtime dependency has a native addon, prebuilt, none an install script, and there are few (F22, SUP-01, SUP-03)', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { hasInstallScript?: boolean; dev?: boolean; devOptional?: boolean }>;
  };
  const runtime = Object.entries(lock.packages).filter(
    ([path, entry]) => path !== '' && entry.dev !== true && entry.devOptional !== true,
  );
  expect(runtime.filter(([, entry]) => entry.hasInstallScript)).toEqual([]);
  const natives = runtime.flatMap(([path]) =>
    readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.node'))
      .map((file) => join(path, file)),
  );
  const addon = 'node_modules/better-sqlite3-multiple-ciphers';
  expect(natives.filter((file) => !file.startsWith(`${addon}/prebuilds/`))).toEqual([]);
  expect(natives).toContain(`${addon}/prebuilds/linux-x64.node`);
  // npm would build what has a binding.gyp, and that is an install script by another name.
  const { gypfile } = JSON.parse(readFileSync(join(root, addon, 'package.json'), 'utf8')) as {
    gypfile?: boolean;
  };
  expect(gypfile).toBe(false);
  expect(runtime.length).toBeLessThanOrEqual(10);
  console.log(`figure runtime-packages=${runtime.length} native-addons=1 prebuilt-for=${natives.length}`);
});

function foldersOf(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

const page = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');

interface Rule {
  readonly name: string;
  readonly comment?: string;
}

const { forbidden } = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as {
  readonly forbidden: readonly Rule[];
};

/** What a rule's comment lists after its colon. */
function listed(name: string): string | undefined {
  return forbidden.find((rule) => rule.name === name)?.comment?.split('only: ')[1];
}

interface Row {
  readonly folder: string;
  readonly imports: string;
  readonly host: string;
}

const table: readonly Row[] = [
  ...page.matchAll(/^\| (?<folder>[a-z]+) \| (?<imports>[^|`]+) \| (?<host>[^|`]+) \|$/gm),
].flatMap(({ groups }) =>
  groups?.['folder'] === 'folder' ? [] : [groups as Record<string, string> as unknown as Row],
);

test('the table of ARCHITECTURE.md is what the dependency rules enforce', () => {
  const enforced = forbidden
    .filter((rule) => rule.name.endsWith('-imports'))
    .map((rule) => rule.name.replace(/-imports$/, ''))
    .map((folder) => ({
      folder,
      imports: listed(`${folder}-imports`)?.split(', ').slice(1).join(', ') || 'nothing',
      host: listed(`${folder}-host`) ?? 'anything',
    }));
  expect(table.map((row) => ({ ...row }))).toEqual(enforced);
});

test('the table has every folder of src/ but testing/, and the pure compile every folder without a host', () => {
  const folders = foldersOf('src').filter((name) => name !== 'testing');
  expect(table.map((row) => row.folder).toSorted()).toEqual(folders.toSorted());
  const pure = readFileSync(join(root, 'tsconfig.pure.json'), 'utf8');
  const compiled = [...pure.matchAll(/"src\/(?<folder>[a-z]+)"/g)].map(
    ({ groups }) => groups?.['folder'] ?? '',
  );
  const hostless = table.filter((row) => row.host === 'nothing').map((row) => row.folder);
  expect(compiled.toSorted()).toEqual(hostless.toSorted());
});

test('the folders of protocol/ are the chapters 01 to 07 of spec/', () => {
  const chapters = readdirSync(join(root, 'spec')).flatMap(
    (name) => /^0[1-7]-(?<title>[a-z-]+)\.md$/.exec(name)?.groups?.['title'] ?? [],
  );
  expect(foldersOf('src/protocol').toSorted()).toEqual(chapters.toSorted());
});

test('every file that ARCHITECTURE.md names as holding an invariant is there', () => {
  const invariants = page.slice(page.indexOf('## Invariants'));
  const files = [...invariants.matchAll(/`(?<file>[^`]+\.(?:ts|json))`/g)].map(
    ({ groups }) => groups?.['file'] ?? '',
  );
  expect(files.length).toBeGreaterThan(15);
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test('every file that is made beside the database stands in ARCHITECTURE.md', () => {
  const sources = filesBelow('src/store').map((file) => readFileSync(join(root, file), 'utf8'));
  const made = sources.flatMap((text) =>
    [...text.matchAll(/\$\{path\}(\.[a-z]+)/g)].map(([, ending]) => ending),
  );
  const architecture = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  expect(new Set(made).size).toBeGreaterThan(3);
  expect(made.filter((ending) => !architecture.includes(`sotto.db${ending}`))).toEqual([]);
});
