import { PassThrough, Writable } from 'node:stream';
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

/** Takes so many writes, one at a time when it is let; the others end as in a pipe whose reader has left. */
function pipeFor(count: number): { readonly stdout: Writable; readonly taken: string[]; take: () => void } {
  const taken: string[] = [];
  const pipe = { taken, take: (): void => undefined, stdout: new Writable() };
  pipe.stdout = new Writable({
    write: (chunk, _encoding, done) => {
      pipe.take = () => {
        const isGone = taken.length >= count;
        if (!isGone) taken.push(String(chunk));
        done(isGone ? Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }) : null);
      };
      // An empty line takes no reader.
      if (String(chunk) === '') done();
    },
  });
  return pipe;
}

test('what was written is drained once it has left, and not when nobody reads it any more', async () => {
  const pipe = pipeFor(1);
  const output = new Output({ stdin: new PassThrough(), stdout: pipe.stdout, stderr: new PassThrough() }, {});
  expect(await output.drained()).toBe(true);
  output.data('one');
  let isDrained = false;
  const first = output.drained().then((answer) => ((isDrained = true), answer));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isDrained).toBe(false);
  pipe.take();
  expect(await first).toBe(true);
  output.data('two');
  const second = output.drained();
  pipe.take();
  expect(await second).toBe(false);
  expect([output.closed.aborted, await output.drained(), pipe.taken]).toEqual([true, false, ['one\n']]);
});

test('what is said in one line stays one, whatever name or word is in it (TUI-04)', () => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const output = new Output({ stdin: new PassThrough(), stdout, stderr }, {});
  const message = 'there is no contact “b\nsotto: delivered to bob”';
  output.failure({ code: 'contact-unknown', message, hint: 'Known: c\r\nd\te' });
  output.data('a\nb');
  output.text('a\nb\n');
  expect(String(stderr.read()).split('\n')).toEqual([
    'sotto: there is no contact “b‹U+000A›sotto: delivered to bob” [contact-unknown]',
    '  Known: c‹U+000A›d    e',
    '',
  ]);
  expect(String(stdout.read())).toBe('a‹U+000A›b\na\nb\n');
});
