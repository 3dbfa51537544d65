import { expect, test } from 'vitest';
import { connectControl } from '../../src/control/index.ts';
import { HELD_BYTES_MAX } from '../../src/control/limits.ts';
import { Memory } from '../../src/control/server/memory.ts';
import { until } from '../net/until.ts';
import { serveHome } from './served.ts';

// Many local clients at once: fast ones, slow ones, and those that want too much.

test('50 clients that send as fast as they can lose nothing and wait for nobody (CTL-03)', async () => {
  await using home = await serveHome();
  const clients = Array.from({ length: 50 }, () => home.raw());
  const begun = performance.now();
  for (let n = 0; n < 40; n++)
    for (const client of clients) client.ask(n, 'send', { to: 'bob', text: `text ${n}` });
  await until('all are answered', () => clients.every(({ text }) => text.split('\n').length > 40));
  // What a text costs on a disk is measured elsewhere: this is what the socket takes.
  expect(performance.now() - begun).toBeLessThan(10_000);
  expect(home.chat.sent).toHaveLength(2_000);
  for (const client of clients)
    expect(client.lines.map(({ id }) => id)).toEqual(Array.from({ length: 40 }, (_, n) => n));
});

test('of clients that begin long lines together, those that hold most go when it is too much (CTL-03)', async () => {
  await using home = await serveHome();
  await using chat = await connectControl(home.path);
  const before = process.memoryUsage().rss;
  const line = 'x'.repeat(1024 * 1024);
  const greedy = Array.from({ length: 160 }, () => home.raw());
  for (const client of greedy) client.socket.write(line);
  await until('some are cut', () => greedy.filter(({ isClosed }) => isClosed).length >= 32);
  await chat.sendText({ to: 'bob', text: 'meanwhile' });
  expect(home.chat.sent).toHaveLength(1);
  expect(process.memoryUsage().rss - before).toBeLessThan(3 * HELD_BYTES_MAX);
});

test('who holds little, and who asks at this moment, is not cut for what others hold (CTL-03)', () => {
  const memory = new Memory();
  const cut: string[] = [];
  const holder = (name: string): { cut(): void } => ({ cut: () => cut.push(name) });
  const [small, large, larger, page] = [holder('small'), holder('large'), holder('larger'), holder('page')];
  memory.holds(small, 60_000);
  memory.holds(large, 40 * 1024 ** 2);
  memory.holds(larger, 50 * 1024 ** 2);
  memory.holds(page, 60 * 1024 ** 2);
  expect(cut).toEqual(['larger']);
  memory.holds(page, 200 * 1024 ** 2);
  expect(cut).toEqual(['larger', 'large']);
  memory.holds(small, 1);
  expect(cut).toEqual(['larger', 'large']);
});

test('pages wait for their reader: one that asks for many and reads nothing holds up nobody (CTL-03)', async () => {
  await using home = await serveHome();
  for (let n = 0; n < 100; n++) home.chat.receive('bob', 'x'.repeat(30 * 1024));
  const slow = home.raw();
  slow.socket.pause();
  const batch = Array.from({ length: 64 }, (_, id) => ({
    jsonrpc: '2.0',
    id,
    method: 'history',
    params: { limit: 100 },
  }));
  let pages = 0;
  const history = home.chat.history.bind(home.chat);
  home.chat.history = async (query) => {
    pages += 1;
    return history(query);
  };
  for (const request of batch) slow.socket.write(`${JSON.stringify(request)}\n`);
  await until('it has a page', () => pages > 0);
  await using chat = await connectControl(home.path);
  expect((await chat.history({ limit: 10 })).entries).toHaveLength(10);
  for (let n = 0; n < 10; n++) await chat.history({ limit: 1 });
  expect(pages).toBeLessThan(15);
  const whole = home.raw();
  whole.socket.write(`${JSON.stringify(batch)}\n`);
  await until('the batch is answered', () => whole.text.endsWith('\n'));
  const answers = whole.lines[0] as unknown as readonly { readonly error?: { readonly data: object } }[];
  expect(answers).toHaveLength(64);
  expect(answers.filter(({ error }) => error).at(-1)).toMatchObject({ error: { data: { code: 'usage' } } });
  expect(answers.filter(({ error }) => !error).length).toBeGreaterThan(4);
});

test('answers that wait for the rest of their batch count as what a client holds (CTL-03)', async () => {
  await using home = await serveHome();
  for (let n = 0; n < 100; n++) home.chat.receive('bob', 'x'.repeat(30 * 1024));
  home.chat.retry = async () => new Promise(() => undefined);
  const batch = Array.from({ length: 6 }, (_, id) => ({
    jsonrpc: '2.0',
    id,
    ...(id === 0
      ? { method: 'outbox.retry', params: { name: 'bob' } }
      : { method: 'history', params: { limit: 100 } }),
  }));
  const greedy = Array.from({ length: 10 }, () => home.raw());
  for (const client of greedy) client.socket.write(`${JSON.stringify(batch)}\n`);
  await until('one is cut', () => greedy.some(({ isClosed }) => isClosed));
  await using chat = await connectControl(home.path);
  await chat.sendText({ to: 'bob', text: 'meanwhile' });
  expect(greedy.filter(({ isClosed }) => isClosed).length).toBeLessThan(6);
});

test('of one client 64 requests are under way; further ones wait in its socket, and are not lost (CTL-03)', async () => {
  await using home = await serveHome();
  await using chat = await connectControl(home.path);
  const go = Promise.withResolvers<void>();
  let begun = 0;
  home.chat.retry = async () => {
    begun += 1;
    return go.promise;
  };
  const client = home.raw();
  for (let id = 0; id < 200; id++) client.ask(id, 'outbox.retry', { name: 'bob' });
  await until('some are begun', () => begun > 0);
  for (let n = 0; n < 10; n++) await chat.contacts();
  expect(begun).toBe(64);
  go.resolve();
  await client.answered(199);
  expect(client.lines).toHaveLength(200);
});

test('of a client that does not read its answers, requests wait (CTL-03)', async () => {
  await using home = await serveHome();
  await home.chat.setDraft({ name: 'bob', text: 'x'.repeat(30 * 1024) });
  await using chat = await connectControl(home.path);
  const contacts = home.chat.contacts.bind(home.chat);
  let asked = 0;
  home.chat.contacts = async () => {
    asked += 1;
    return contacts();
  };
  const client = home.raw();
  client.socket.pause();
  for (let id = 0; id < 500; id++) client.ask(id, 'draft', { name: 'bob' });
  await until('some are answered', () => asked > 0);
  for (let n = 0; n < 10; n++) await chat.outbox();
  // 1 MiB, what the system holds, and what was under way.
  expect(asked).toBeLessThan(250);
  client.socket.resume();
  await client.answered(499);
  expect(client.lines).toHaveLength(500);
});
