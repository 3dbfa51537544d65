import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startListening, startSotto, type SottoProcess } from '../net/sotto-process.ts';
import { startNode } from '../store/child-node.ts';
import { openTown, type Town } from '../net/town.ts';
import { until } from '../net/until.ts';

const NODE = join(import.meta.dirname, '../../src/node/index.ts');

// Several commands on one home, each of which is soon over: whoever has the home ends, and the others go on.

function send(town: Town, text: string, timeout: string): SottoProcess {
  return startSotto(town, 'alice', ['send', 'bob', text, '--timeout', timeout]);
}

async function holdsHome(town: Town): Promise<void> {
  await until('somebody serves the home', () => existsSync(join(town.home('alice'), 'control.sock')));
}

async function expectSent(sending: SottoProcess): Promise<void> {
  expect(await sending.exitCode(), sending.stderr).toBe(0);
  expect(sending.stderr).toContain('delivered to bob');
}

test('commands that send at the same time all send, whoever of them has the home and ends first (CTL-02)', async () => {
  await using town = await openTown(['alice', 'bob']);
  await using bob = await town.open('bob');
  for (let round = 0; round < 2; round++) {
    const texts = Array.from({ length: 6 }, (_, n) => `text ${round}.${n}`);
    const sending = texts.map((text) => send(town, text, '60s'));
    try {
      for (const each of sending) await expectSent(each);
    } finally {
      for (const each of sending) await each[Symbol.asyncDispose]();
    }
    for (const text of texts) await bob.hears(text);
  }
}, 300_000);

test('who waits for a text goes on waiting when the time of who has the home is over', async () => {
  await using town = await openTown(['alice', 'bob']);
  await using first = send(town, 'given up early', '3s');
  await holdsHome(town);
  await using second = send(town, 'waited for', '60s');
  expect(await first.exitCode(), first.stderr).toBe(5);
  await using bob = await town.open('bob');
  await expectSent(second);
  await bob.hears('given up early');
  await bob.hears('waited for');
}, 300_000);

test('a listener starts beside a command that waits: it gets the home, and the command its answer', async () => {
  await using town = await openTown(['alice', 'bob']);
  await using waiting = send(town, 'from the command', '60s');
  await holdsHome(town);
  await using another = send(town, 'from its guest', '60s');
  await using listener = await startListening(town, 'alice');
  await using bob = await town.open('bob');
  await expectSent(waiting);
  await expectSent(another);
  await bob.hears('from the command');
  await bob.hears('from its guest');
  await bob.send('alice', 'to the listener');
  await listener.says('to the listener', 'stdout');
}, 300_000);

/** Listens in this home; once it has kept a text, it is killed, or stopped, before it can say so. */
function startDoomed(town: Town, name: string, end: 'SIGKILL' | 'SIGSTOP'): ReturnType<typeof startNode> {
  const options = {
    directory: town.path(name),
    as: name,
    home: town.home(name),
    port: town.port(name),
    bind: ['127.0.0.1'],
    mode: 'listen',
  };
  return startNode(`import { openChat } from ${JSON.stringify(NODE)};
    const chat = await openChat(${JSON.stringify(options)}, {});
    const { sendText } = chat;
    chat.sendText = async (command) => {
      await sendText.call(chat, command);
      process.kill(process.pid, '${end}');
      return new Promise(() => undefined);
    };
    console.log('listening');`);
}

test('whoever has the home is killed when it has kept a text and not said so: the text is sent once (CTL-02)', async () => {
  await using town = await openTown(['alice', 'bob']);
  // She finds nobody, so that it is her next program that delivers.
  await using doomed = startDoomed(town, 'alice', 'SIGKILL');
  expect(await doomed.line()).toBe('listening');
  await using sending = send(town, 'only once', '60s');
  await doomed.exited();
  await using bob = await town.open('bob');
  await expectSent(sending);
  await using alice = await town.open('alice');
  await alice.chat.sendText({ to: 'bob', text: 'the end' });
  await bob.hears('the end');
  expect(bob.texts()).toEqual(['only once', 'the end']);
  const { entries } = await alice.chat.history();
  expect(entries.map(({ text }) => text.exact())).toEqual(['only once', 'the end']);
}, 300_000);

test('beside a program that stands still, send ends in time and claims nothing; nor is a text lost or doubled', async () => {
  await using town = await openTown(['alice', 'bob']);
  await using doomed = startDoomed(town, 'alice', 'SIGSTOP');
  expect(await doomed.line()).toBe('listening');
  const startedAt = performance.now();
  await using sending = startSotto(town, 'alice', ['send', 'bob', 'kept?', '--timeout', '1s', '--json']);
  expect(await sending.exitCode(), sending.stderr).toBe(3);
  const outcome = JSON.parse(sending.stdout) as object;
  expect(outcome).toMatchObject({ type: 'outcome', to: 'bob', state: 'failed', code: 'control-unusable' });
  expect(outcome).not.toHaveProperty('kept');
  expect(sending.stderr).toContain('sotto outbox tells whether it is kept');
  await using another = send(town, 'not even asked', '1s');
  expect(await another.exitCode(), another.stderr).toBe(3);
  expect(performance.now() - startedAt, 'it waited for neither without end').toBeLessThan(40_000);
  doomed.signal('SIGCONT');
  await using bob = await town.open('bob');
  await bob.hears('kept?');
  expect(bob.texts()).toEqual(['kept?']);
}, 300_000);
