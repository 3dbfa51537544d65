import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { expect, test } from 'vitest';
import { loadProgram, pathOf, subcommandsOf } from '../docs/command-tree.ts';
import { runScript } from './script.ts';

const scripts = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.txt'));
const texts = new Map(
  scripts.map((name) => [name, readFileSync(join(import.meta.dirname, name), 'utf8')] as const),
);

/** What they print is for shells, and what they do is systemd's: tests of their own run both. */
const ELSEWHERE = /^sotto (?:completion (?:bash|zsh|fish)|service (?:install|remove|status))$/;

test('every command has a script that runs it, and there are sixty and more', async () => {
  const paths = leavesOf(await loadProgram()).filter((path) => !ELSEWHERE.test(path));
  const lines = [...texts.values()].flatMap((text) => text.split('\n'));
  const isRun = (path: string): boolean => lines.some((line) => `${line} `.startsWith(`$ ${path} `));
  expect(paths.length).toBeGreaterThan(30);
  expect(paths.filter((path) => !isRun(path))).toEqual([]);
  expect(scripts.length).toBeGreaterThanOrEqual(60);
});

/** Of one run only, and of a program that another one starts. */
const UNSAID = new Set(['--report-fd']);

test('every option that a command has for itself stands in a script', async () => {
  const lines = [...texts.values()].flatMap((text) => text.split('\n'));
  const isGiven = (path: string, flag: string): boolean =>
    lines.some((line) => `${line} `.startsWith(`$ ${path} `) && line.includes(flag));
  let count = 0;
  const missing = allOf(await loadProgram()).flatMap((command) => {
    const path = pathOf(command);
    const own = command.options.filter(({ helpGroupHeading }) => helpGroupHeading === undefined);
    const flags = own.flatMap(({ long }) => (long === undefined || UNSAID.has(long) ? [] : [long]));
    count += flags.length;
    return ELSEWHERE.test(path)
      ? []
      : flags.filter((flag) => !isGiven(path, flag)).map((flag) => `${path} ${flag}`);
  });
  expect(count).toBeGreaterThan(45);
  expect(missing).toEqual([]);
});

function leavesOf(command: CommandUnknownOpts): readonly string[] {
  const children = subcommandsOf(command);
  return children.length === 0 ? [pathOf(command)] : children.flatMap(leavesOf);
}

function allOf(command: CommandUnknownOpts): readonly CommandUnknownOpts[] {
  return [command, ...subcommandsOf(command).flatMap(allOf)];
}

for (const [name, text] of texts) {
  const [title = name] = text.split('\n');
  test(`${title.replace(/^# /, '')} (${name})`, async () => runScript(text));
}
