import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../../test/free-port.ts';
import { writePeople } from '../../test/people-file.ts';
import type { Chat, ChatEvent } from '../api/index.ts';
import { openChat } from './open-chat.ts';

async function waitFor(chat: Chat, isIt: (event: ChatEvent) => boolean): Promise<ChatEvent> {
  const signal = AbortSignal.timeout(15_000);
  for await (const event of chat.events({ signal })) if (isIt(event)) return event;
  throw new Error('the event did not come');
}

type Name = 'alice' | 'bob';

interface Pair extends AsyncDisposable {
  readonly folder: string;
  open(as: Name, home?: string): Promise<Chat>;
  /** With a directory of its own, in which nobody else can be reached. */
  openAway(as: Name, home: string): Promise<Chat>;
}

async function openPair(): Promise<Pair> {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-turn-'));
  const ports = { alice: await freePort(), bob: await freePort() };
  const nowhere = await freePort();
  const write = (file: string, portOf: (name: Name) => number): string => {
    writePeople(join(folder, file), { alice: portOf('alice'), bob: portOf('bob') });
    return join(folder, file);
  };
  const open = async (directory: string, as: Name, home: string): Promise<Chat> => {
    const options = { directory, as, port: ports[as], bind: ['127.0.0.1'], home: join(folder, home) };
    return openChat({ ...options, mode: 'listen' }, {});
  };
  const shared = write('directory.json', (name) => ports[name]);
  return {
    folder,
    open: async (as, home = as) => open(shared, as, home),
    openAway: async (as, home) =>
      open(
        write(`${home}.json`, (name) => (name === as ? ports[name] : nowhere)),
        as,
        home,
      ),
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A file in the home's place: root writes anywhere, so that permissions would refuse nothing. Returns how to mend it. */
function breakHome(home: string): () => void {
  renameSync(home, `${home}.away`);
  writeFileSync(home, '');
  return () => {
    rmSync(home);
    renameSync(`${home}.away`, home);
  };
}

test('while the home cannot be written nothing is taken, and it goes on by itself when it can (STO-03, STO-05)', async () => {
  await using pair = await openPair();
  await using alice = await pair.open('alice');
  await using bob = await pair.open('bob');
  const mend = breakHome(join(pair.folder, 'alice'));
  const trouble = waitFor(alice, (event) => event.type === 'trouble');
  const heard: string[] = [];
  const last = waitFor(bob, (event) => {
    if (event.type === 'message-received') heard.push(event.text.exact());
    return heard.includes('kept');
  });
  const refused = { code: 'home-unusable' };
  await expect(alice.sendText({ to: 'bob', text: 'withdrawn again' })).rejects.toMatchObject(refused);
  expect(await trouble).toMatchObject({ reason: refused });
  await expect(alice.sendText({ to: 'bob', text: 'not even queued' })).rejects.toMatchObject(refused);
  await expect(alice.cancelAll('bob')).rejects.toMatchObject(refused);
  const worksAgain = waitFor(alice, (event) => event.type === 'disk-recovered');
  mend();
  await worksAgain;
  await alice.sendText({ to: 'bob', text: 'kept' });
  await last;
  expect(heard).toEqual(['kept']);
  expect((await alice.outbox()).total).toBeLessThanOrEqual(1);
});

test('an event whose turn could not be committed comes once the disk works, and not before', async () => {
  await using pair = await openPair();
  await using alice = await pair.open('alice');
  const bob = await pair.open('bob');
  const met = waitFor(bob, (event) => event.type === 'message-received');
  await alice.sendText({ to: 'bob', text: 'hello' });
  await met;
  await bob.close();
  await alice.openRepair('bob');
  await alice.sendText({ to: 'bob', text: 'is it you?' });
  const mend = breakHome(join(pair.folder, 'alice'));
  const seen: string[] = [];
  const pending = waitFor(alice, (event) => {
    seen.push(event.type);
    return event.type === 'key-pending';
  });
  const trouble = waitFor(alice, (event) => event.type === 'trouble');
  // Bob has lost his key: what her enrol with him proves must be kept before anybody hears of it. He does not find her, so
  // that it is she who begins.
  await using reinstalled = await pair.openAway('bob', 'bob-again');
  await trouble;
  expect(seen).not.toContain('key-pending');
  await reinstalled.close();
  mend();
  await pending;
});

test('many messages that are queued at once share one commit, and each is on the disk when its call resolves', async () => {
  await using pair = await openPair();
  const alice = await pair.open('alice');
  const texts = Array.from({ length: 500 }, (_, n) => `message ${n}`);
  const ids = await Promise.all(texts.map(async (text) => alice.sendText({ to: 'bob', text })));
  const { messages, total } = await alice.outbox({ limit: 1_000 });
  expect(total).toBe(500);
  expect(messages.map(({ text }) => text)).toEqual(texts);
  expect(messages.map(({ id }) => id)).toEqual(ids);
  expect(messages[0]?.progress).toMatchObject({ state: 'queued' });
  await alice.close();
  await using again = await pair.open('alice');
  expect((await again.outbox()).total).toBe(500);
  expect(await again.cancel(ids[7]!)).toBe(true);
  expect(await again.erase({ id: ids[8]! })).toBe(1);
  expect(await again.cancelAll('bob')).toBe(498);
  expect((await again.outbox()).total).toBe(0);
  expect(await again.erase({ with: 'bob' })).toBe(499);
  expect((await again.history()).entries).toEqual([]);
});
