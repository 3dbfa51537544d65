import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { openTown, type Town } from '../../test/net/town.ts';
import type { Chat, ChatOptions, HomeOptions } from '../api/index.ts';
import { CodedError } from '../base/index.ts';
import { controlPath, serveControl } from '../control/index.ts';
import { lockOwnHome } from '../store/index.ts';
import { FakeChat } from '../testing/fake-chat.ts';
import { createNodeTool } from './node-tool.ts';
import { openChat } from './open-chat.ts';

const tool = createNodeTool({});

function homeOf(town: Town): HomeOptions {
  return { directory: town.path('alice'), as: 'alice', home: town.home('alice') };
}

async function open(town: Town, options: Partial<ChatOptions> = {}): Promise<Chat> {
  return openChat({ ...homeOf(town), bind: ['127.0.0.1'], mode: 'listen', ...options }, {});
}

/** A node in this process: asked to end, it closes. */
async function openNode(town: Town): Promise<Chat> {
  const asked = Promise.withResolvers<void>();
  const chat = await open(town, { onEnd: () => asked.resolve() });
  void asked.promise.then(async () => chat.close({ graceMs: 0 }));
  return chat;
}

test('where nobody has been, nothing is found, ended or made', async () => {
  await using town = await openTown(['alice', 'bob']);
  expect(await tool.find(homeOf(town))).toBeUndefined();
  expect(await tool.end(homeOf(town))).toBe(false);
  expect(existsSync(town.home('alice'))).toBe(false);
});

test('a node is found with its status, talked to through its chat, and ended; at once its home is free, each time', async () => {
  await using town = await openTown(['alice', 'bob']);
  for (let round = 0; round < 3; round += 1) {
    await using node = await openNode(town);
    const running = await tool.find(homeOf(town));
    expect(running?.status).toMatchObject({ mode: 'listen', isAttended: false, pid: process.pid });
    expect((await running?.chat.contacts())?.map(({ name }) => name)).toEqual(['bob']);
    await running?.chat.close();
    expect(await tool.end(homeOf(town))).toBe(true);
    lockOwnHome(town.home('alice'))[Symbol.dispose]();
    await expect(node.contacts()).rejects.toMatchObject({ code: 'cancelled' });
  }
});

test('one that says that it is ending is waited for, and then nobody is there', async () => {
  await using town = await openTown(['alice', 'bob']);
  const lock = lockOwnHome(town.home('alice'));
  const asked = Promise.withResolvers<void>();
  const ending = Object.assign(new FakeChat({ contacts: [] }), {
    status: async () => {
      asked.resolve();
      throw new CodedError({ code: 'cancelled', message: 'The program is ending: nothing new begins.' });
    },
  });
  const server = await serveControl(ending, controlPath(town.home('alice'), {}));
  const found = tool.find(homeOf(town));
  await asked.promise;
  await server[Symbol.asyncDispose]();
  lock[Symbol.dispose]();
  expect(await found).toBeUndefined();
});

test('what somebody sits in front of is found as such, and not ended', async () => {
  await using town = await openTown(['alice', 'bob']);
  await using loop = await open(town);
  const running = await tool.find(homeOf(town));
  expect(running?.status).toMatchObject({ mode: 'listen', isAttended: true });
  await running?.chat.close();
  await expect(tool.end(homeOf(town))).rejects.toMatchObject({ code: 'node-attended' });
  expect((await loop.contacts()).map(({ name }) => name)).toEqual(['bob']);
});

test('a command that only sends is found as one; a home of another name is said to be so', async () => {
  await using town = await openTown(['alice', 'bob']);
  await using _sending = await open(town, { mode: 'dial' });
  const running = await tool.find(homeOf(town));
  expect(running?.status).toMatchObject({ mode: 'dial', isAttended: true });
  await running?.chat.close();
  await expect(tool.find({ ...homeOf(town), as: 'bob' })).rejects.toMatchObject({ code: 'home-owner' });
});

test.concurrent(
  'who is attached goes on with the next node: its events, and what it asks; without one it hears that there is none',
  async () => {
    await using town = await openTown(['alice', 'bob']);
    await using bob = await town.open('bob');
    const first = await openNode(town);
    await using attached = (await tool.attach(homeOf(town)))!;
    const events = attached.events({ isScreen: true });
    const next = async (): Promise<string> => {
      for (let told = await events.next(); told.done !== true; told = await events.next())
        if (told.value.type === 'message-received') return told.value.text.exact();
      throw new Error('the events have ended');
    };
    await bob.sendDelivered('alice', 'to the first');
    expect(await next()).toBe('to the first');
    await first.close();
    const second = await openNode(town);
    await bob.sendDelivered('alice', 'to the second');
    expect(await next()).toBe('to the second');
    await attached.sendText({ to: 'bob', text: 'through the second' });
    await bob.hears('through the second');
    await second.close();
    await expect(next()).rejects.toMatchObject({ code: 'node-not-running' });
    await expect(attached.contacts()).rejects.toMatchObject({ code: 'node-not-running' });
    await using _person = await open(town);
    expect(await tool.attach(homeOf(town))).toBeUndefined();
  },
  60_000,
);

test.concurrent(
  'a home that a program has who does not answer is home-locked after a while, and nothing hangs (CTL-02)',
  async () => {
    await using town = await openTown(['alice', 'bob']);
    using _lock = lockOwnHome(town.home('alice'));
    await expect(tool.find(homeOf(town))).rejects.toMatchObject({ code: 'home-locked' });
  },
  30_000,
);

test('a node without a socket does not run, and leaves its home and port free', async () => {
  await using town = await openTown(['alice', 'bob']);
  mkdirSync(join(town.home('alice'), 'control.sock'), { recursive: true, mode: 0o700 });
  writeFileSync(join(town.home('alice'), 'control.sock', 'file'), '');
  await expect(openNode(town)).rejects.toMatchObject({ code: 'control-unusable' });
  await using person = await open(town);
  expect(person.self.listening).toHaveLength(1);
});

test('what is asked over streams is answered, also beside others, and the chat goes on after their end', async () => {
  await using town = await openTown(['alice', 'bob']);
  await using node = await openNode(town);
  const input = new PassThrough();
  const output = new PassThrough();
  const answers = text(output);
  input.end('{"jsonrpc":"2.0","id":7,"method":"contacts"}\n');
  await tool.serveStdio(node, { input, output });
  output.end();
  expect(JSON.parse(await answers)).toMatchObject({ id: 7, result: { contacts: [{ name: 'bob' }] } });
  expect(await node.contacts()).toHaveLength(1);
});
