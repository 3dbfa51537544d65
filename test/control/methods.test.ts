import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { MessageId } from '../../src/api/index.ts';
import { startNode } from '../store/child-node.ts';
import { staysTrue, until } from '../net/until.ts';
import { serveHome, ServedHome, type RawClient } from './served.ts';

const SRC = join(import.meta.dirname, '../../src');

type Json = Readonly<Record<string, unknown>>;

async function ask(client: RawClient, id: number, method: string, params: object = {}): Promise<Json> {
  client.ask(id, method, params);
  const { result, error } = await client.answered(id);
  return (result ?? error) as Json;
}

function events(client: RawClient): readonly Json[] {
  return client.lines.filter(({ method }) => method === 'event').map(({ params }) => params as Json);
}

test('send answers when the text is as far as was asked, is given up, or is held', async () => {
  await using home = await serveHome({
    contacts: [
      { name: 'bob' },
      {
        name: 'carol',
        outcome: [{ state: 'queued', held: true, reason: { code: 'key-changed', message: 'x' } }],
      },
      { name: 'dave', outcome: [{ state: 'sent', held: false }] },
      { name: 'erin', outcome: [{ state: 'expired', reason: { code: 'expired', message: 'too late' } }] },
      { name: 'frank', outcome: [] },
    ],
  });
  const client = home.raw();
  const send = async (id: number, to: string, wait: object): Promise<Json> =>
    ask(client, id, 'send', { to, text: 'x', ...wait });
  expect(await send(1, 'bob', { wait: 'delivered' })).toMatchObject({ state: 'delivered', took_ms: 42 });
  expect(await send(2, 'bob', { wait: 'sent' })).toMatchObject({ state: 'sent', held: false });
  expect(await send(3, 'carol', { wait: 'delivered' })).toMatchObject({ held: true, code: 'key-changed' });
  expect(await send(4, 'dave', { wait: 'delivered', timeout_ms: 30 })).toMatchObject({ state: 'sent' });
  expect(await send(5, 'erin', { wait: 'sent' })).toMatchObject({ state: 'expired', code: 'expired' });
  expect(await send(6, 'frank', { wait: 'sent', timeout_ms: 1 })).toMatchObject({ state: 'queued' });
  expect(await send(7, 'frank', {})).toMatchObject({ state: 'queued', held: false, to: 'frank' });
  expect(home.chat.listeners).toBe(0);
});

test('a text that was sent before under the id that was chosen is not waited for in vain', async () => {
  await using home = await serveHome();
  const client = home.raw();
  const once = { id: '01920000-0000-7000-8000-00000000000a', to: 'bob', text: 'x', wait: 'delivered' };
  expect(await ask(client, 1, 'send', once)).toMatchObject({ state: 'delivered' });
  home.chat.sendText = async () => once.id as MessageId;
  expect(await ask(client, 2, 'send', once)).toMatchObject({ state: 'delivered' });
});

test('waiting texts hold up nothing, are answered when the program ends, and leave nothing behind', async () => {
  await using home = await serveHome({ contacts: [{ name: 'bob', outcome: [] }] });
  const client = home.raw();
  for (let id = 0; id < 1_000; id++) client.ask(id, 'send', { to: 'bob', text: 'x', wait: 'delivered' });
  expect(await ask(client, 5_000, 'send', { to: 'bob', text: 'x', wait: 'sent' })).toMatchObject({
    data: { code: 'usage' },
  });
  expect(await ask(client, 5_001, 'send', { to: 'bob', text: 'x' })).toMatchObject({ state: 'queued' });
  const other = home.raw();
  other.ask(1, 'send', { to: 'bob', text: 'x', wait: 'sent' });
  expect(await ask(other, 2, 'identity')).toMatchObject({ username: 'alice' });
  expect(home.chat.listeners).toBe(1);
  other.socket.destroy();
  await home.stop();
  await client.cut();
  expect(
    client.lines.filter(({ result }) => (result as Json | undefined)?.['state'] === 'queued'),
  ).toHaveLength(1_001);
  expect(client.lines.at(-1)).toEqual({ jsonrpc: '2.0', method: 'node.ending', params: { yielding: false } });
  expect(home.chat.listeners).toBe(0);
});

test('a text that is waited for is forgotten with the client that has left', async () => {
  await using home = await serveHome({ contacts: [{ name: 'bob', outcome: [] }] });
  const client = home.raw();
  client.ask(1, 'send', { to: 'bob', text: 'x', wait: 'delivered' });
  await until('it is waited for', () => home.chat.sent.length === 1 && home.chat.listeners === 1);
  client.socket.destroy();
  await until('nobody waits', () => home.chat.listeners === 0);
});

