import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { connectControl, controlPath, serveControl } from '../../src/control/index.ts';
import { METHODS } from '../../src/control/server/methods.ts';
import { FakeChat, incoming } from '../../src/testing/fake-chat.ts';
import type { MessageId } from '../../src/api/index.ts';
import { until } from '../net/until.ts';
import { startNode } from '../store/child-node.ts';
import { serveHome, type RawClient, type ServedHome } from './served.ts';

test('only its owner may open the socket, whatever the umask; a folder that others can enter is refused (CTL-01)', async () => {
  const before = process.umask(0);
  try {
    await using home = await serveHome();
    expect(statSync(home.path).mode & 0o777).toBe(0o600);
    expect(statSync(home.folder).mode & 0o777).toBe(0o700);
  } finally {
    process.umask(before);
  }
  const open = mkdtempSync(join(tmpdir(), 'sotto-open-'));
  chmodSync(open, 0o755);
  const chat = new FakeChat({ contacts: [] });
  await expect(serveControl(chat, controlPath(open, {}))).rejects.toMatchObject({ code: 'control-unusable' });
  expect(existsSync(controlPath(open, {}))).toBe(false);
  rmSync(open, { recursive: true });
});

test('a socket that a killed program left behind is taken over, and a clean end leaves none (CTL-02)', async () => {
  await using home = await serveHome();
  await home.stop();
  expect(existsSync(home.path)).toBe(false);
  const holder = startNode(`import { createServer } from 'node:net';
    createServer().listen(${JSON.stringify(home.path)}, () => console.log('listening'));`);
  expect(await holder.line()).toBe('listening');
  await holder.kill();
  expect(statSync(home.path).isSocket()).toBe(true);
  await expect(connectControl(home.path)).rejects.toMatchObject({ code: 'control-unusable' });
  await home.serve();
  await using chat = await connectControl(home.path);
  expect(chat.self.username).toBe('alice');
});

test('a link in the socket’s place is replaced, not followed (CTL-04)', async () => {
  await using home = await serveHome();
  await home.stop();
  const victim = join(home.folder, 'victim');
  writeFileSync(victim, 'mine');
  symlinkSync(victim, home.path);
  await home.serve();
  expect(statSync(victim).isFile()).toBe(true);
  expect(statSync(home.path).isSocket()).toBe(true);
});

test('a path that is too long for a socket goes to the runtime folder, or is refused in words (CTL-04)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-long-'));
  const home = join(folder, 'x'.repeat(100));
  mkdirSync(home, { mode: 0o700 });
  expect(() => controlPath(home, {})).toThrow(
    expect.objectContaining({ code: 'control-unusable', hint: expect.stringContaining('XDG_RUNTIME_DIR') }),
  );
  const path = controlPath(home, { XDG_RUNTIME_DIR: folder });
  expect(controlPath(`${home}/../${'x'.repeat(100)}`, { XDG_RUNTIME_DIR: folder })).toBe(path);
  expect(controlPath(home, {}, 'win32')).toMatch(/^\\\\\.\\pipe\\sotto-\w+-\w+$/);
  const server = await serveControl(new FakeChat({ contacts: [] }), path);
  const chat = await connectControl(path);
  expect(chat.self.username).toBe('alice');
  await chat.close();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

test('a socket in a folder that others can write is not spoken to: anybody may have put it there (CTL-04)', async () => {
  const open = mkdtempSync(join(tmpdir(), 'sotto-open-'));
  const path = join(open, 'control.sock');
  const taker = startNode(`import { createServer } from 'node:net';
    createServer((socket) => socket.on('data', () => console.log('told'))).listen(${JSON.stringify(path)},
      () => console.log('listening'));`);
  expect(await taker.line()).toBe('listening');
  chmodSync(open, 0o777);
  await expect(connectControl(path)).rejects.toMatchObject({
    code: 'control-unusable',
    message: expect.stringContaining('others can write'),
  });
  chmodSync(open, 0o700);
  const asked = connectControl(path, { answerWithinMs: 50 });
  await expect(asked).rejects.toMatchObject({ code: 'control-unusable' });
  expect(await taker.line()).toBe('told');
  await taker.kill();
  rmSync(open, { recursive: true });
});

test('whatever bytes a client sends, others are served, and so is it with its next request (CTL-03)', async () => {
  await using home = await serveHome();
  const client = home.raw();
  let id = 0;
  const request = (): string => JSON.stringify({ jsonrpc: '2.0', id: ++id, method: 'identity' });
  await fc.assert(
    fc.asyncProperty(hostileLine, async (line) => {
      client.socket.write(line);
      client.socket.write(`\n${request()}\n`);
      await client.answered(id);
      expect(client.text).not.toContain('-32603');
      client.text = '';
    }),
    { numRuns: 100 },
  );
  expect(client.isClosed).toBe(false);
});

