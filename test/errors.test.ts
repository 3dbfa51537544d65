import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../src/base/index.ts';
import { EXIT, exitCodeOf } from '../src/cli/exit-code.ts';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'spec/errors.md'), 'utf8');
const codes = Object.keys(ERROR_CODES) as readonly ErrorCode[];

test('spec/errors.md lists every code once, with its meaning and its exit code, and no other', () => {
  const listed = [...page.matchAll(/^\| `(?<code>[^`]+)` \| (?<meaning>.+) \| (?<exit>\d+) \|$/gm)];
  const rows = listed.map(({ groups }) => [groups?.['code'], groups?.['meaning'], Number(groups?.['exit'])]);
  expect(rows).toEqual(codes.map((code) => [code, ERROR_CODES[code], exitCodeOf(code)]));
});

test('spec/errors.md lists every exit code', () => {
  const listed = [...page.matchAll(/^\| (?<exit>\d+) \| /gm)].map(({ groups }) => Number(groups?.['exit']));
  expect(listed).toEqual(Object.values(EXIT));
});

test('every code is used by the program', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith('testing/'))
    .filter((name) => name !== 'base/error-codes.ts' && name !== 'cli/exit-code.ts')
    .map((name) => readFileSync(join(root, 'src', name), 'utf8'));
  const program = [...sources, readFileSync(join(root, 'bin/sotto.cjs'), 'utf8')].join('\n');
  const isUsed = (code: string): boolean => program.includes(`'${code}'`) || program.includes(`[${code}]`);
  expect(codes.filter((code) => !isUsed(code))).toEqual([]);
});

test('every code that a chapter of the specification names exists', () => {
  const heads = new Set(codes.map((code) => code.split('-')[0]));
  const isCode = (word: string): boolean => Object.hasOwn(ERROR_CODES, word);
  const named = readdirSync(join(root, 'spec'))
    .filter((name) => name.endsWith('.md'))
    .flatMap((name) => [
      ...readFileSync(join(root, 'spec', name), 'utf8').matchAll(/`(?<word>[a-z]+(?:-[a-z0-9]+)+)`/g),
    ])
    .map(({ groups }) => groups?.['word'] ?? '')
    .filter((word) => heads.has(word.split('-')[0] ?? ''));
  expect(named.length).toBeGreaterThan(100);
  expect(named.filter((word) => !isCode(word))).toEqual([]);
});
