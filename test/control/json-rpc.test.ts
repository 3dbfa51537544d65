import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../net/until.ts';
import { serveHome, type RawClient } from './served.ts';

// JSON-RPC 2.0 as its specification has it, by a client that knows nothing of Sotto.

async function said(client: RawClient, count: number): Promise<readonly unknown[]> {
  await until(`${count} lines`, () => client.lines.length >= count);
  return client.lines;
}

test('an id is a string, a number or null, and is said again as it came', async () => {
  await using home = await serveHome();
  const client = home.raw();
  for (const id of ['"a"', '7', '-1.5', '0', 'null', '""'])
    client.socket.write(`{"jsonrpc":"2.0","id":${id},"method":"unlisten","params":{"subscription":9}}\n`);
  const lines = await said(client, 6);
  expect(lines.map((line) => (line as { readonly id: unknown }).id)).toEqual(['a', 7, -1.5, 0, null, '']);
  expect(lines[0]).toEqual({ jsonrpc: '2.0', id: 'a', result: {} });
});

test('a notification is carried out and not answered, whatever comes of it', async () => {
  await using home = await serveHome();
  const client = home.raw();
  const notify = (method: string, params: object): void =>
    void client.socket.write(`${JSON.stringify({ jsonrpc: '2.0', method, params })}\n`);
  notify('send', { to: 'bob', text: 'one' });
  notify('send', { to: 'nobody', text: 'two' });
  notify('send', { to: 7 });
  notify('nothing', {});
  client.ask(1, 'identity');
  await client.answered(1);
  expect(client.lines).toHaveLength(1);
  expect(home.chat.sent).toEqual([{ to: 'bob', text: 'one' }]);
});

test('a batch is answered by one array, in its order, but for notifications; one of notifications alone by nothing', async () => {
  await using home = await serveHome();
  const client = home.raw();
  const batch = [
    { jsonrpc: '2.0', id: 1, method: 'send', params: { to: 'bob', text: 'one' } },
    { jsonrpc: '2.0', method: 'send', params: { to: 'bob', text: 'two' } },
    { jsonrpc: '2.0', id: 2, method: 'history', params: { with: 'bob' } },
    { jsonrpc: '2.0', id: 3, method: 'nothing' },
    7,
    { jsonrpc: '2.0', id: 4, method: 'send', params: { to: 'nobody', text: 'three' } },
  ];
  client.socket.write(
    `${JSON.stringify(batch.filter((each) => typeof each === 'object' && !('id' in each)))}\n`,
  );
  client.socket.write(`${JSON.stringify(batch)}\n`);
  const [answers] = await said(client, 1);
  expect(answers).toMatchObject([
    { id: 1, result: { to: 'bob', state: 'queued' } },
    { id: 2, result: { entries: [{ text: 'two' }, { text: 'one' }, { text: 'two' }] } },
    { id: 3, error: { code: -32_601 } },
    { id: null, error: { code: -32_600 } },
    { id: 4, error: { code: -32_000, data: { code: 'contact-unknown' } } },
  ]);
  client.ask(9, 'identity');
  await client.answered(9);
  expect(client.lines).toHaveLength(2);
});

test('what changes something takes effect in the order in which it was asked, also after what is looked up first', async () => {
  await using home = await serveHome();
  home.chat.receive('carol', 'a question');
  const id = (await home.chat.history()).entries[0]?.id;
  const history = home.chat.history.bind(home.chat);
  home.chat.history = async (query) => {
    // A turn of the loop, in which whatever was asked later could overtake it.
    await new Promise((resolve) => setImmediate(resolve));
    return history(query);
  };
  let n = 0;
  const next = (method: string, to: object): object => ({
    jsonrpc: '2.0',
    id: ++n,
    method,
    params: { ...to, text: `${n}` },
  });
  const reply = (): object => next('reply', { id });
  const send = (): object => next('send', { to: 'bob' });
  const unknown = next('reply', { id: 'unknown' });
  const lines = [
    reply(),
    send(),
    [reply(), unknown, send(), reply(), send()],
    send(),
    reply(),
    reply(),
    send(),
  ];
  const client = home.raw();
  client.socket.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  await client.answered(n);
  expect(home.chat.sent.map(({ text }) => text).join(' ')).toBe('2 3 4 5 6 7 8 9 10 11');
  expect(home.chat.sent.filter(({ replyTo }) => replyTo === id)).toHaveLength(5);
});

test('a batch that waits for the outcome of a text is answered in the end, and holds up nobody', async () => {
  await using home = await serveHome({ contacts: [{ name: 'bob', outcome: [] }] });
  const client = home.raw();
  const params = { to: 'bob', text: 'x', wait: 'delivered' };
  for (let n = 0; n < 70; n++)
    client.socket.write(`${JSON.stringify([{ jsonrpc: '2.0', id: n, method: 'send', params }])}\n`);
  client.ask(100, 'identity');
  await client.answered(100);
  expect(client.lines).toHaveLength(1);
  await home.stop();
  await client.cut();
  expect(client.lines.filter((line) => Array.isArray(line))).toHaveLength(70);
});

test('lines may end with CR LF, and empty ones say nothing', async () => {
  await using home = await serveHome();
  const client = home.raw();
  client.socket.write('\r\n \n{"jsonrpc":"2.0","id":1,"method":"identity"}\r\n\n');
  await client.answered(1);
  expect(client.lines).toHaveLength(1);
});

test('what is written is printable, whatever a peer wrote, and says the very characters', async () => {
  await using home = await serveHome();
  const client = home.raw();
  client.ask(1, 'listen');
  await client.answered(1);
  const text = '\u001b[2J\u009b \u202e\u2028 grüß 😀 \u0007\ud800';
  home.chat.receive('bob', text);
  const [, told] = await said(client, 2);
  expect(told).toMatchObject({ params: { event: { text } } });
  expect(client.text).toMatch(/^[\P{C}\n]*$/u);
  expect(client.text).toContain('grüß 😀');
});

test('rpc.discover answers the document that is shipped', async () => {
  await using home = await serveHome();
  const client = home.raw();
  client.ask(1, 'rpc.discover');
  const document = readFileSync(join(import.meta.dirname, '../../docs/openrpc.json'), 'utf8');
  expect((await client.answered(1))['result']).toEqual(JSON.parse(document));
});
