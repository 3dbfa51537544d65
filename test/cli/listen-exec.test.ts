import { EventEmitter } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli } from '../../src/cli/index.ts';
import { createFakeServices } from '../../src/testing/fake-chat.ts';
import { startSotto } from '../net/sotto-process.ts';
import { openTown, type Town } from '../net/town.ts';
import { until } from '../net/until.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sotto-exec-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
const read = (name: string): string => (existsSync(at(name)) ? readFileSync(at(name), 'utf8') : '');

/** `sotto listen` over a fake chat, whose messages from bob are these; stopped when `isOver` says so. */
async function listens(
  flags: readonly string[],
  texts: readonly string[],
  isOver: (stderr: string) => boolean,
): Promise<{ readonly exit: number; readonly stderr: string }> {
  const services = createFakeServices({ contacts: [{ name: 'bob' }] });
  for (const text of texts) services.chat.receive('bob', text);
  const signals = new EventEmitter();
  let stderr = '';
  const sink = new Writable({
    write(chunk: Uint8Array, _encoding, callback) {
      stderr += Buffer.from(chunk).toString();
      if (isOver(stderr)) setImmediate(() => signals.emit('SIGINT'));
      callback();
    },
  });
  const stdout = new PassThrough();
  stdout.resume();
  const exit = await runCli({
    version: '0.0.0',
    argv: ['listen', ...flags],
    env: { ...process.env, HOME: folder },
    services: async () => services,
    stdio: { stdin: new PassThrough(), stdout, stderr: sink },
    signals,
  });
  return { exit, stderr };
}

function ends(stderr: string): readonly string[] {
  return stderr.split('\n').filter((line) => line.startsWith('exec: '));
}

test('--jobs runs what comes behind a long command meanwhile, at most so many at once', async () => {
  // The first one ends when the third has, and none of the three may run beside a fourth.
  const command = `cd '${folder}'; text=$(cat); echo "$text" >> begun
    case $text in first) until [ -e third ]; do sleep 0.02; done;; third) until grep -q first begun; do sleep 0.02; done; cp begun seen; touch third;; esac`;
  const texts = ['first', 'second', 'third', 'fourth', 'fifth'];
  const isOver = (stderr: string): boolean => ends(stderr).length === texts.length;
  const { exit, stderr } = await listens(['--exec', command, '--jobs', '2'], texts, isOver);
  expect(exit).toBe(130);
  expect(ends(stderr).every((line) => line.includes(' exit 0 '))).toBe(true);
  expect(read('seen').split('\n').slice(0, 3).toSorted()).toEqual(['first', 'second', 'third']);
  expect(read('begun').trim().split('\n').toSorted()).toEqual(texts.toSorted());
});

test('without --jobs one command runs after the other', async () => {
  const command = `cd '${folder}'; mkdir running && cat >> texts && sleep 0.05 && rmdir running`;
  const { stderr } = await listens(
    ['--exec', command],
    ['a', 'b', 'c', 'd'],
    (text) => ends(text).length === 4,
  );
  expect(ends(stderr).every((line) => line.includes(' exit 0 '))).toBe(true);
  expect(read('texts')).toBe('abcd');
});

test('--retries runs a command that failed again, and then no more', async () => {
  const command = `cd '${folder}'; echo try >> tries; test "$(wc -l < tries)" -ge 2`;
  const { stderr } = await listens(['--exec', command, '--retries', '3'], ['text'], (text) =>
    text.includes('exit 0'),
  );
  expect(ends(stderr)).toEqual([
    expect.stringMatching(/^exec: bob \w{8} exit 1 \(\d+ ms\), tried again in 1 s$/),
    expect.stringMatching(/^exec: bob \w{8} exit 0 \(\d+ ms\)$/),
  ]);
});

test('what a command leaves in the background does not hold up the next one, and ends with us', async () => {
  const command = `sleep 60 & echo $! >> '${at('pids')}'`;
  const begunAt = performance.now();
  await listens(['--exec', command], ['one', 'two'], (text) => ends(text).length === 2);
  expect(performance.now() - begunAt).toBeLessThan(20_000);
  const pids = read('pids').trim().split('\n');
  expect(pids).toHaveLength(2);
  for (const pid of pids) await until(`process ${pid} has ended`, () => !isRunning(Number(pid)));
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a second Ctrl-C does not wait for a command that does not end', async () => {
  const command = `trap '' TERM; touch '${at('begun')}'; sleep 30`;
  const signals = new EventEmitter();
  const services = createFakeServices({ contacts: [{ name: 'bob' }] });
  services.chat.receive('bob', 'text');
  const stdio = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const argv = ['listen', '--exec', command];
  const env = { ...process.env, HOME: folder };
  const ran = runCli({ version: '0.0.0', argv, env, services: async () => services, stdio, signals });
  await until('it runs', () => existsSync(at('begun')));
  // What comes twice at once is one.
  for (const delay of [0, 0, 400]) setTimeout(() => signals.emit('SIGINT'), delay);
  const beganAt = performance.now();
  expect(await ran).toBe(130);
  expect(performance.now() - beganAt).toBeGreaterThan(350);
  expect(performance.now() - beganAt).toBeLessThan(3_000);
});

