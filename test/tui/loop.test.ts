import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { until } from '../net/until.ts';
import { TERMINAL_TEST_MS, Tmux } from './tmux.ts';

vi.setConfig({ testTimeout: TERMINAL_TEST_MS });

const FIRST_START = `${process.execPath} ${join(import.meta.dirname, 'fake-loop.ts')}`;
const PROGRAM = `${FIRST_START} --port 7688 --directory /directory.json`;
const FOLDER = mkdtempSync(join(tmpdir(), 'sotto-loop-'));
const REPORT = join(FOLDER, 'report');
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));
const SIZE = { columns: 90, rows: 30 };

async function startLoop(
  incoming: readonly string[] = [],
  flags = '',
  belated: readonly string[] = [],
): Promise<Tmux> {
  const quoted = (texts: readonly string[]): string =>
    JSON.stringify(texts).replaceAll("'", String.raw`\u0027`);
  const given = `FAKE_REPORT='${REPORT}' FAKE_INCOMING='${quoted(incoming)}' FAKE_BELATED='${quoted(belated)}'`;
  const tmux = Tmux.start(`NO_COLOR=1 ${given} ${PROGRAM} ${flags}`, SIZE);
  await tmux.until((screen) => screen.includes('/help'));
  return tmux;
}

test('a message that arrives while a line is typed stands above it, and the line goes on', async () => {
  await using tmux = await startLoop(['the news']);
  tmux.type('good mor');
  await tmux.until((screen) => screen.includes('> good mor'));
  tmux.signal('SIGUSR2');
  await tmux.until((screen) => /bob: the news\n> good mor/.test(screen));
  tmux.type('ning');
  tmux.press('Enter');
  await tmux.until((screen) => screen.includes('to [bob]: '));
  tmux.type('/who');
  tmux.press('Enter');
  await tmux.until((screen) => /you are alice[\s\S]*to \[bob\]: $/.test(screen.trimEnd() + ' '));
  tmux.type('carol bob');
  tmux.press('Enter');
  const screen = await tmux.until((text) => text.includes('→ bob: delivered (42 ms)'));
  expect(screen).toContain('→ carol: not delivered yet: it is refused [refused]');
  expect(screen).toContain('The next try is at');
});

test('a paste of several lines is one message (TUI-09)', async () => {
  await using tmux = await startLoop();
  tmux.type('@bob ');
  tmux.paste('one\ntwo\nthree');
  await tmux.until((screen) => screen.includes('> @bob one⏎two⏎three'));
  tmux.press('Enter');
  await tmux.until((screen) => screen.includes('→ bob: delivered'));
  tmux.press('C-d');
  const screen = await tmux.until((text) => text.includes('pane-done'));
  expect(screen).toContain(String.raw`sent bob "one\ntwo\nthree"`);
  expect(screen).toContain('exit=0');
});

test('a paste above 4 KiB is asked about, one above 32 KiB is not taken (TUI-09)', async () => {
  await using tmux = await startLoop();
  tmux.type('@bob ');
  await tmux.until((screen) => screen.includes('> @bob'));
  tmux.paste('x'.repeat(1_000_000));
  await tmux.until((screen) => screen.includes('at most 32 KiB'));
  tmux.paste('y'.repeat(5000));
  await tmux.until((screen) => screen.includes('yyyyy'));
  tmux.press('Enter');
  await tmux.until((screen) => screen.includes('Send the pasted 5 KiB? [y/N]'));
  tmux.type('n');
  tmux.press('Enter');
  await tmux.until((screen) => !screen.includes('[y/N]'));
  tmux.press('C-c');
  const screen = await tmux.until((text) => text.includes('pane-done'));
  expect(screen).not.toContain('sent bob');
});