test('reply answers a message, to whom it was said with', async () => {
  await using home = await serveHome();
  const client = home.raw();
  home.chat.receive('carol', 'a question');
  const { entries } = await home.chat.history({});
  const id = entries[0]?.id;
  expect(await ask(client, 1, 'reply', { id, text: 'an answer' })).toMatchObject({
    to: 'carol',
    state: 'queued',
  });
  expect(home.chat.sent).toEqual([{ to: 'carol', text: 'an answer', replyTo: id }]);
  expect(await ask(client, 3, 'history', { id })).toMatchObject({ entries: [{ with: 'carol' }] });
  const unknown = await ask(client, 2, 'reply', { id: 'none', text: 'x' });
  expect(unknown).toMatchObject({ code: -32_000, data: { code: 'message-unknown' } });
});

test('listen tells messages, or everything, or what concerns some; a cursor goes on where it stood', async () => {
  await using home = await serveHome();
  const client = home.raw();
  home.chat.receive('bob', 'before');
  const all = await ask(client, 1, 'listen', { events: true });
  expect(await ask(client, 2, 'listen')).toMatchObject({ subscription: 2, cursor: expect.any(String) });
  expect(await ask(client, 3, 'listen', { events: true, from: ['carol'] })).toMatchObject({
    subscription: 3,
  });
  await ask(client, 4, 'send', { to: 'carol', text: 'x' });
  home.chat.receive('bob', 'one');
  home.chat.receive('carol', 'two');
  await until(
    'all are told',
    () => events(client).filter(({ event }) => (event as Json)['text'] === 'two').length === 3,
  );
  const told = (subscription: number): readonly unknown[] =>
    events(client)
      .filter((params) => params['subscription'] === subscription)
      .map(({ event }) => (event as Json)['text'] ?? (event as Json)['state']);
  expect(told(1).filter((text) => text !== 'before')).toEqual(
    ['sent', 'delivered', 'one', 'two'].toSorted(byOrder(told(1))),
  );
  expect(told(2)).toEqual(['one', 'two']);
  expect(told(3)).toEqual(['sent', 'delivered', 'two'].toSorted(byOrder(told(3))));
  const later = home.raw();
  const after = events(client).find(({ event }) => (event as Json)['text'] === 'one')?.['cursor'];
  await ask(later, 1, 'listen', { after });
  await until('what came since', () => events(later).length > 0);
  expect(events(later)[0]).toMatchObject({ event: { text: 'two' } });
  expect(await ask(later, 2, 'listen', { after: 'nonsense' })).toMatchObject({ data: { code: 'usage' } });
  expect(await ask(later, 3, 'listen', { from: ['nobody'] })).toMatchObject({
    data: { code: 'contact-unknown' },
  });
  expect(await ask(later, 4, 'listen', { from: ['bob'], screen: true })).toMatchObject({
    data: { code: 'usage' },
  });
  for (const subscription of [1, 2, 3]) await ask(client, 10 + subscription, 'unlisten', { subscription });
  home.chat.receive('bob', 'not told');
  await ask(client, 20, 'identity');
  expect(client.text).not.toContain('not told');
  expect(all).toMatchObject({ subscription: 1 });
});

/** Two things that happen at once are told in either order. */
function byOrder(told: readonly unknown[]): (one: unknown, other: unknown) => number {
  return (one, other) => told.indexOf(one) - told.indexOf(other);
}

test('a client has 16 subscriptions at most, and none of another’s', async () => {
  await using home = await serveHome();
  const client = home.raw();
  for (let id = 1; id <= 16; id++) await ask(client, id, 'listen');
  expect(await ask(client, 17, 'trace')).toMatchObject({ data: { code: 'usage' } });
  expect(await ask(home.raw(), 1, 'unlisten', { subscription: 1 })).toEqual({});
  expect(home.chat.listeners).toBe(16);
  expect(await ask(client, 18, 'unlisten', { subscription: 1 })).toEqual({});
  expect(await ask(client, 19, 'listen')).toMatchObject({ subscription: 17 });
});

