import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ChatEvent, MessageId } from '../../src/api/index.ts';
import { connectControl, controlPath } from '../../src/control/index.ts';
import { staysTrue } from '../net/until.ts';
import { startNode } from '../store/child-node.ts';
import { serveHome } from './served.ts';

const SRC = join(import.meta.dirname, '../../src');

const NASTY = 'bel\u0007l \u001b[2J \ud800 ‮ grüß 😀\u2028\n';

test('a text arrives with its very characters, and is a peer’s text again', async () => {
  await using home = await serveHome();
  await using chat = await connectControl(home.path);
  const events = chat.events()[Symbol.asyncIterator]();
  await chat.contacts();
  home.chat.receive('bob', NASTY);
  const { value } = await events.next();
  expect(value?.type === 'message-received' && value.text.exact()).toBe(NASTY);
  expect(value?.type === 'message-received' && String(value.text)).not.toContain('\u001b');
  const { entries } = await chat.history({ with: 'bob' });
  expect(entries.map(({ text }) => text.exact())).toEqual([NASTY]);
  await chat.sendText({ to: 'bob', text: NASTY });
  expect(home.chat.sent).toEqual([{ to: 'bob', text: NASTY }]);
});

test('what a person or the world has done wrong comes back with code, message and hint', async () => {
  await using home = await serveHome();
  await using chat = await connectControl(home.path);
  await expect(chat.sendText({ to: 'nobody', text: 'x' })).rejects.toMatchObject({
    name: 'CodedError',
    code: 'contact-unknown',
  });
  await expect(chat.sendText({ to: 'bob', text: 'x'.repeat(32 * 1024 + 1) })).rejects.toMatchObject({
    code: 'message-too-long',
  });
  await expect(chat.sendText({ to: 'bob', text: 'x'.repeat(2 ** 21) })).rejects.toMatchObject({
    code: 'message-too-long',
  });
  home.chat.disk = { code: 'disk-full', message: 'no room', hint: 'Make room.' };
  await expect(chat.sendText({ to: 'bob', text: 'x' })).rejects.toMatchObject({ failure: home.chat.disk });
});

test('closing ends one’s own side alone: what was asked is done, and the program goes on', async () => {
  await using home = await serveHome();
  const chat = await connectControl(home.path);
  const reading = collect(chat.events());
  const asked = chat.sendText({ to: 'bob', text: 'the last one' });
  await chat.close();
  await expect(asked).rejects.toMatchObject({ code: 'cancelled' });
  await expect(chat.contacts()).rejects.toMatchObject({ code: 'cancelled' });
  expect(await reading).toEqual([]);
  expect(home.chat.closed).toBe(false);
  await using again = await connectControl(home.path);
  expect((await again.outbox()).messages.concat()).toBeDefined();
  expect(home.chat.sent).toEqual([{ to: 'bob', text: 'the last one' }]);
});

test('when the program ends, whoever waits hears that it has', async () => {
  await using home = await serveHome();
  await using chat = await connectControl(home.path);
  const reading = collect(chat.events());
  await chat.contacts();
  await home.stop();
  await expect(reading).rejects.toMatchObject({ code: 'control-unusable' });
  await expect(chat.contacts()).rejects.toMatchObject({ code: 'control-unusable' });
});

test('events are told from the call on; an abort, a break and an early end leave nothing behind', async () => {
  await using home = await serveHome();
  await using chat = await connectControl(home.path);
  const stop = new AbortController();
  const aborted = collect(chat.events({ signal: stop.signal }));
  const id = await (async () => {
    const events = chat.events();
    const sent = await chat.sendText({ to: 'bob', text: 'x' });
    for await (const event of events)
      if (event.type === 'message-progress' && event.progress.state === 'delivered') break;
    return sent;
  })();
  stop.abort();
  const seen = await aborted;
  expect(seen.filter((event) => event.type === 'message-progress' && event.id === id)).toHaveLength(2);
  await collect(chat.events({ signal: AbortSignal.abort() }));
  await chat.events()[Symbol.asyncIterator]().return?.();
  await chat.contacts();
  await chat.contacts();
  expect(home.chat.listeners).toBe(0);
});