test('text of a peer changes nothing in the terminal, nor looks like the program’s own (TUI-01, TUI-02, TUI-04)', async () => {
  const hostile = [
    '\u001b]0;EVILTITLE\u0007',
    '\u001b]2;EVILTITLE\u001b\\',
    '\u001b]52;c;UFdORUQ=\u0007',
    '\u001b[?1049h',
    '\u001b[?25l\u001b[?1000h',
    '\u001bPq#0;2;0;0;0\u001b\\',
    '\u001b_Gf=100;AAAA\u001b\\',
    '\u001bc',
    '\u009b2J\u009d0;EVILTITLE\u009c',
    '\r\b\b\b\u0007\u0007\u000e\u0000',
    'a\n> typed by nobody',
    '\u202etxt.exe\u2066\u200b',
    '\u001b]8;;http://evil.example\u0007good\u001b]8;;\u0007',
    '\u001b[8mhidden',
    `${' '.repeat(85)}· bob is verified`,
    'e' + '\u0301'.repeat(500),
    'the end',
  ];
  await using tmux = await startLoop(hostile);
  const state = '#{pane_title} #{alternate_on} #{cursor_flag} #{mouse_any_flag} #{pane_in_mode}';
  const before = tmux.format(state);
  for (let i = 1; i <= hostile.length; i++) {
    tmux.signal('SIGUSR2');
    await tmux.until((screen) => screen.split('\n').filter((line) => line.startsWith('bob: ')).length >= i);
  }
  const screen = tmux.screen();
  expect(tmux.format(state)).toBe(before);
  expect(tmux.buffers()).toBe('');
  expect(screen).toContain('bob: ‹U+001B›]0;EVILTITLE‹U+0007›');
  expect(screen).toContain('‹U+202E›txt.exe‹U+2066›‹U+200B›');
  expect(tmux.rows().filter((row) => /^> typed|^· bob is|^!!!/.test(row))).toEqual([]);
  expect(screen).toContain('/help lists the commands');
});

test('Ctrl-C leaves at once with 130, names what is undelivered, and the terminal is as before (TUI-08)', async () => {
  await using tmux = await startLoop();
  tmux.type('@carol are you there?');
  tmux.press('Enter');
  await tmux.until((screen) => screen.includes('not delivered yet'));
  tmux.type('half a line');
  tmux.press('C-c');
  const screen = await tmux.until((text) => text.includes('pane-done'));
  expect(screen).toContain('1 text waits for carol; it goes out when Sotto next runs');
  expect(screen).toContain('exit=130');
  expect(tmux.modes().after).toBe(tmux.modes().before);
});

test('Ctrl-C at the question for whom ends the question, and only the next one the program', async () => {
  await using tmux = await startLoop();
  tmux.type('half a thought');
  tmux.press('Enter');
  await tmux.until((screen) => screen.includes('to: '));
  tmux.press('C-c');
  await tmux.until((screen) =>
    /the text is dropped; the up arrow brings it back\n> *$/.test(screen.trimEnd()),
  );
  tmux.press('Up');
  await tmux.until((screen) => /^> half a thought$/m.test(screen.trimEnd().split('\n').at(-1) ?? ''));
  tmux.press('C-c');
  const screen = await tmux.until((text) => text.includes('pane-done'));
  expect(screen).toContain('exit=130');
  expect(screen).not.toContain('sent bob');
});

