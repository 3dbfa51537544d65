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
import { expect, test } from 'vitest';
import { connectControl, controlPath, serveControl } from '../../src/control/index.ts';
import { FakeChat, incoming } from '../../src/testing/fake-chat.ts';
import type { MessageId } from '../../src/api/index.ts';
import { until } from '../net/until.ts';
import { startNode } from '../store/child-node.ts';
import { serveHome } from './served.ts';

const malformed = { error: { data: { code: 'control-malformed' } } };

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

test('another user is refused (CTL-01)', async ({ skip }) => {
  if (process.getuid?.() !== 0) return skip('only root can become somebody else');
  await using home = await serveHome();
  const connecting = `import { connect } from 'node:net';
    process.setuid(65534);
    const socket = connect(${JSON.stringify(home.path)});
    socket.on('connect', () => { console.log('connected'); process.exit(); });
    socket.on('error', (error) => { console.log(error.code); process.exit(); });`;
  await using other = startNode(connecting);
  expect(await other.line()).toBe('EACCES');
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
  const server = await serveControl(new FakeChat({ contacts: [] }), path);
  const chat = await connectControl(path);
  expect(chat.self.username).toBe('alice');
  await chat.close();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

test.for([
  ['no JSON', 'hello\n'],
  ['no UTF-8', Uint8Array.of(0x22, 0xff, 0x22, 0x0a)],
  ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"contacts"}]\n'],
  ['no version', '{"id":1,"method":"contacts"}\n'],
  ['an unknown field', '{"jsonrpc":"2.0","id":1,"method":"contacts","x":1}\n'],
  ['no id', '{"jsonrpc":"2.0","method":"contacts"}\n'],
  ['an empty line', '\n'],
] as const)('a line that is no request is answered, and its client cut: %s (CTL-03)', async ([, line]) => {
  await using home = await serveHome();
  const client = home.raw();
  client.socket.write(line);
  client.ask(2, 'cancelAll', { to: 'bob' });
  expect(await client.answered(null)).toMatchObject(malformed);
  await client.cut();
  expect(client.lines).toHaveLength(1);
  expect(home.chat.calls).toEqual([]);
});

test('a request with a wrong method or wrong params is refused alone, and nothing is done (CTL-03)', async () => {
  await using home = await serveHome();
  const client = home.raw();
  const wrong: readonly (readonly [string, object])[] = [
    ['close', {}],
    ['constructor', {}],
    ['__proto__', {}],
    ['sendText', {}],
    ['sendText', { to: 'bob', text: 7 }],
    ['sendText', { to: 'bob', text: 'x', more: true }],
    ['sendText', { to: 'bob', text: 'x', expiresAtWall: 1.5 }],
    ['retry', { name: 'x'.repeat(1_001) }],
    ['backup', { path: 'relative', passphrase: 'eA==' }],
    ['backup', { path: '/x', passphrase: '!' }],
    ['subscribe', { isScreen: 1 }],
    ['contacts', []],
  ];
  for (const [index, [method, params]] of wrong.entries()) client.ask(index, method, params);
  for (const [index, [method]] of wrong.entries()) {
    if (method === 'contacts') continue;
    expect(await client.answered(index), method).toMatchObject(malformed);
  }
  client.ask(100, 'sendText', { to: 'bob', text: 'still here' });
  expect(await client.answered(100)).toMatchObject({ result: expect.any(String) });
  expect(home.chat.sent).toEqual([{ to: 'bob', text: 'still here' }]);
  expect(home.chat.calls).toEqual([]);
});

test('a request in pieces is heard, one that is broken off is not; who says no more still gets the answers', async () => {
  await using home = await serveHome();
  const client = home.raw();
  const request = '{"jsonrpc":"2.0","id":1,"method":"sendText","params":{"to":"bob","text":"grüß dich"}}\n';
  for (const byte of new TextEncoder().encode(request)) {
    client.socket.write(Uint8Array.of(byte));
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  client.socket.end('{"jsonrpc":"2.0","id":2,"method":"retry","params":{"name":"bob"}}');
  expect(await client.answered(1)).toMatchObject({ result: expect.any(String) });
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

test('1,000 clients take no memory, keep nobody out for long, and those that talk go on (CTL-03)', async () => {
  await using home = await serveHome();
  await using chat = await connectControl(home.path);
  const crowd = Array.from({ length: 1_000 }, () => home.raw());
  await until('most of them are cut', () => crowd.filter(({ isClosed }) => isClosed).length >= 968);
  expect(crowd.filter(({ isClosed }) => isClosed).length).toBeLessThan(1_000);
  await chat.sendText({ to: 'bob', text: 'through the crowd' });
  await using other = await connectControl(home.path);
  await other.sendText({ to: 'bob', text: 'and one that came later' });
  expect(home.chat.sent).toHaveLength(2);
});

test('who asks and does not read is held back, and cut in the end; others notice nothing (CTL-03)', async () => {
  await using home = await serveHome();
  const client = home.raw();
  client.socket.pause();
  client.ask(1, 'subscribe', { isScreen: false });
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
  client.ask(1, 'subscribe', { isScreen: true });
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
  client.ask(1, 'subscribe', { isScreen: true });
  await client.answered(1);
  home.chat.emit(incoming('bob', 'unseen', '01920000-0000-7000-8000-000000000001' as MessageId));
  await until('the event', () => client.lines.some((line) => line['method'] === 'event'));
  client.socket.destroy();
  await until('it is gone', () => home.chat.listeners === 0);
  await using chat = await connectControl(home.path);
  await chat.contacts();
  expect(home.chat.asked).toBe(1);
});
