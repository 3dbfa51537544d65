import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Chat, ChatEvent } from '../../src/api/index.ts';
import { openChat } from '../../src/node/index.ts';
import { setPassphrase } from '../../src/store/index.ts';
import { startListening, startSotto } from '../net/sotto-process.ts';
import { openTown, type Town } from '../net/town.ts';
import { startNode } from '../store/child-node.ts';

async function beside(town: Town, name: string, mode: 'dial' | 'offline'): Promise<Chat> {
  const directory = town.path(name);
  return openChat({ directory, port: town.port(name), as: name, home: town.home(name), mode }, {});
}

test('beside a listener, other programs use its home through it: send, outbox, history, and a peer hears it (CTL-02)', async () => {
  await using town = await openTown(['alice', 'bob']);
  await using bob = await town.open('bob');
  await using listener = await startListening(town, 'alice');
  await using chat = await beside(town, 'alice', 'dial');
  expect(chat.self).toMatchObject({ username: 'alice', listening: [{ port: town.port('alice') }] });
  const events = chat.events();
  const id = await chat.sendText({ to: 'bob', text: 'through the listener' });
  await bob.hears('through the listener');
  for await (const event of events)
    if (event.type === 'message-progress' && event.id === id && event.progress.state === 'delivered') break;
  await bob.send('alice', 'an answer');
  await listener.says('an answer', 'stdout');
  await using other = await beside(town, 'alice', 'offline');
  const { entries } = await other.history({ with: 'bob' });
  expect(entries.map(({ text, direction }) => [direction, text.exact()])).toEqual([
    ['out', 'through the listener'],
    ['in', 'an answer'],
  ]);
  expect(await other.outbox()).toEqual({ messages: [], total: 0 });
  await expect(
    openChat({ directory: town.path('alice'), as: 'alice', home: town.home('alice'), mode: 'listen' }, {}),
  ).rejects.toMatchObject({ code: 'home-locked' });
  listener.interrupt();
  await listener.exitCode();
  // Whoever goes on has the home itself now.
  expect((await other.contacts()).map(({ name }) => name)).toEqual(['bob']);
  expect(other.self.listening).toEqual([]);
  expect(existsSync(join(town.home('alice'), 'control.sock'))).toBe(false);
});

test('the command itself sends beside a listener, and a listener that was killed is no obstacle (CTL-02)', async () => {
  await using town = await openTown(['alice', 'bob']);
  await using bob = await town.open('bob');
  {
    await using _listener = await startListening(town, 'alice');
    await using send = startSotto(town, 'alice', ['send', 'bob', 'from the command']);
    expect(await send.exitCode(), send.stderr).toBe(0);
    await bob.hears('from the command');
  }
  expect(existsSync(join(town.home('alice'), 'control.sock'))).toBe(true);
  await using send = startSotto(town, 'alice', ['send', 'bob', 'without it']);
  expect(await send.exitCode(), send.stderr).toBe(0);
  await bob.hears('without it');
});

test('a command that has the home for a moment is waited for; one that keeps it is named (DLV-14)', async () => {
  await using town = await openTown(['alice', 'bob']);
  await (await beside(town, 'alice', 'offline')).close();
  const lock = JSON.stringify(join(town.home('alice'), 'lock'));
  const hold = `import { DatabaseSync } from 'node:sqlite';
    const database = new DatabaseSync(${lock});
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    console.log('locked');
    process.stdin.on('data', () => process.exit());`;
  await using holder = startNode(hold);
  await holder.line();
  await expect(beside(town, 'alice', 'offline')).rejects.toMatchObject({ code: 'home-locked' });
  const waiting = beside(town, 'alice', 'offline');
  await holder.kill();
  await using chat = await waiting;
  expect(chat.self.listening).toEqual([]);
});

test('the passphrase is asked for where the home is opened, and not beside a program that has it open', async () => {
  await using town = await openTown(['alice', 'bob']);
  await (await beside(town, 'alice', 'offline')).close();
  setPassphrase(town.home('alice'), undefined, new TextEncoder().encode('correct horse'));
  await expect(beside(town, 'alice', 'offline')).rejects.toMatchObject({ code: 'locked' });
  const secret = join(town.folder, 'passphrase');
  writeFileSync(secret, 'correct horse\n', { mode: 0o600 });
  await using _listener = await startListening(town, 'alice', [
    'listen',
    '--json',
    '--passphrase-file',
    secret,
  ]);
  await using chat = await beside(town, 'alice', 'offline');
  expect(chat.self.username).toBe('alice');
});

test('a home of somebody else is said to be so, whoever has it open', async () => {
  await using town = await openTown(['alice', 'bob']);
  await using _listener = await startListening(town, 'alice');
  const opening = openChat(
    { directory: town.path('alice'), as: 'bob', home: town.home('alice'), mode: 'offline' },
    {},
  );
  await expect(opening).rejects.toMatchObject({ code: 'home-owner' });
});

test('what came while no screen was there is shown by the next one, once, and in order', async () => {
  await using town = await openTown(['alice', 'bob']);
  await using bob = await town.open('bob');
  const open = async (): Promise<Chat> =>
    openChat(
      {
        directory: town.path('alice'),
        port: town.port('alice'),
        as: 'alice',
        bind: ['127.0.0.1'],
        home: town.home('alice'),
        mode: 'listen',
      },
      {},
    );
  const first = await open();
  for (const text of ['one', 'two', 'three']) await bob.sendDelivered('alice', text);
  await first.close();
  const second = await open();
  expect(await shown(second, 2)).toEqual(['belated one', 'belated two']);
  await second.close();
  const third = await open();
  const reading = shown(third, 2);
  await bob.sendDelivered('alice', 'four');
  expect(await reading).toEqual(['belated three', 'four']);
  await third.close();
});

/** Shows so many messages, and asks for the next one. */
async function shown(chat: Chat, count: number): Promise<readonly string[]> {
  const texts: string[] = [];
  const stop = new AbortController();
  const events: AsyncIterable<ChatEvent> = chat.events({ isScreen: true, signal: stop.signal });
  for await (const event of events) {
    if (event.type !== 'message-received') continue;
    texts.push(`${event.isBelated ? 'belated ' : ''}${event.text.exact()}`);
    if (texts.length === count) stop.abort();
  }
  return texts;
}
