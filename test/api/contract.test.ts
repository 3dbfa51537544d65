import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  MUTED_FOR_GOOD,
  type Chat,
  type ChatEvent,
  type ContactView,
  type EventCursor,
  type EventStream,
  type MessageId,
} from '../../src/api/index.ts';
import { encodeUtf8 } from '../../src/base/index.ts';
import { openTown, type Person, type Town } from '../net/town.ts';
import { until } from '../net/until.ts';
import { IMPLEMENTATIONS } from './implementations.ts';

// What `Chat` promises, for everything that is one. Alice's is under test; bob is there, carol never is.

const UNKNOWN = { code: 'contact-unknown' };
const USAGE = { code: 'usage' };

describe.each(IMPLEMENTATIONS)('a chat $name', (implementation) => {
  let town: Town;
  let alice: Person;
  let bob: Person;
  let chat: Chat;
  beforeAll(async () => {
    town = await openTown(['alice', 'bob', 'carol']);
    [alice, bob] = [await town.open('alice'), await town.open('bob')];
    chat = await implementation.open(alice.chat, town.home('alice'));
    await alice.sendDelivered('bob', 'first of all');
    await alice.calledInVain('carol');
  });
  afterAll(async () => {
    await chat.close();
    await town[Symbol.asyncDispose]();
  });

  const contact = async (name: string): Promise<ContactView | undefined> =>
    (await chat.contacts()).find((each) => each.name === name);
  /** From bob, and it is here. */
  const receive = async (text: string): Promise<void> => void (await bob.sendDelivered('alice', text));
  const refused = async (call: Promise<unknown>, failure: object): Promise<void> => {
    await expect(call).rejects.toMatchObject(failure);
  };

  test('says who it is, and whom it knows, in the order of the file', async () => {
    expect(chat.self).toEqual(alice.chat.self);
    expect(chat.self.listening.length).toBeGreaterThan(0);
    expect((await chat.contacts()).map(({ name }) => name)).toEqual(['bob', 'carol']);
    expect(await contact('bob')).toMatchObject({ ip: '127.0.0.1', connected: true, verified: false });
    expect(await contact('carol')).toMatchObject({ trust: 'new', connected: false, unread: 0 });
  });

  test('a text is queued, sent and delivered, in this order, and stands in the history where it says (DLV-01)', async () => {
    const stream = chat.events();
    const id = await chat.sendText({ to: 'bob', text: 'hello ✓' });
    const states: string[] = [];
    for (const state of ['queued', 'sent', 'delivered']) {
      const event = await nextOf(stream, (each) => each.type === 'message-progress' && each.id === id);
      states.push(event.type === 'message-progress' ? event.progress.state : '');
      expect(states.at(-1)).toBe(state);
    }
    await stream.return?.();
    const { entries } = await chat.history({ with: 'bob', limit: 1 });
    expect(entries).toMatchObject([{ id, direction: 'out', outcome: { state: 'delivered' } }]);
    expect(entries[0]?.text.exact()).toBe('hello ✓');
  });

  test('what is no text for anybody is refused', async () => {
    await refused(chat.sendText({ to: 'nobody', text: 'x' }), UNKNOWN);
    await refused(chat.sendText({ to: 'bob', text: '' }), { code: 'message-empty' });
    await refused(chat.sendText({ to: 'bob', text: 'x'.repeat(32_769) }), { code: 'message-too-long' });
    await refused(chat.sendText({ to: 'bob', text: 'half \ud800' }), { code: 'message-malformed' });
    await refused(chat.sendText({ to: 'bob', text: 'x', id: 'no id' as MessageId }), USAGE);
    await refused(chat.sendText({ to: 'bob', text: 'x', replyTo: 'no id' as MessageId }), USAGE);
    for (const expiresAtWall of [1e300, -1e300, 2 ** 53])
      await refused(chat.sendText({ to: 'bob', text: 'x', expiresAtWall }), USAGE);
  });

  test('the same id with the same text is the same message; with another one it is refused (DLV-01)', async () => {
    const id = ID(1);
    const before = (await chat.outbox({ to: 'carol' })).total;
    expect(await chat.sendText({ to: 'carol', text: 'once', id })).toBe(id);
    expect(await chat.sendText({ to: 'carol', text: 'once', id })).toBe(id);
    expect((await chat.outbox({ to: 'carol' })).total).toBe(before + 1);
    await refused(chat.sendText({ to: 'carol', text: 'twice', id }), USAGE);
    expect(await chat.cancel(id)).toBe(true);
  });

  test('what waits is shown page by page, and withdrawn', async () => {
    await chat.cancelAll('carol');
    const ids: MessageId[] = [];
    for (const text of ['a', 'b', 'c']) ids.push(await chat.sendText({ to: 'carol', text }));
    const page = await chat.outbox({ to: 'carol', limit: 2 });
    expect(page).toMatchObject({
      total: 3,
      messages: [
        { id: ids[0], text: 'a' },
        { id: ids[1], text: 'b' },
      ],
    });
    const rest = await chat.outbox({ to: 'carol', after: page.next ?? 0 });
    expect(rest.messages.map(({ text }) => text)).toEqual(['c']);
    expect(rest.next).toBeUndefined();
    expect((await contact('carol'))?.undelivered).toBe(3);
    expect(await chat.cancel(ids[0]!)).toBe(true);
    expect(await chat.cancel(ids[0]!)).toBe(false);
    expect(await chat.cancelAll('carol')).toBe(2);
    await refused(chat.cancelAll('nobody'), UNKNOWN);
    await refused(chat.outbox({ limit: 0 }), USAGE);
    await chat.retry('carol');
    await refused(chat.retry('nobody'), UNKNOWN);
  });

  test('the history has pages, words and ends', async () => {
    for (const text of ['walrus one', 'walrus two', 'walrus three']) await receive(text);
    const newest = await chat.history({ search: 'walr', limit: 2 });
    expect(newest.entries.map(({ text }) => text.exact())).toEqual(['walrus two', 'walrus three']);
    const older = await chat.history({ search: 'walrus', before: newest.older ?? 0 });
    expect(older.entries.map(({ text }) => text.exact())).toEqual(['walrus one']);
    expect(older.older).toBeUndefined();
    const after = await chat.history({ after: older.entries[0]?.position ?? 0, limit: 1 });
    expect(after.entries[0]?.text.exact()).toBe('walrus two');
    expect((await chat.history({ with: 'nobody' })).entries).toEqual([]);
    await refused(chat.history({ after: 1, before: 2 }), USAGE);
    expect(await chat.history({ before: 0 })).toEqual({ entries: [], newer: 0 });
    const end = Number.MAX_SAFE_INTEGER;
    expect(await chat.history({ after: end })).toEqual({ entries: [], older: end });
  });

  test('one message is found by its id, if it is where it is looked for', async () => {
    const id = ID(2);
    await chat.sendText({ to: 'bob', text: 'this one', id });
    const [entry] = (await chat.history({ id })).entries;
    expect(entry).toMatchObject({ id, with: 'bob', direction: 'out' });
    const { position = 0, storedAtWall = 0 } = entry ?? {};
    for (const query of [{ with: 'bob' }, { after: position - 1 }, { sinceWall: storedAtWall }])
      expect((await chat.history({ id, ...query })).entries).toHaveLength(1);
    const elsewhere = [
      { with: 'carol' },
      { after: position },
      { before: position },
      { untilWall: storedAtWall },
    ];
    for (const query of elsewhere) expect(await chat.history({ id, ...query })).toEqual({ entries: [] });
    for (const unknown of [ID(3), 'no id' as MessageId])
      expect(await chat.history({ id: unknown })).toEqual({ entries: [] });
    await refused(chat.history({ id, search: 'this' }), USAGE);
  });

  test('what is deleted is gone, and nothing goes without being named', async () => {
    await receive('to be deleted');
    const [entry] = (await chat.history({ search: 'deleted' })).entries;
    expect(await chat.erase({ id: entry!.id })).toBe(1);
    expect(await chat.erase({ id: entry!.id })).toBe(0);
    expect((await chat.history({ search: 'deleted' })).entries).toEqual([]);
    expect(await chat.erase({ id: 'no id' as MessageId })).toBe(0);
    await refused(chat.erase({}), USAGE);
  });

  test('what a contact has lost is queued once more', async () => {
    await alice.sendDelivered('bob', 'again');
    expect(await chat.resend({ to: 'bob', sinceWall: 0 })).toBeGreaterThan(0);
    expect(await chat.resend({ to: 'bob', sinceWall: Date.now() + 60_000 })).toBe(0);
    await refused(chat.resend({ to: 'nobody', sinceWall: 0 }), UNKNOWN);
    await until('all of it is delivered', async () => (await chat.outbox()).total === 0);
    expect(bob.texts().filter((text) => text === 'again')).toHaveLength(1);
  });

  test('a backup is a new file for its owner alone (STO-12)', async () => {
    const path = join(town.folder, `copy-${Math.random()}`);
    await chat.backup({ path, passphrase: encodeUtf8('correct horse') });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await refused(chat.backup({ path, passphrase: encodeUtf8('x') }), USAGE);
  });

  test('keys are compared, approved and repaired, where there is one', async () => {
    const { current, pending } = await chat.safety('bob');
    expect([current?.safetyNumber.replaceAll(' ', '').length, pending]).toEqual([60, undefined]);
    expect(await chat.safety('carol')).toEqual({ name: 'carol' });
    await chat.markVerified('bob');
    expect((await contact('bob'))?.verified).toBe(true);
    expect((await chat.openRepair('bob')).untilWall).toBeGreaterThan(Date.now());
    await chat.forgiveGuesses('bob');
    await refused(chat.markVerified('carol'), { code: 'trust-nothing' });
    await refused(chat.approveKey({ name: 'bob', fingerprint: '1' }), { code: 'trust-nothing' });
    await refused(chat.openRepair('carol'), { code: 'trust-nothing' });
    for (const call of [chat.safety('nobody'), chat.markVerified('nobody'), chat.forgiveGuesses('nobody')])
      await refused(call, UNKNOWN);
  });

  test('a draft is kept until it is empty', async () => {
    const draft = async () => (await contact('carol'))?.draft;
    expect(await draft()).toBeUndefined();
    await chat.setDraft({ name: 'carol', text: 'dear ✉' });
    await chat.setDraft({ name: 'carol', text: 'dear carol ✉\n' });
    expect(await draft()).toBe('dear carol ✉\n');
    await chat.setDraft({ name: 'carol', text: '€'.repeat(10_922) });
    expect((await draft())?.length).toBe(10_922);
    await refused(chat.setDraft({ name: 'carol', text: '€'.repeat(10_923) }), { code: 'message-too-long' });
    await refused(chat.setDraft({ name: 'carol', text: '\udc00' }), { code: 'message-malformed' });
    await refused(chat.setDraft({ name: 'nobody', text: 'x' }), UNKNOWN);
    await chat.setDraft({ name: 'carol', text: '' });
    expect(await draft()).toBeUndefined();
  });

  test('what was read is counted no more, and never goes back', async () => {
    await chat.markRead({ name: 'bob' });
    expect((await contact('bob'))?.unread).toBe(0);
    for (const text of ['u1', 'u2', 'u3']) await receive(text);
    expect((await contact('bob'))?.unread).toBe(3);
    const entries = (await chat.history({ with: 'bob', limit: 3 })).entries.map(({ position }) => position);
    await chat.markRead({ name: 'bob', upTo: entries[1]! });
    expect(await contact('bob')).toMatchObject({ unread: 1, readUpTo: entries[1] });
    await chat.markRead({ name: 'bob', upTo: entries[0]! });
    expect((await contact('bob'))?.readUpTo).toBe(entries[1]);
    await chat.markRead({ name: 'bob', upTo: entries[2]! + 1_000_000 });
    expect(await contact('bob'), 'no further than there is something').toMatchObject({
      unread: 0,
      readUpTo: entries[2],
    });
    await receive('u4');
    expect((await contact('bob'))?.unread).toBe(1);
    expect((await chat.status()).unread).toBe(1);
    await refused(chat.markRead({ name: 'nobody' }), UNKNOWN);
    await refused(chat.markRead({ name: 'bob', upTo: -1 }), USAGE);
  });

  test('a contact is muted for good, until a time, or not', async () => {
    await chat.mute({ name: 'carol' });
    expect((await contact('carol'))?.mutedUntilWall).toBe(MUTED_FOR_GOOD);
    const untilWall = Date.now() + 3_600_000;
    await chat.mute({ name: 'carol', untilWall });
    expect((await contact('carol'))?.mutedUntilWall).toBe(untilWall);
    await chat.mute({ name: 'carol', untilWall: Date.now() - 1 });
    expect(await contact('carol')).not.toHaveProperty('mutedUntilWall');
    await refused(chat.mute({ name: 'nobody' }), UNKNOWN);
  });

  test('an event of a message has its place in the history', async () => {
    const stop = new AbortController();
    const stream = chat.events({ signal: stop.signal });
    await receive('placed');
    const event = await nextOf(stream, (each) => each.type === 'message-received');
    const [entry] = (await chat.history({ with: 'bob', limit: 1 })).entries;
    expect(event).toMatchObject({ id: entry?.id, position: entry?.position, from: 'bob', clockMark: false });
    stop.abort();
    expect((await stream.next()).done).toBe(true);
  });

  test('a reader that comes again goes on exactly where it stood, in this program and in any other', async () => {
    const stream = chat.events();
    await receive('c0');
    await nextOf(stream, textIs('c0'));
    const { cursor } = stream;
    await receive('c1');
    const id = await chat.sendText({ to: 'bob', text: 'c2' });
    await alice.delivered(id);
    await receive('c3');
    const rest = await collectTo(stream, 'c3');
    expect(rest.length).toBeGreaterThanOrEqual(5);
    await stream.return?.();
    for (const other of [chat, alice.chat]) {
      const again = other.events({ after: cursor });
      expect(await collectTo(again, 'c3')).toEqual(rest);
      await again.return?.();
    }
    await refused(chat.events({ after: 'v1.what' as EventCursor }).next(), USAGE);
    // What was deleted meanwhile does not come.
    const [c1] = (await chat.history({ with: 'bob', limit: 3 })).entries;
    expect([c1?.text.exact(), await chat.erase({ id: c1!.id })]).toEqual(['c1', 1]);
    const again = chat.events({ after: cursor });
    expect(textOf(await nextOf(again, (each) => each.type === 'message-received'))).toBe('c3');
  });

  test('trace tells what goes on, and no text (SEC-02)', async () => {
    const stop = new AbortController();
    const lines: string[] = [];
    const reading = (async () => {
      for await (const line of chat.trace({ signal: stop.signal })) lines.push(line);
    })();
    await until('trace tells of a commit', async () => {
      await alice.sendDelivered('bob', 'a secret text');
      return lines.some((line) => line.startsWith('commit: outbox-put'));
    });
    stop.abort();
    await reading;
    expect(lines.filter((line) => !/^(link|event|commit): /.test(line))).toEqual([]);
    expect(lines.join('\n')).not.toContain('secret');
  });

  test('status says how the program is doing (ENV-03)', async () => {
    await chat.cancelAll('carol');
    await chat.sendText({ to: 'carol', text: '12345' });
    const status = await chat.status();
    expect(status).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
      pid: process.pid,
      mode: 'listen',
      isAttended: true,
      self: alice.chat.self,
      connected: ['bob'],
      contacts: 2,
      waiting: { messages: 1, bytes: 5 },
    });
    expect(status.startedAtWall).toBeLessThanOrEqual(Date.now());
    expect(status.store.bytes).toBeGreaterThan(10_000);
    expect(status.store).not.toHaveProperty('trouble');
    expect(status.loopDelayMs.max).toBeGreaterThanOrEqual(status.loopDelayMs.p50);
    await chat.cancelAll('carol');
  });

  test('a screen first gets what none has shown; with a cursor, what came behind it', async () => {
    const screen = chat.events({ isScreen: true });
    await receive('s1');
    await nextOf(screen, textIs('s1'));
    await receive('s2');
    const { cursor } = screen;
    // Nobody has asked beyond s1.
    await screen.return?.();
    const next = chat.events({ isScreen: true });
    await nextOf(next, textIs('s1'));
    await nextOf(next, textIs('s2'));
    await next.return?.();
    const again = chat.events({ isScreen: true, after: cursor });
    expect(textOf(await nextOf(again, (each) => each.type === 'message-received'))).toBe('s2');
    await again.return?.();
  });
});

