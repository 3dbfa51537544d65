import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../test/free-port.ts';
import { writePeople } from '../../test/people-file.ts';
import type { Chat, MessageId } from '../api/index.ts';
import { openChat } from './open-chat.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-chat-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PORTS = { alice: await freePort(), bob: await freePort() };

async function open(as: keyof typeof PORTS, mode: 'listen' | 'offline'): Promise<Chat> {
  const directory = join(folder, 'directory.json');
  writePeople(directory, PORTS);
  const home = join(folder, as);
  return openChat({ directory, as, port: PORTS[as], bind: ['127.0.0.1'], home, mode }, {});
}

async function meet(): Promise<void> {
  await using alice = await open('alice', 'listen');
  await using bob = await open('bob', 'listen');
  const received = bob.events()[Symbol.asyncIterator]();
  await alice.sendText({ to: 'bob', text: 'hello' });
  for (;;) if ((await received.next()).value?.type === 'message-received') return;
}

test('a decision about a key is done when it is on the disk, and a refusal is said (STO-03)', async () => {
  await meet();
  await using alice = await open('alice', 'offline');
  const home = join(folder, 'alice');
  // A file in the home's place: root writes anywhere, so that permissions would refuse nothing.
  renameSync(home, `${home}.away`);
  writeFileSync(home, '');
  await expect(alice.markVerified('bob')).rejects.toMatchObject({ code: 'home-unusable' });
  rmSync(home);
  renameSync(`${home}.away`, home);
  await alice.markVerified('bob');
  await alice.close();
  await using reading = await open('alice', 'offline');
  expect(await reading.contacts()).toMatchObject([{ name: 'bob', verified: true }]);
});

test('a draft that the disk refuses is not kept, and that is said; it is tried again (STO-03)', async () => {
  await using alice = await open('alice', 'offline');
  const home = join(folder, 'alice');
  renameSync(home, `${home}.away`);
  writeFileSync(home, '');
  const refused = { code: 'home-unusable' };
  await expect(alice.setDraft({ name: 'bob', text: 'first' })).rejects.toMatchObject(refused);
  await expect(alice.setDraft({ name: 'bob', text: 'last' })).rejects.toMatchObject(refused);
  await expect(alice.mute({ name: 'bob' })).rejects.toMatchObject(refused);
  expect((await alice.status()).store.trouble).toMatchObject(refused);
  rmSync(home);
  renameSync(`${home}.away`, home);
  await alice.markRead({ name: 'bob' });
  expect(await alice.contacts()).toMatchObject([{ draft: 'last', mutedUntilWall: Number.MAX_SAFE_INTEGER }]);
  expect((await alice.status()).store).not.toHaveProperty('trouble');
});

test('a chat that closes takes no command any more; to close twice is to close once', async () => {
  await meet();
  const bob = await open('bob', 'listen');
  const closing = [bob.close(), bob.close({ graceMs: 0 })];
  const refused = { code: 'cancelled' };
  await expect(bob.sendText({ to: 'alice', text: 'too late' })).rejects.toMatchObject(refused);
  await Promise.all(closing);
  await expect(bob.sendText({ to: 'alice', text: 'too late' })).rejects.toMatchObject(refused);
  await expect(bob.markVerified('alice')).rejects.toMatchObject(refused);
  await expect(bob.retry('alice')).rejects.toMatchObject(refused);
  await expect(bob.outbox()).rejects.toMatchObject(refused);
  await expect(bob.setDraft({ name: 'alice', text: 'x' })).rejects.toMatchObject(refused);
  await expect(bob.contacts()).rejects.toMatchObject(refused);
  await expect(bob.status()).rejects.toMatchObject(refused);
  for await (const line of bob.trace()) throw new Error(line);
  expect((await bob.events().next()).done).toBe(true);
  await expect(bob.history()).rejects.toMatchObject(refused);
  for await (const event of bob.events()) expect.fail(`a closed chat says ${event.type}`);
});

