import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { Output } from './output.ts';

function failureShown(isTTY: boolean, env: Readonly<Record<string, string>>, plain = false): string {
  const stderr = Object.assign(new PassThrough(), { isTTY });
  const output = new Output({ stdin: new PassThrough(), stdout: new PassThrough(), stderr }, env);
  output.plain = plain;
  output.failure({ code: 'usage', message: 'wrong \u001b[2J', hint: 'do \u202ethat' });
  return String(stderr.read());
}

test('only a terminal gets colours, and none with NO_COLOR, --plain or a dumb terminal', () => {
  const bare = 'sotto: wrong ‹U+001B›[2J [usage]\n  do ‹U+202E›that\n';
  expect(failureShown(true, {})).toBe(
    '\u001b[31msotto: wrong ‹U+001B›[2J [usage]\u001b[0m\n  do ‹U+202E›that\n',
  );
  expect(failureShown(false, {})).toBe(bare);
  expect(failureShown(true, { NO_COLOR: '1' })).toBe(bare);
  expect(failureShown(true, { TERM: 'dumb' })).toBe(bare);
  expect(failureShown(true, {}, true)).toBe(bare);
});