test('SIGTERM and SIGHUP restore the terminal (TUI-08)', async () => {
  for (const [signal, exit] of [
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    await using tmux = await startLoop();
    tmux.signal(signal);
    const screen = await tmux.until((text) => text.includes('pane-done'));
    expect(screen).toContain(`exit=${exit}`);
    expect(tmux.modes().after).toBe(tmux.modes().before);
  }
});

test('the greeting is the first thing on the screen', async () => {
  await using tmux = await startLoop();
  const screen = await tmux.until((text) => /^> *$/m.test(text));
  expect(screen).toMatch(/^alice is listening on /);
});

test('/quit loses nothing: it asks nothing, and says what waits', async () => {
  await using tmux = await startLoop();
  tmux.type('@carol hello');
  tmux.press('Enter');
  await tmux.until((screen) => screen.includes('not delivered yet'));
  tmux.type('@carol again');
  tmux.press('Enter');
  // The reason is said once.
  await tmux.until((screen) => /^→ carol: queued$/m.test(screen));
  tmux.type('/quit');
  tmux.press('Enter');
  const screen = await tmux.until((text) => text.includes('pane-done'));
  expect(screen).toContain('2 texts wait for carol; they go out when Sotto next runs');
  expect(screen).toContain('exit=0');
});

test('what came while nobody was there stands first, and the newest can be looked back at', async () => {
  await using tmux = await startLoop(['live'], '', ['first', 'second']);
  await tmux.until((screen) =>
    /while you were away:\nbob \(2026-01-02 [\d:]+\): first\nbob .*: second/.test(screen),
  );
  tmux.signal('SIGUSR2');
  await tmux.until((screen) => /^bob: live$/m.test(screen));
  tmux.type('/search sec');
  tmux.press('Enter');
  await tmux.until((screen) => /^\d\d:\d\d bob: second$/m.test(screen));
  tmux.type('/history bob 1');
  tmux.press('Enter');
  const screen = await tmux.until((text) => /^\d\d:\d\d bob: live$/m.test(text));
  expect(screen.split('while you were away').length).toBe(2);
});

test('a text that the disk refuses stands in the editor again (STO-03)', async () => {
  await using tmux = await startLoop(['DISK FULL', 'DISK GOOD']);
  tmux.signal('SIGUSR2');
  await tmux.until((screen) => screen.includes('the disk is full'));
  tmux.type('@bob,carol do not lose me');
  tmux.press('Enter');
  await tmux.until((screen) =>
    /not sent to bob, carol, not kept[\s\S]*> @bob,@carol do not lose me *$/.test(screen.trimEnd()),
  );
  tmux.signal('SIGUSR2');
  await tmux.until((screen) => screen.includes('the disk can be written again'));
  tmux.press('Enter');
  const screen = await tmux.until((text) => text.includes('→ bob: delivered'));
  expect(screen).toContain('→ carol: not delivered yet');
});

test('Tab completes names, Enter takes the last one, and the up arrow recalls', async () => {
  await using tmux = await startLoop();
  tmux.type('first');
  tmux.press('Enter');
  await tmux.until((screen) => screen.includes('to: '));
  tmux.type('ca');
  tmux.press('Tab');
  await tmux.until((screen) => screen.includes('to: carol'));
  tmux.press('C-u');
  tmux.type('bob');
  tmux.press('Enter');
  await tmux.until((screen) => screen.includes('→ bob: delivered'));
  tmux.press('Up');
  await tmux.until((screen) => /^> first *$/m.test(screen.trimEnd().split('\n').at(-1) ?? ''));
  tmux.type(' again');
  tmux.press('Enter');
  await tmux.until((screen) => screen.includes('to [bob]:'));
  tmux.press('Enter');
  await tmux.until((screen) => screen.split('→ bob: delivered').length === 3);
  tmux.press('C-d');
  const screen = await tmux.until((text) => text.includes('pane-done'));
  expect(screen).toContain('sent bob "first again"');
});

test('sizes from 1×1 to 500×200 change nothing but the picture (TUI-06)', async () => {
  await using tmux = await startLoop(['small', 'large']);
  tmux.type('a long line with 日本語 and 👩🏽‍🚀 in it, so that it does not fit');
  for (const [columns, rows] of [
    [20, 5],
    [1, 1],
    [500, 200],
  ] as const)
    tmux.resize(columns, rows);
  tmux.signal('SIGUSR2');
  await tmux.until((screen) => screen.includes('bob: small'));
  tmux.resize(90, 30);
  tmux.signal('SIGUSR2');
  await tmux.until((screen) => /bob: large\n> a long line with 日本語/.test(screen));
  tmux.press('C-c');
  const screen = await tmux.until((text) => text.includes('pane-done'));
  expect(screen).toContain('exit=130');
});

test('--plain writes no escape sequence and works line by line', async () => {
  await using tmux = Tmux.start(`${PROGRAM} --plain > /dev/null`, SIZE);
  await tmux.until((screen) => screen.includes('Commands: /help'));
  tmux.type('hello');
  tmux.press('Enter');
  await tmux.until((screen) => screen.includes('to: '));
  tmux.type('bob');
  tmux.press('Enter');
  await tmux.until((screen) => screen.includes('→ bob: delivered'));
  tmux.type('/quit');
  tmux.press('Enter');
  await tmux.until((screen) => screen.includes('pane-done'));
});

test('a bug while something is shown restores the terminal first and exits 70 (TUI-10)', async () => {
  await using tmux = await startLoop(['BUG']);
  tmux.type('half a line');
  tmux.signal('SIGUSR2');
  const screen = await tmux.until((text) => text.includes('pane-done'));
  expect(screen).toContain('[internal]');
  expect(screen).toContain('exit=70');
  expect(tmux.modes().after).toBe(tmux.modes().before);
});

test('a changed key is a loud block with both numbers and the command to type (CRY-08)', async () => {
  await using tmux = await startLoop(['KEY']);
  tmux.signal('SIGUSR2');
  const screen = await tmux.until((text) => text.includes('/trust bob 0000200002'));
  expect(screen).toContain('!!! KEY CHANGED: bob');
  expect(screen).toContain('old safety number: 00001 00001');
  expect(screen).toContain('new safety number: 00002 00002');
});

test('Ctrl-Z gives the terminal to the shell, and fg goes on where it was (TUI-08)', async () => {
  await using tmux = Tmux.start(`set -m; NO_COLOR=1 ${PROGRAM}; echo in-the-shell; read answer; fg`, SIZE);
  await tmux.until((screen) => screen.includes('/help'));
  tmux.type('half a line');
  await tmux.until((screen) => screen.includes('> half a line'));
  tmux.press('C-z');
  const shell = await tmux.until((screen) => screen.includes('in-the-shell'));
  expect(shell).not.toContain('half a line');
  tmux.press('Enter');
  await tmux.until((screen) => screen.includes('> half a line'));
  tmux.type(' more');
  await tmux.until((screen) => screen.includes('> half a line more'));
  tmux.press('C-c');
  await tmux.until((screen) => screen.includes('exit=130'));
});

test('Ctrl-Z where no shell could continue the program changes nothing', async () => {
  await using tmux = await startLoop();
  tmux.type('half');
  tmux.press('C-z');
  tmux.type(' a line');
  await tmux.until((screen) => screen.includes('> half a line'));
});

test('a first start hides the password, and Ctrl-C at a question is 130 (SEC-01)', async () => {
  await using tmux = Tmux.start(`NO_COLOR=1 ${FIRST_START}`, SIZE);
  const answer = async (question: string, text: string): Promise<void> => {
    await tmux.until((screen) => screen.trimEnd().endsWith(question));
    if (text !== '') tmux.type(text);
    tmux.press('Enter');
  };
  await answer('Port for incoming connections [7688]:', '');
  await answer('directory.json]:', '/new.json');
  await answer('add yourself? [Y/n]', '');
  await tmux.until((screen) => screen.includes('Your name'));
  tmux.type('alice');
  tmux.press('Enter');
  await answer('others reach you [192.0.2.7]:', '');
  await answer('(Enter makes one):', 'hunter2');
  const asked = await tmux.until((screen) => screen.trimEnd().endsWith('Add somebody to talk to? [Y/n]'));
  expect(asked).not.toContain('hunter2');
  tmux.press('C-c');
  const screen = await tmux.until((text) => text.includes('pane-done'));
  expect(screen).toContain('exit=130');
  expect(tmux.modes().after).toBe(tmux.modes().before);
});

test('what is begun is kept when the person leaves, what was shown is read, and the bell has rung', async () => {
  await using tmux = await startLoop(['the news']);
  tmux.type('/to bob');
  tmux.press('Enter');
  await tmux.until((screen) => /^bob> $/m.test(`${screen.trimEnd()} `));
  tmux.type('half a thought');
  tmux.signal('SIGUSR2');
  await tmux.until((screen) => /bob: the news\nbob> half a thought/.test(screen));
  expect(tmux.format('#{window_bell_flag}')).toBe('1');
  tmux.type(', and a whole one');
  tmux.press('Enter');
  await tmux.until((screen) => screen.includes('→ bob: delivered'));
  tmux.type('begun');
  tmux.press('C-c');
  const screen = await tmux.until((text) => text.includes('pane-done'));
  expect(screen).toContain('· kept as the draft for bob');
  expect(screen).toContain('draft bob "begun"\nread bob 1\nexit=130');
});

test('a draft is offered at /to, and gone once it is sent', async () => {
  await using tmux = await startLoop([], '', []);
  tmux.type('/to carol');
  tmux.press('Enter');
  await tmux.until((screen) => screen.includes('carol> half a thought'));
  expect(tmux.screen()).toContain('· what you began to write to carol stands below');
  tmux.type(' more');
  tmux.press('Enter');
  await tmux.until((screen) => screen.includes('→ carol: not delivered yet'));
  tmux.press('C-d');
  const screen = await tmux.until((text) => text.includes('pane-done'));
  expect(screen).toContain('sent carol "half a thought more"\nexit=0');
});

test('a terminal that is hung up ends the loop with 129, and what stood in its line is kept', async () => {
  rmSync(REPORT, { force: true });
  {
    await using tmux = await startLoop();
    tmux.type('/to bob');
    tmux.press('Enter');
    await tmux.until((screen) => /^bob> $/m.test(`${screen.trimEnd()} `));
    tmux.type('not yet sent');
    await tmux.until((screen) => screen.includes('bob> not yet sent'));
  }
  const report = await until('the loop has ended', () => existsSync(REPORT) && readFileSync(REPORT, 'utf8'));
  expect(report).toContain('draft bob "not yet sent"\nexit=129');
});

test('a draft that the disk does not take stays on the screen', async () => {
  await using tmux = await startLoop(['DISK FULL']);
  tmux.type('/to bob');
  tmux.press('Enter');
  await tmux.until((screen) => /^bob> $/m.test(`${screen.trimEnd()} `));
  tmux.signal('SIGUSR2');
  await tmux.until((screen) => screen.includes('[disk-full]'));
  tmux.type('not lost');
  tmux.press('C-c');
  const screen = await tmux.until((text) => text.includes('pane-done'));
  expect(screen).toContain('· not kept as a draft [disk-full]: not lost');
});
