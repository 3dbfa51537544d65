import { join } from 'node:path';
import jayson from 'jayson/promise/index.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { controlPath } from '../../src/control/index.ts';
import { openTown, type Person, type Town } from '../net/town.ts';

// Somebody else's JSON-RPC client, made for it and not for us, on the socket of a node with a real peer. It opens a connection
// for each request, makes ids of its own and judges the answers by the specification.

let town: Town;
let alice: Person;
let bob: Person;
let client: jayson.TcpClient;

beforeAll(async () => {
  town = await openTown(['alice', 'bob']);
  [alice, bob] = [await town.open('alice'), await town.open('bob')];
  const { home } = alice.chat.self;
  // Its types know of ports alone; it hands to net.connect whatever it is given.
  client = jayson.Client.tcp({ path: controlPath(home, {}) } as never);
});

afterAll(async () => town[Symbol.asyncDispose]());

interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

async function ask(method: string, params: Record<string, unknown> = {}): Promise<Answer> {
  return (await client.request(method, params)) as Answer;
}
async function result<Result>(method: string, params: Record<string, unknown> = {}): Promise<Result> {
  const answer = await ask(method, params);
  if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
  return answer.result as Result;
}

test('it sends, waits for the delivery, answers and reads what was said', async () => {
  const sent = await result<{ id: string }>('send', { to: 'bob', text: 'hello', wait: 'delivered' });
  expect(sent).toMatchObject({ to: 'bob', state: 'delivered' });
  const [heard] = bob.all('message-received');
  expect(heard).toMatchObject({ from: 'alice', id: sent.id });
  const answer = await bob.chat.sendText({ to: 'alice', text: 'hi', replyTo: heard!.id });
  await bob.delivered(answer);
  await result('reply', { id: answer, text: 'how are you?', wait: 'delivered' });
  await bob.hears('how are you?');
  const page = await result<{ entries: Record<string, unknown>[] }>('history', { with: 'bob', limit: 10 });
  expect(page.entries.map(({ text, direction }) => [direction, text])).toEqual([
    ['out', 'hello'],
    ['in', 'hi'],
    ['out', 'how are you?'],
  ]);
});

test('it asks who and how the node is', async () => {
  expect(await result('identity')).toMatchObject({ username: 'alice', home: town.home('alice') });
  expect(await result('status')).toMatchObject({ mode: 'listen' });
  expect(await result('contacts')).toMatchObject({ contacts: [{ name: 'bob', trust: expect.any(String) }] });
  expect(await result('outbox')).toMatchObject({ messages: [], total: 0 });
  expect(await result('verify', { name: 'bob' })).toMatchObject({ name: 'bob' });
  const backup = join(town.folder, 'backup');
  await result('backup', { path: backup, passphrase: Buffer.from('a passphrase').toString('base64') });
});

test('failures are errors of the specification, and those of Sotto carry their code', async () => {
  const { error } = await ask('send', { to: 'nobody', text: 'hi' });
  expect(error).toMatchObject({ code: -32_000, data: { code: 'contact-unknown' } });
  expect((await ask('no-such-method')).error).toMatchObject({ code: -32_601 });
  expect((await ask('send', { to: 'bob' })).error).toMatchObject({ code: -32_602 });
  expect((await ask('send', { to: 'bob', text: 'hi', txet: '' })).error).toMatchObject({ code: -32_602 });
});

test('a notification is carried out without an answer', async () => {
  expect(await client.request('draft', { name: 'bob', text: 'to be continued' }, null as never)).toBe(
    undefined,
  );
  await expect
    .poll(async () => (await result<{ text?: string }>('draft', { name: 'bob' })).text)
    .toBe('to be continued');
});

test('a batch is answered as one', async () => {
  const { Utils } = jayson;
  const answers = (await client.request([
    Utils.request('identity', {}),
    Utils.request('read', { name: 'bob' }, null),
    Utils.request('send', { to: 'nobody', text: 'hi' }),
  ])) as readonly Answer[];
  expect(answers.map(({ error }) => error?.code)).toEqual([undefined, -32_000]);
});

test('it finds out what it may ask', async () => {
  const document = await result<{ openrpc: string; methods: readonly { name: string }[] }>('rpc.discover');
  expect(document.openrpc).toMatch(/^1\.3\./);
  for (const { name } of document.methods) {
    if (name === 'down') continue;
    const { error } = await ask(name, { thereIsNoSuchParameter: true });
    expect([name, error?.code]).toEqual([name, -32_602]);
  }
});