test('verify, trust, draft, read, mute and deletions do what the command line does', async () => {
  const safety = {
    current: { safetyNumber: '1'.repeat(60), key: 'a2V5', verified: false },
    pending: { safetyNumber: '2'.repeat(60), key: 'a2V5' },
  };
  await using home = await serveHome({ contacts: [{ name: 'bob', safety }] });
  const client = home.raw();
  expect(await ask(client, 1, 'verify', { name: 'bob' })).toMatchObject({ type: 'safety', pending: {} });
  await ask(client, 2, 'verify', { name: 'bob', confirm: true });
  expect(await ask(client, 3, 'trust', { name: 'bob', fingerprint: '2'.repeat(60) })).toMatchObject({
    type: 'trusted',
  });
  expect(await ask(client, 4, 'trust', { name: 'bob', repair: true })).toMatchObject({
    until: expect.stringMatching(/Z$/),
  });
  expect(await ask(client, 5, 'trust', { name: 'bob', forgive: true })).toEqual({
    type: 'forgiven',
    name: 'bob',
  });
  expect(await ask(client, 6, 'trust', { name: 'bob' })).toMatchObject({ data: { code: 'usage' } });
  expect(await ask(client, 7, 'draft', { name: 'bob', text: 'dear b' })).toMatchObject({ text: 'dear b' });
  expect(await ask(client, 8, 'draft', { name: 'bob' })).toMatchObject({ type: 'draft', text: 'dear b' });
  expect(await ask(client, 9, 'draft', { name: 'bob', text: '' })).toEqual({ type: 'draft', name: 'bob' });
  expect(await ask(client, 10, 'mute', { name: 'bob' })).toMatchObject({ muted_until: 'forever' });
  expect(await ask(client, 11, 'contacts')).toMatchObject({ contacts: [{ muted_until: 'forever' }] });
  const until = '2999-01-01T00:00:00.000Z';
  expect(await ask(client, 12, 'mute', { name: 'bob', until: '2999-01-01T01:00:00+01:00' })).toMatchObject({
    muted_until: until,
  });
  expect(await ask(client, 13, 'unmute', { name: 'bob' })).toMatchObject({ type: 'unmuted' });
  home.chat.receive('bob', 'hi');
  expect(await ask(client, 14, 'read', { name: 'bob' })).toEqual({});
  expect(await ask(client, 15, 'outbox.cancel', {})).toMatchObject({ data: { code: 'usage' } });
  expect(await ask(client, 16, 'delete', {})).toMatchObject({ data: { code: 'usage' } });
  expect(await ask(client, 17, 'delete', { with: 'bob' })).toEqual({ type: 'deleted', count: 1 });
  expect(await ask(client, 18, 'status')).toMatchObject({ running: true, identity: { username: 'alice' } });
});

test('down ends a program that nobody sits in front of, when it has answered; another it does not', async () => {
  const attended = await serveHome();
  const guest = attended.raw();
  expect(await ask(guest, 1, 'down')).toMatchObject({ code: -32_000, data: { code: 'node-attended' } });
  await attended[Symbol.asyncDispose]();
  await using home = new ServedHome();
  let ended = 0;
  await home.serve({ end: () => (ended += 1) });
  const client = home.raw();
  expect(await ask(client, 1, 'down')).toEqual({});
  await until('it is asked to end', () => ended === 1);
  await staysTrue('it is asked once', () => ended === 1, 50);
});

test('who asks for the end has its answer before the program is gone, behind whatever it has not read yet', async () => {
  await using home = new ServedHome();
  await using node = startNode(`import { serveControl } from ${JSON.stringify(`${SRC}/control/index.ts`)};
    import { FakeChat } from ${JSON.stringify(`${SRC}/testing/fake-chat.ts`)};
    const chat = new FakeChat({ contacts: [{ name: 'bob' }] });
    await chat.setDraft({ name: 'bob', text: 'x'.repeat(30 * 1024) });
    await serveControl(chat, ${JSON.stringify(home.path)}, { end: () => process.exit() });
    console.log('serves');`);
  expect(await node.line()).toBe('serves');
  const client = home.raw();
  client.socket.pause();
  const ids = Array.from({ length: 30 }, (_, id) => id);
  for (const id of ids) client.ask(id, 'draft', { name: 'bob' });
  client.ask(30, 'down');
  // It has heard all of it when it answers somebody else.
  const other = home.raw();
  for (let id = 1; id <= 5; id++) await ask(other, id, 'identity');
  client.socket.resume();
  await client.cut();
  expect(client.lines.map(({ id }) => id)).toEqual([...ids, 30]);
  expect(await node.exited()).toBe(0);
});

test('what is no time is told how one is written', async () => {
  await using home = await serveHome();
  const client = home.raw();
  const words = 'a time is written like 2026-11-23T09:30:00Z, or +01:00 for Z';
  for (const [id, until] of ['8h', '2026-11-23', '2026-02-30T09:30:00+25:00'].entries())
    expect(await ask(client, id + 1, 'mute', { name: 'bob', until })).toMatchObject({
      code: -32602,
      message: `the params are wrong: “until”, ${words}`,
    });
});

test('a path that would be somewhere else for the program is told how it begins', async () => {
  await using home = await serveHome();
  const backup = { path: 'copy', passphrase: 'eA==' };
  expect(await ask(home.raw(), 1, 'backup', backup)).toMatchObject({
    code: -32602,
    message: expect.stringMatching(/“path”, it begins with a slash/),
  });
});
