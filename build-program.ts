// The program of the package: src/main.ts with all that it loads, in few files, so that a command starts in a moment. CommonJS, which Node
// starts quicker with than modules. The doors of the library are what tsc makes of them.
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build, type Plugin } from 'rolldown';

const SOURCES = join(import.meta.dirname, 'src');

/** A file that is read from beside a module is read from where tsc would have put that module. */
const ownPlaces: Plugin = {
  name: 'own-places',
  transform: {
    filter: { id: /\.ts$/, code: 'import.meta.url' },
    handler: (code, id) =>
      code.replaceAll('import.meta.url', `new URL('../${relative(SOURCES, id)}', import.meta.url)`),
  },
};

/** Whose code is inside besides ours, under which licence. */
const licences: Plugin = {
  name: 'licences',
  generateBundle(_options, bundle) {
    const modules = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
    const folders = new Set(modules.flatMap((path) => folderOf(path) ?? []));
    const texts = [...folders].toSorted().map(licenceOf);
    this.emitFile({ type: 'asset', fileName: 'LICENSES.txt', source: texts.join('\n') });
  },
};

/** Of the package that a module belongs to. */
function folderOf(path: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
}

function licenceOf(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
  };
  const file = ['LICENSE', 'LICENSE.md', 'license'].map((each) => join(folder, each)).find(existsSync);
  if (file === undefined) throw new Error(`${name} is inside, and has no licence file`);
  return `${name} ${version}\n\n${readFileSync(file, 'utf8').trim()}\n`;
}

await build({
  input: join(SOURCES, 'main.ts'),
  platform: 'node',
  // It splits where a command may do without the rest, and who names a part twice is right to.
  checks: { ineffectiveDynamicImport: false },
  // The one with a native addon.
  external: ['better-sqlite3-multiple-ciphers'],
  // The main file of jsonc-parser is of a form that hides what it loads.
  resolve: { mainFields: ['module', 'main'] },
  plugins: [ownPlaces, licences],
  output: {
    dir: join(import.meta.dirname, 'dist/program'),
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name].cjs',
    comments: false,
  },
});
