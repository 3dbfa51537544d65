import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { connectChannel, connectControl, serveStdio } from '../../src/control/index.ts';
import { FakeChat } from '../../src/testing/fake-chat.ts';
import { until } from '../net/until.ts';
import { serveHome } from './served.ts';

// The same protocol over two streams, as “sotto rpc” has it.

function stdio(chat: FakeChat = new FakeChat({ contacts: [{ name: 'bob' }] })): {
  readonly chat: FakeChat;
  readonly input: PassThrough;
  readonly output: PassThrough;
  readonly lines: () => readonly Readonly<Record<string, unknown>>[];
} {
  const [input, output] = [new PassThrough(), new PassThrough()];
  let text = '';
  output.setEncoding('utf8').on('data', (some: string) => (text += some));
  const lines = (): readonly Readonly<Record<string, unknown>>[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  return { chat, input, output, lines };
}

test('when the input ends, what was asked is answered, and then it is over; the chat goes on', async () => {
  const { chat, input, output, lines } = stdio();
  const serving = serveStdio(chat, { input, output });
  input.write('{"jsonrpc":"2.0","id":1,"method":"listen"}\n');
  input.write('{"jsonrpc":"2.0","id":2,"method":"history"}\n');
  input.end('{"jsonrpc":"2.0","id":3,"method":"send","params":{"to":"bob","text":"x","wait":"delivered"}}\n');
  await serving;
  expect(lines().map(({ id }) => id)).toEqual([1, 2, 3]);
  expect(lines()[2]).toMatchObject({ result: { state: 'delivered' } });
  expect(chat.closed).toBe(false);
});

test('an abort, or the client’s own “down”, ends it when what was begun is answered', async () => {
  for (const how of ['abort', 'down']) {
    const { chat, input, output, lines } = stdio(new FakeChat({ contacts: [{ name: 'bob', outcome: [] }] }));
    const stop = new AbortController();
    const serving = serveStdio(chat, { input, output }, { signal: stop.signal });
    input.write('{"jsonrpc":"2.0","id":1,"method":"send","params":{"to":"bob","text":"x","wait":"sent"}}\n');
    await until('it is taken', () => chat.sent.length === 1);
    if (how === 'abort') stop.abort();
    else input.write('{"jsonrpc":"2.0","id":2,"method":"down"}\n');
    await serving;
    expect(lines().find(({ id }) => id === 1)).toMatchObject({ result: { state: 'queued' } });
    expect(lines().at(-1)).toMatchObject({ method: 'node.ending' });
  }
});

test('it is over when nobody reads the answers any more', async () => {
  const { chat, input, output } = stdio();
  const serving = serveStdio(chat, { input, output });
  output.on('error', () => undefined).destroy(new Error('gone'));
  input.write('{"jsonrpc":"2.0","id":1,"method":"identity"}\n');
  await serving;
});

test('a Chat goes over two streams as over a socket', async () => {
  const chat = new FakeChat({ contacts: [{ name: 'bob' }] });
  const [there, back] = [new PassThrough(), new PassThrough()];
  const serving = serveStdio(chat, { input: there, output: back });
  const remote = await connectChannel({
    input: back,
    output: there,
    end: (left) => there.end(left),
    cut: () => there.destroy(),
  });
  const events = remote.events();
  const id = await remote.sendText({ to: 'bob', text: 'hello' });
  let delivered: string | undefined;
  for await (const event of events) {
    if (event.type !== 'message-progress' || event.progress.state !== 'delivered') continue;
    delivered = event.id;
    break;
  }
  expect(delivered).toBe(id);
  expect(events.cursor).not.toBe('');
  expect((await remote.status()).self).toEqual(chat.self);
  await remote.close();
  await serving;
});

test('beside a program that runs, the streams lead to that one: cursors and events are its own', async () => {
  await using home = await serveHome();
  await using remote = await connectControl(home.path);
  const [input, output] = [new PassThrough(), new PassThrough()];
  let text = '';
  output.setEncoding('utf8').on('data', (some: string) => (text += some));
  const serving = serveStdio(remote, { input, output });
  input.write('{"jsonrpc":"2.0","id":1,"method":"listen","params":{"events":true}}\n');
  await until('the answer', () => text.includes('"subscription":1'));
  expect(text).toContain('"cursor":"fake.0"');
  home.chat.receive('bob', 'hello');
  await until('the event', () => text.includes('"text":"hello"'));
  expect(text).toContain('"cursor":"fake.1"');
  input.end();
  await serving;
});
