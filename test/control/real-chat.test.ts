import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Chat, MessageId } from '../../src/api/index.ts';
import { openChat } from '../../src/node/index.ts';
import { openTown, type Town } from '../net/town.ts';
import { until } from '../net/until.ts';

async function beside(town: Town, name: string): Promise<Chat> {
  return openChat({ directory: town.path(name), as: name, home: town.home(name), mode: 'dial' }, {});
}

test('every method does over the socket what it does in the program itself', async () => {
  await using town = await openTown(['alice', 'bob', 'carol']);
  const [alice, bob] = [await town.open('alice'), await town.open('bob')];
  await using chat = await beside(town, 'alice');
  const id = await chat.sendText({ to: 'bob', text: 'one' });
  await alice.delivered(id);
  await bob.sendDelivered('alice', 'two');
  const answer = (await chat.history({ search: 'two' })).entries[0];
  const reply = { to: 'bob', text: 'three', ...(answer && { replyTo: answer.id }) };
  await alice.delivered(await chat.sendText({ ...reply, expiresAtWall: Date.now() + 60_000 }));
  expect(chat.self).toEqual(alice.chat.self);
  // Nobody is there when she calls carol at the start; after that nothing changes by itself.
  await alice.calledInVain('carol');
  expect(await chat.contacts()).toEqual(await alice.chat.contacts());
  expect(await chat.safety('bob')).toEqual(await alice.chat.safety('bob'));
  expect(JSON.stringify(await chat.history())).toBe(JSON.stringify(await alice.chat.history()));
  expect((await chat.history({ with: 'bob', limit: 1 })).entries[0]).toMatchObject({ replyTo: answer?.id });
  await chat.markVerified('bob');
  expect((await alice.contact('bob'))?.verified).toBe(true);
  expect((await chat.openRepair('bob')).untilWall).toBeGreaterThan(Date.now());
  await chat.forgiveGuesses('bob');
  await chat.retry('bob');
  const approval = chat.approveKey({ name: 'bob', fingerprint: '1' });
  await expect(approval).rejects.toMatchObject({ code: 'trust-nothing' });
  await waitingForCarol(chat, alice.chat);
  await deletions(chat, id);
  const path = join(town.folder, 'copy');
  await chat.backup({ path, passphrase: new TextEncoder().encode('correct horse') });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await expect(chat.backup({ path, passphrase: new TextEncoder().encode('x') })).rejects.toMatchObject({
    code: 'usage',
  });
  expect(alice.texts()).toEqual(['two']);
});

/** Carol is not there. */
async function waitingForCarol(chat: Chat, own: Chat): Promise<void> {
  const ids: MessageId[] = [];
  for (const text of ['first', 'second', 'third']) ids.push(await chat.sendText({ to: 'carol', text }));
  const page = await chat.outbox({ to: 'carol', limit: 2 });
  expect(page).toMatchObject({ total: 3, messages: [{ text: 'first' }, { text: 'second' }] });
  expect(await own.outbox({ to: 'carol', limit: 2 })).toMatchObject({ next: page.next, total: 3 });
  expect(await chat.cancel(ids[0]!)).toBe(true);
  expect(await chat.cancel(ids[0]!)).toBe(false);
  expect(await chat.cancelAll('carol')).toBe(2);
  expect((await own.outbox()).total).toBe(0);
}

async function deletions(chat: Chat, id: MessageId): Promise<void> {
  expect(await chat.resend({ to: 'bob', sinceWall: 0 })).toBe(2);
  expect(await chat.erase({ id })).toBe(1);
  await expect(chat.erase({})).rejects.toMatchObject({ code: 'usage' });
  expect(await chat.erase({ with: 'carol' })).toBe(3);
  const { entries } = await chat.history();
  expect(entries.map(({ text }) => text.exact())).toEqual(['two', 'three']);
}

test('what was stored longer ago than is to be kept is deleted at the start, but for what waits', async () => {
  await using town = await openTown(['alice', 'bob', 'carol']);
  const options = { directory: town.path('alice'), as: 'alice', home: town.home('alice') };
  const [alice, bob] = [await town.open('alice'), await town.open('bob')];
  await alice.sendDelivered('bob', 'delivered');
  await bob.sendDelivered('alice', 'received');
  await alice.send('carol', 'waits');
  await alice.close();
  await using again = await openChat({ ...options, mode: 'offline', keepMs: 0 }, {});
  await until('the others are deleted', async () => (await again.history()).entries.length === 1);
  expect((await again.history()).entries[0]?.text.exact()).toBe('waits');
  expect((await again.outbox()).total).toBe(1);
});