test('every method of a chat reaches the other program', async () => {
  await using home = await serveHome();
  await using chat = await connectControl(home.path);
  const id = await chat.sendText({ to: 'bob', text: 'x' });
  expect(chat.self).toEqual(home.chat.self);
  expect((await chat.contacts()).map(({ name }) => name)).toEqual(['bob', 'carol']);
  expect(await chat.outbox({ to: 'bob' })).toEqual(await home.chat.outbox({ to: 'bob' }));
  expect(await chat.cancel('01920000-0000-7000-8000-ffffffffffff' as MessageId)).toBe(false);
  expect(await chat.cancelAll('carol')).toBe(0);
  expect(await chat.safety('bob')).toEqual({ name: 'bob' });
  await expect(chat.markVerified('bob')).rejects.toMatchObject({ code: 'trust-nothing' });
  await expect(chat.approveKey({ name: 'bob', fingerprint: '1' })).rejects.toMatchObject({
    code: 'trust-nothing',
  });
  await expect(chat.openRepair('bob')).rejects.toMatchObject({ code: 'trust-nothing' });
  await chat.retry('bob');
  await chat.forgiveGuesses('carol');
  const passphrase = new TextEncoder().encode('correct horse');
  await chat.backup({ path: 'relative.sotto', passphrase });
  await chat.resend({ to: 'carol', sinceWall: 0 });
  await chat.erase({ id });
  expect(home.chat.calls).toEqual([
    'retry bob',
    'forgiven carol',
    `backup ${process.cwd()}/relative.sotto correct horse`,
    'resend carol 0',
    'erase 1',
  ]);
  expect(new TextDecoder().decode(passphrase)).toBe('correct horse');
});

test('a program that stands still is not waited for without end, and one whose answer takes long is (CTL-02)', async () => {
  await using home = await serveHome();
  await using chat = await connectControl(home.path, { silenceMs: 20 });
  const written = Promise.withResolvers<void>();
  home.chat.backup = async () => written.promise;
  const backup = chat.backup({ path: '/tmp/backup', passphrase: new Uint8Array(1) });
  let isOver = false;
  void backup.then(
    () => (isOver = true),
    () => (isOver = true),
  );
  await staysTrue('the answer is waited for', () => !isOver, 1_000);
  written.resolve();
  await backup;
  const folder = mkdtempSync(join(tmpdir(), 'sotto-control-'));
  try {
    const path = controlPath(folder, {});
    await using stopped =
      startNode(`import { serveControl } from ${JSON.stringify(`${SRC}/control/index.ts`)};
      import { FakeChat } from ${JSON.stringify(`${SRC}/testing/fake-chat.ts`)};
      await serveControl(new FakeChat({ contacts: [{ name: 'bob' }] }), ${JSON.stringify(path)});
      console.log('serves');`);
    expect(await stopped.line()).toBe('serves');
    await using guest = await connectControl(path, { silenceMs: 100 });
    const reading = collect(guest.events());
    stopped.signal('SIGSTOP');
    const refused = { code: 'control-unusable', message: expect.stringContaining('does not answer') };
    const sent = guest.sendText({ to: 'bob', text: 'x' });
    await expect(guest.history()).rejects.toMatchObject(refused);
    await expect(sent).rejects.toMatchObject(refused);
    await expect(reading).rejects.toMatchObject(refused);
    await expect(connectControl(path, { answerWithinMs: 50 })).rejects.toMatchObject(refused);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('what only sends loads neither the server nor schemas, engine or store', async () => {
  await using home = await serveHome();
  await using child = startNode(`import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
    const { connectControl } = await import(${JSON.stringify(`${SRC}/control/client/index.ts`)});
    const chat = await connectControl(${JSON.stringify(home.path)});
    await chat.sendText({ to: 'bob', text: 'quick' });
    console.log(JSON.stringify(loaded));
    await chat.close();`);
  const loaded = JSON.parse(await child.line()) as readonly string[];
  expect(loaded.filter((url) => url.includes('/control/client/'))).not.toEqual([]);
  expect(loaded.filter((url) => /valibot|api\/json\/|server|engine|store|sqlite/.test(url))).toEqual([]);
  expect(home.chat.sent).toEqual([{ to: 'bob', text: 'quick' }]);
});

async function collect(events: AsyncIterable<ChatEvent>): Promise<readonly ChatEvent[]> {
  const all: ChatEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}
