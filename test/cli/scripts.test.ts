import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runScript } from './script.ts';

const scripts = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.txt'));

test('there are scripts for every command', () => {
  expect(scripts.length).toBeGreaterThanOrEqual(20);
});

for (const name of scripts) {
  const text = readFileSync(join(import.meta.dirname, name), 'utf8');
  const [title = name] = text.split('\n');
  test(`${title.replace(/^# /, '')} (${name})`, async () => runScript(text));
}