/** Noise, JSON of any shape, and requests of ours that are not quite right. */
const hostileLine = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.json().map((json) => json.replaceAll('\n', ' ')),
  fc
    .record({
      jsonrpc: fc.oneof(fc.constant('2.0'), fc.jsonValue()),
      method: fc.constantFrom(
        ...Object.keys(METHODS).filter((name) => name !== 'listen'),
        'hello',
        '__proto__',
      ),
      params: fc.oneof(
        fc.jsonValue(),
        fc.dictionary(
          fc.constantFrom('to', 'text', 'id', 'name', 'with', 'limit', 'since', '__proto__'),
          fc.jsonValue(),
        ),
      ),
    })
    .map((json) => JSON.stringify(json)),
  fc.integer({ min: 1, max: 100_000 }).map((depth) => `${'['.repeat(depth)}${']'.repeat(depth)}`),
);

test.for([
  ['no JSON', 'hello\n', -32_700],
  ['no UTF-8', Uint8Array.of(0x22, 0xff, 0x22, 0x0a), -32_700],
  ['no version', '{"method":"contacts"}\n', -32_600],
  ['an answer', '{"jsonrpc":"2.0","result":1}\n', -32_600],
  ['a number', '7\n', -32_600],
  ['an empty batch', '[]\n', -32_600],
  ['a batch that is too long', `[${'1,'.repeat(64)}1]\n`, -32_600],
  ['an id that is none', '{"jsonrpc":"2.0","id":{},"method":"contacts"}\n', -32_600],
  ['an id that no number keeps', '{"jsonrpc":"2.0","id":9007199254740993,"method":"contacts"}\n', -32_600],
  ['an id that is too long', `{"jsonrpc":"2.0","id":"${'x'.repeat(257)}","method":"contacts"}\n`, -32_600],
] as const)(
  'a line that is no request is answered, and its client goes on: %s (CTL-03)',
  async ([, line, code]) => {
    await using home = await serveHome();
    const client = home.raw();
    client.socket.write(line);
    client.ask(2, 'outbox.cancel', { to: 'bob' });
    expect(await client.answered(null)).toMatchObject({
      error: { code, data: { code: 'control-malformed' } },
    });
    expect(await client.answered(2)).toMatchObject({ result: { count: 0 } });
    expect(client.lines).toHaveLength(2);
  },
);

test('a request with a wrong method or wrong params is refused alone, and nothing is done (CTL-03)', async () => {
  await using home = await serveHome();
  const client = home.raw();
  const wrong: readonly (readonly [string, unknown, RegExp?])[] = [
    ['close', {}],
    ['constructor', {}],
    ['__proto__', {}],
    ['send', {}, /“to”.*missing/],
    ['send', { to: 'bob', text: 7 }, /“text”, expected string/],
    ['send', { to: 'bob', text: 'x', more: true }, /“more”, there is none/],
    ['send', { to: 'bob', text: 'x', expires_at: 'tomorrow' }],
    ['send', { to: 'bob', text: 'x', wait: 'read' }],
    ['send', ['bob', 'x'], /named/],
    ['outbox.retry', { name: 'x'.repeat(1_001) }],
    ['backup', { path: 'relative', passphrase: 'eA==' }],
    ['backup', { path: '/x', passphrase: 'secret!' }],
    ['backup', { path: '/half a character \ud800', passphrase: 'eA==' }],
    ['listen', { screen: 1 }],
    ['trace', { topics: ['everything'] }],
  ];
  for (const [index, [method, params]] of wrong.entries()) client.ask(index, method, params);
  for (const [index, [method, , words = /./]] of wrong.entries()) {
    const answer = await client.answered(index);
    expect(answer, method).toMatchObject({ error: { data: { code: 'control-malformed' } } });
    expect(JSON.stringify(answer), method).toMatch(words);
  }
  expect(client.text).not.toContain('secret');
  client.ask(100, 'contacts', []);
  expect(await client.answered(100)).toMatchObject({
    result: { contacts: [{ name: 'bob' }, { name: 'carol' }] },
  });
  client.ask(101, 'send', { to: 'bob', text: 'still here' });
  expect(await client.answered(101)).toMatchObject({
    result: { type: 'outcome', to: 'bob', state: 'queued' },
  });
  expect(home.chat.sent).toEqual([{ to: 'bob', text: 'still here' }]);
  expect(home.chat.calls).toEqual([]);
});

test('what the system refuses is no bug of ours, and a bug says nothing of what was asked (CTL-03)', async () => {
  await using home = await serveHome();
  const client = home.raw();
  const open = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
  for (const [id, error, code, failure] of [
    [1, open, -32_000, 'home-unusable'],
    [2, new TypeError('of a secret'), -32_603, 'internal'],
  ] as const) {
    home.chat.status = async () => Promise.reject(error);
    client.ask(id, 'status');
    expect(await client.answered(id)).toMatchObject({ error: { code, data: { code: failure } } });
  }
  expect(client.text).toContain('too many files');
  expect(client.text).not.toContain('secret');
});

