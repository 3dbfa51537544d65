import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { PUBLIC } from '../../src/api/json/index.ts';
import { allPages, describeCommand, loadProgram } from './command-tree.ts';
import { EXAMPLES } from './json-examples.ts';
import { jsonPage, typesOf } from './json-page.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/json.md'), 'utf8');

test('docs/json.md is what the schemas say: “npm run docs” makes it', () => {
  expect(page).toBe(jsonPage());
});

test('every shape that a command may write has an example, and every example is of its shape, to the last field', () => {
  expect(new Set(EXAMPLES.map(({ type }) => type))).toEqual(new Set(typesOf(PUBLIC)));
  for (const example of EXAMPLES) expect(v.parse(PUBLIC, example)).toEqual(example);
});

test('every field of the page is explained, and its links lead somewhere', () => {
  const rows = [...page.matchAll(/^\| `([^`]+)` \| (.*) \| (.*) \|$/gm)];
  expect(rows.length).toBeGreaterThan(150);
  const mute = rows.filter(([, , type = '', words = '']) => type === '' || words === '').map(([row]) => row);
  expect(mute).toEqual([]);
  const places = new Set([...page.matchAll(/^### `?([a-z -]+)`?$/gm)].map(([, title = '']) => title));
  const targets = [...page.matchAll(/\]\(#([a-z-]+)\)/g)].map(([, target = '']) => target);
  expect(targets.filter((target) => !places.has(target))).toEqual([]);
});

/** Shell code is for a shell. */
const WITHOUT_JSON = /^sotto completion /;

test('every command has --json, and the page speaks of commands and flags that there are', async () => {
  const all = allPages(describeCommand(await loadProgram()));
  const flagsOf = (path: string): readonly string[] =>
    all
      .filter((command) => command.path === path)
      .flatMap(({ options }) => options.flatMap((of) => of.options))
      .map(({ term }) => term.split(' ')[0] ?? '');
  const dumb = all.filter(({ path, commands }) => commands.length === 0 && !flagsOf(path).includes('--json'));
  expect(dumb.map(({ path }) => path).filter((path) => !WITHOUT_JSON.test(path))).toEqual([]);
  const named = [...page.matchAll(/`(sotto(?: [a-z]+)+)((?: --[a-z]+)*)[^`]*`/g)];
  expect(named.length).toBeGreaterThan(30);
  for (const [words, path = '', flags = ''] of named) {
    expect(
      all.map((command) => command.path),
      words,
    ).toContain(path);
    for (const flag of flags.split(' ').filter((word) => word !== ''))
      expect(flagsOf(path), words).toContain(flag);
  }
});

test('what only writes JSON loads no schemas: a short command has no time for them', () => {
  const folder = join(import.meta.dirname, '../../src/api/to-json');
  const names = readdirSync(folder);
  expect(names.length).toBeGreaterThan(5);
  for (const name of names)
    expect(readFileSync(join(folder, name), 'utf8'), name).not.toMatch(/from '(?:valibot|\.\.\/json)/);
});