test('very many are taken back in steps, and while others have their turn', async () => {
  await using alice = await open('alice', 'offline');
  const before = (await alice.outbox()).total;
  const queue = async (count: number) =>
    Promise.all(Array.from({ length: count }, async (_, n) => alice.sendText({ to: 'bob', text: `${n}` })));
  await queue(1_500);
  let turns = 0;
  const counting = setInterval(() => turns++, 0);
  expect(await alice.cancelAll('bob')).toBe(before + 1_500);
  expect((await alice.outbox()).total).toBe(0);
  expect((await alice.history({ limit: 1 })).entries).toMatchObject([{ outcome: { state: 'cancelled' } }]);
  await queue(1_500);
  await expect(alice.erase({})).rejects.toMatchObject({ code: 'usage' });
  expect((await alice.outbox()).total, 'nothing was named').toBe(1_500);
  expect(await alice.erase({ with: 'bob' })).toBeGreaterThanOrEqual(3_000);
  clearInterval(counting);
  expect(turns).toBeGreaterThan(10);
  expect((await alice.outbox()).total).toBe(0);
  expect((await alice.history()).entries).toEqual([]);
});

test('a text under an id that the caller chose is one message, however often it is sent; an id is of one text', async () => {
  const id = '01920000-0000-7000-8000-00000000abcd' as MessageId;
  await using alice = await open('alice', 'offline');
  const before = (await alice.outbox()).total;
  expect(await alice.sendText({ id, to: 'bob', text: 'once' })).toBe(id);
  expect(await alice.sendText({ id, to: 'bob', text: 'once' })).toBe(id);
  for (const other of [{ text: 'another' }, { replyTo: id }])
    await expect(alice.sendText({ id, to: 'bob', text: 'once', ...other })).rejects.toMatchObject({
      code: 'usage',
    });
  const next = '01920000-0000-7000-8000-00000000abce' as MessageId;
  const [first, second] = ['at once', 'as well'].map(async (text) =>
    alice.sendText({ id: next, to: 'bob', text }),
  );
  await expect(second).rejects.toMatchObject({ code: 'usage' });
  expect(await first).toBe(next);
  expect((await alice.outbox()).total).toBe(before + 2);
  for (const malformed of ['1', '01920000-0000-4000-8000-00000000abcd', id.toUpperCase()])
    await expect(
      alice.sendText({ id: malformed as MessageId, to: 'bob', text: 'once' }),
    ).rejects.toMatchObject({ code: 'usage' });
});

test('what is not finished when a chat closes says so, instead of never (STO-03)', async () => {
  const alice = await open('alice', 'offline');
  await Promise.all(
    Array.from({ length: 3_000 }, async (_, n) => alice.sendText({ to: 'bob', text: `${n}` })),
  );
  const under = [alice.erase({ beforeWall: Date.now() + 1_000 }), alice.cancelAll('bob')];
  const [outcomes] = await Promise.all([Promise.allSettled(under), alice.close()]);
  const refused = { status: 'rejected', reason: { code: 'cancelled' } };
  expect(outcomes).toMatchObject([refused, refused]);
  await using again = await open('alice', 'offline');
  expect(await again.cancelAll('bob')).toBeGreaterThan(0);
});

test('a decision that is in the database counts, though the recovery file cannot be written: that is told', async () => {
  await meet();
  await using alice = await open('alice', 'offline');
  const recovery = join(folder, 'alice', 'recovery');
  rmSync(recovery);
  mkdirSync(recovery);
  const events = alice.events()[Symbol.asyncIterator]();
  await alice.openRepair('bob');
  await alice.openRepair('bob');
  const trouble = {
    type: 'trouble',
    reason: { code: 'home-unusable', message: expect.stringContaining(recovery) },
  };
  expect((await events.next()).value).toMatchObject(trouble);
  rmSync(recovery, { recursive: true });
  await alice.sendText({ to: 'bob', text: 'and on' });
  expect((await events.next()).value).toMatchObject({ type: 'message-progress' });
  expect(statSync(recovery).isFile()).toBe(true);
});