test('a request in pieces is heard, one that is broken off is not; who says no more still gets the answers', async () => {
  await using home = await serveHome();
  const client = home.raw();
  const request = '{"jsonrpc":"2.0","id":1,"method":"send","params":{"to":"bob","text":"grüß dich"}}\n';
  for (const byte of new TextEncoder().encode(request)) {
    client.socket.write(Uint8Array.of(byte));
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  client.socket.end('{"jsonrpc":"2.0","id":2,"method":"outbox.retry","params":{"name":"bob"}}');
  expect(await client.answered(1)).toMatchObject({ result: { id: expect.any(String) } });
  await client.cut();
  expect(home.chat.sent).toEqual([{ to: 'bob', text: 'grüß dich' }]);
  expect(home.chat.calls).toEqual([]);
});

test('of a line of 1 GiB no more than its first MiB is taken (CTL-03)', async () => {
  await using home = await serveHome();
  const client = home.raw();
  const chunk = new Uint8Array(64 * 1024).fill(0x61);
  const before = process.memoryUsage().rss;
  let written = 0;
  while (!client.socket.destroyed && written < 1024 ** 3) {
    const isRoom = client.socket.write(chunk);
    written += chunk.length;
    if (isRoom) continue;
    const gone = await Promise.race([
      new Promise<boolean>((resolve) => client.socket.once('drain', () => resolve(false))),
      new Promise<boolean>((resolve) => client.socket.once('close', () => resolve(true))),
    ]);
    if (gone) break;
  }
  await client.cut();
  expect(written).toBeLessThan(16 * 1024 ** 2);
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 ** 2);
});

test('1,000 clients that say nothing keep nobody out, and those that talk go on (CTL-03)', async () => {
  await using home = await serveHome();
  await using chat = await connectControl(home.path);
  const crowd = await crowdOf(home, 1_100);
  await until('the first of them are cut', () => crowd.filter(({ isClosed }) => isClosed).length >= 101);
  await chat.sendText({ to: 'bob', text: 'through the crowd' });
  await using other = await connectControl(home.path);
  await other.sendText({ to: 'bob', text: 'and one that came later' });
  expect(home.chat.sent).toHaveLength(2);
  expect(crowd.filter(({ isClosed }) => isClosed).length).toBeLessThan(110);
});

test('beside 1,000 clients that have asked something, one more is told so and sent away (CTL-03)', async () => {
  await using home = await serveHome();
  const crowd = await crowdOf(home, 1_000);
  for (const client of crowd) client.ask(1, 'identity');
  await until('all have their answer', () => crowd.every(({ text }) => text.endsWith('\n')));
  const late = home.raw();
  await late.cut();
  expect(late.lines).toMatchObject([{ id: null, error: { data: { code: 'control-unusable' } } }]);
  crowd[0]!.socket.destroy();
  await until('there is room', async () => {
    const next = home.raw();
    next.ask(1, 'identity');
    await until('an answer, or the end', () => next.isClosed || next.text !== '');
    return next.lines[0]?.['id'] === 1;
  });
  expect(crowd.filter(({ isClosed }) => isClosed)).toHaveLength(1);
});

test('who asks and does not read is held back, and cut in the end; others notice nothing (CTL-03)', async () => {
  await using home = await serveHome();
  const client = home.raw();
  client.socket.pause();
  client.ask(1, 'listen');
  await using chat = await connectControl(home.path);
  await chat.contacts();
  const text = 'x'.repeat(32 * 1024);
  for (let n = 0; n < 300; n++) home.chat.receive('bob', text);
  await chat.sendText({ to: 'bob', text: 'meanwhile' });
  expect(home.chat.sent).toHaveLength(1);
  await until('it is cut', () => home.chat.listeners === 0, 20_000);
});

test('a screen is told the next event when it has shown the one before', async () => {
  await using home = await serveHome();
  const client = home.raw();
  client.ask(1, 'listen', { screen: true });
  await client.answered(1);
  for (const text of ['one', 'two'])
    home.chat.emit(incoming('bob', text, `01920000-0000-7000-8000-00000000000${text.length}` as MessageId));
  const told = (): number => client.lines.filter((line) => line['method'] === 'event').length;
  await until('the first event', () => told() === 1);
  client.ask(2, 'contacts');
  await client.answered(2);
  expect(told()).toBe(1);
  client.socket.write('{"jsonrpc":"2.0","method":"seen","params":{"subscription":1}}\n');
  await until('the second event', () => told() === 2);
});

test('of a screen that dies with an event nothing more is asked: that would say that it was shown', async () => {
  await using home = await serveHome();
  const client = home.raw();
  client.ask(1, 'listen', { screen: true });
  await client.answered(1);
  home.chat.emit(incoming('bob', 'unseen', '01920000-0000-7000-8000-000000000001' as MessageId));
  await until('the event', () => client.lines.some((line) => line['method'] === 'event'));
  client.socket.destroy();
  await until('it is gone', () => home.chat.listeners === 0);
  await using chat = await connectControl(home.path);
  await chat.contacts();
  expect(home.chat.asked).toBe(1);
});

/** So many as the system lets wait at the door at once. */
async function crowdOf(home: ServedHome, count: number): Promise<readonly RawClient[]> {
  const crowd: RawClient[] = [];
  while (crowd.length < count) {
    const some = Array.from({ length: Math.min(100, count - crowd.length) }, () => home.raw());
    await until('they are connected', () => some.every(({ socket }) => !socket.connecting));
    crowd.push(...some);
  }
  return crowd;
}