test('the position of a person who has read nothing is none, not 0', async () => {
  await using town = await openTown(['alice', 'bob']);
  const alice = await town.open('alice');
  await alice.chat.markRead({ name: 'bob' });
  expect(await alice.contact('bob')).not.toHaveProperty('readUpTo');
});

test('over a restart: messages, how what was sent stands, that more happened, and then what happens', async () => {
  await using town = await openTown(['alice', 'bob', 'carol']);
  const bob = await town.open('bob');
  let alice = await town.open('alice');
  await alice.sendDelivered('bob', 'hello');
  const waiting = await alice.send('carol', 'waits');
  const stream = alice.chat.events();
  await alice.chat.setDraft({ name: 'bob', text: 'half' });
  await alice.chat.mute({ name: 'bob' });
  await bob.sendDelivered('alice', 'before');
  await nextOf(stream, textIs('before'));
  await alice.chat.markRead({ name: 'bob' });
  const { cursor } = stream;
  await bob.sendDelivered('alice', 'while nobody read');
  const late = await alice.send('bob', 'sent late');
  await alice.delivered(late);
  await alice.close();
  alice = await town.open('alice');
  const own = { draft: 'half', mutedUntilWall: MUTED_FOR_GOOD, unread: 1 };
  expect(await alice.contact('bob')).toMatchObject(own);
  const again = alice.chat.events({ after: cursor });
  const told = (await collectUntil(again, (event) => event.type === 'events-skipped')).map((event) =>
    event.type === 'message-progress' ? `${event.id} ${event.progress.state}` : (textOf(event) ?? event.type),
  );
  expect(told).toEqual(['while nobody read', `${waiting} queued`, `${late} delivered`, 'events-skipped']);
  await bob.sendDelivered('alice', 'live');
  await nextOf(again, textIs('live'));
});

function ID(n: number): MessageId {
  return `01920000-0000-7000-8000-${String(n).padStart(12, '0')}` as MessageId;
}

function textOf(event: ChatEvent): string | undefined {
  return event.type === 'message-received' ? event.text.exact() : undefined;
}
function textIs(text: string): (event: ChatEvent) => boolean {
  return (event) => textOf(event) === text;
}

async function nextOf(stream: EventStream, accept: (event: ChatEvent) => boolean): Promise<ChatEvent> {
  const events = await collectUntil(stream, accept);
  return events.at(-1)!;
}
async function collectUntil(
  stream: EventStream,
  accept: (event: ChatEvent) => boolean,
): Promise<readonly ChatEvent[]> {
  const events: ChatEvent[] = [];
  for (;;) {
    const { value, done } = await stream.next();
    if (done === true) throw new Error('the stream ended before');
    events.push(value);
    if (accept(value)) return events;
  }
}
/** As plain data, up to the message with this text. */
async function collectTo(stream: EventStream, text: string): Promise<readonly unknown[]> {
  const events = await collectUntil(stream, textIs(text));
  return events.map((event) => JSON.parse(JSON.stringify(event)) as unknown);
}