test('Ctrl-C while the next program that listens is waited for ends it at once', async () => {
  const services = createFakeServices({ contacts: [{ name: 'bob' }], running: 'node' });
  const signals = new EventEmitter();
  let stderr = '';
  const sink = new Writable({
    write(chunk: Uint8Array, _encoding, callback) {
      stderr += Buffer.from(chunk).toString();
      callback();
    },
  });
  const stdio = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: sink };
  const env = { HOME: folder };
  const ran = runCli({
    version: '0.0.0',
    argv: ['listen'],
    env,
    services: async () => services,
    stdio,
    signals,
  });
  await until('it listens', () => stderr.includes('in another program'));
  await services.chat.close();
  setImmediate(() => signals.emit('SIGINT'));
  expect(await ran).toBe(130);
  expect(stderr).toBe('alice is listening on 127.0.0.1:7688, in another program\n');
});

// With real programs: what counts as shown, and what is left of a command.

async function send(town: Town, text: string): Promise<void> {
  await using sending = startSotto(town, 'bob', ['send', 'alice', '-']);
  // The line end that closes it is not part of the text.
  sending.type(text);
  sending.endInput();
  expect(await sending.exitCode(), sending.stderr).toBe(0);
}

test('a text reaches its command exactly, its facts too, nothing of it stands in argv, and it answers (SEC-01)', async () => {
  await using town = await openTown(['alice', 'bob']);
  const hostile = `'; touch ${at('never')}; $(touch ${at('never')}) \u001b]0;x\u0007 \u202e é \\n "quoted"\ntwo lines`;
  await using bob = startSotto(town, 'bob', ['listen', '--json', '--bind', '127.0.0.1']);
  await bob.says('listening on');
  const main = join(import.meta.dirname, '../../src/main.ts');
  const command = `cd '${folder}'; tr '\\0' '\\n' < /proc/$$/cmdline > argv; cat > text-got; env > facts;
    printf 'got it' | '${process.execPath}' '${main}' reply "$SOTTO_ID"`;
  await using alice = startSotto(town, 'alice', ['listen', '--bind', '127.0.0.1', '--exec', command]);
  await alice.says('listening on');
  await send(town, hostile);
  await bob.says('"text":"got it"', 'stdout');
  await alice.says('exit 0');
  expect(read('text-got')).toBe(hostile);
  const answer = JSON.parse(bob.stdout.trim()) as { readonly reply_to: string };
  const facts = `\n${read('facts')}`;
  for (const fact of ['SOTTO_FROM=bob', `SOTTO_ID=${answer.reply_to}`, 'SOTTO_POSITION=1', 'SOTTO_REPLY_TO='])
    expect(facts).toContain(`\n${fact}\n`);
  expect(facts).toMatch(/\nSOTTO_WRITTEN_AT=\d{4}-\d\d-\d\dT[\d:.]+Z\n/);
  expect(facts).toMatch(/\nSOTTO_CURSOR=v1\./);
  expect(read('argv')).toBe(`sh\n-c\n${command}\n`);
  expect(existsSync(at('never'))).toBe(false);
}, 120_000);

test('a message whose command was stopped, or whose program was killed, comes again at the next start; once done, it does not', async () => {
  await using town = await openTown(['alice', 'bob']);
  const start = async (command: string) => {
    const words = ['listen', '--bind', '127.0.0.1', '--exec', command];
    const started = startSotto(town, 'alice', words);
    await started.says('listening on');
    return started;
  };
  // It does not heed SIGTERM: it is ended by force, 5 s later, and what it has started with it.
  const stubborn = await start(
    `trap '' TERM; echo $$ > '${at('pid')}'; sleep 60; echo never >> '${at('done')}'`,
  );
  await send(town, 'precious');
  await until('the command runs', () => read('pid') !== '');
  stubborn.interrupt();
  expect(await stubborn.exitCode()).toBe(130);
  await until('the whole group has ended', () => !isRunning(-Number(read('pid'))));
  const killed = await start(`echo begun > '${at('begun')}'; sleep 2`);
  await until('the command runs', () => read('begun') !== '');
  await killed[Symbol.asyncDispose]();
  const last = await start(`cat >> '${at('done')}'`);
  await last.says('exit 0');
  last.interrupt();
  await last.exitCode();
  await using after = await start(`cat >> '${at('done')}'`);
  await send(town, ' and another');
  await after.says('exit 0');
  expect(read('done')).toBe('precious and another');
}, 120_000);

test('beside a program that listens each message reaches the command as well, and it listens itself when that one ends', async () => {
  await using town = await openTown(['alice', 'bob']);
  const host = startSotto(town, 'alice', ['listen', '--bind', '127.0.0.1']);
  await host.says('listening on');
  const words = ['listen', '--bind', '127.0.0.1', '--exec', `cat >> '${at('done')}'`];
  await using guest = startSotto(town, 'alice', words);
  await guest.says(', in another program');
  await send(town, 'one ');
  await host.says('bob: one', 'stdout');
  await guest.says('exit 0');
  await host[Symbol.asyncDispose]();
  await guest.says('the Sotto that listened has ended');
  await until('it listens itself', () => guest.stderr.match(/listening on/g)?.length === 2);
  await send(town, 'two');
  await until('both are done', () => read('done') === 'one two');
}, 120_000);
