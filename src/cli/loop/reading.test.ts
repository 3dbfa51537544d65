import { beforeEach, expect, test } from 'vitest';
import type { MessageId } from '../../api/index.ts';
import { FakeChat, incoming } from '../../testing/fake-chat.ts';
import { Conversation } from './conversation.ts';

const OLD = '01910000-0000-7000-8000-00000000abcd' as MessageId;
const NEXT = '01910000-0000-7000-8000-00000000bcde' as MessageId;
const ended = new AbortController();

let chat: FakeChat;
let talk: Conversation;
let shown: string[];
let bells: number;
let watching: Promise<void>;
let isSeen: boolean;

beforeEach(async () => {
  chat = new FakeChat({
    contacts: [
      { name: 'bob', outcome: [] },
      { name: 'carol', outcome: [] },
    ],
    past: [{ id: OLD, with: 'carol', direction: 'in', text: 'long ago', writtenAtWall: 0, storedAtWall: 0 }],
  });
  shown = [];
  bells = 0;
  isSeen = true;
  talk = new Conversation(chat, {
    message: ({ from, text }) => void shown.push(`${from}: ${text.exact()}`),
    bell: () => void (bells += 1),
    say: ({ text }) => void shown.push(text),
    outcome: () => undefined,
    failed: () => undefined,
    drained: async () => isSeen,
  });
  talk.isRead = true;
  await talk.start();
  watching = talk.watch(ended.signal);
  talk.begin();
});

/** When all that was emitted is handled. */
async function all(): Promise<readonly string[]> {
  await chat.close();
  await watching;
  return shown;
}

/** Some turns of the event loop: what was emitted is shown by then. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test('with nobody fixed a person has read everything that was shown', async () => {
  chat.receive('bob', 'one');
  chat.receive('carol', 'two');
  await all();
  expect([...chat.readUpTo]).toEqual([
    ['bob', 2],
    ['carol', 3],
  ]);
});

test('with /to only what was said there is read, and the rest when its conversation is opened', async () => {
  await talk.submit('/to bob');
  chat.receive('bob', 'one');
  chat.receive('carol', 'two');
  await settled();
  expect([...chat.readUpTo]).toEqual([['bob', 2]]);
  await talk.submit('/to carol');
  await all();
  expect([...chat.readUpTo]).toEqual([
    ['bob', 2],
    ['carol', 3],
  ]);
});

test('who answers has read what was shown', async () => {
  await talk.submit('/to bob');
  chat.receive('carol', 'two');
  await settled();
  await talk.submit('@carol yes');
  await all();
  expect(chat.readUpTo.get('carol')).toBe(2);
});

test('what nobody saw any more is not read, and a script reads nothing', async () => {
  isSeen = false;
  chat.receive('bob', 'one');
  await all();
  expect([...chat.readUpTo]).toEqual([]);
});

test('the bell rings for what comes, once for many', async () => {
  chat.receive('bob', 'loud');
  chat.receive('carol', 'and louder');
  await settled();
  await all();
  expect(bells).toBe(1);
});

test('the bell does not ring for who is muted, here or by another program', async () => {
  await chat.mute({ name: 'bob' });
  chat.receive('bob', 'quiet');
  await settled();
  await all();
  expect(bells).toBe(0);
});

test('the bell does not ring for what came while nobody was there', async () => {
  chat.emit({ ...incoming('carol', 'from before', NEXT), isBelated: true } as never);
  await settled();
  await all();
  expect(bells).toBe(0);
});

test('/reply answers what came last there, or an older message, and says what was quoted', async () => {
  await talk.submit('/reply too early');
  chat.receive('bob', 'are you\nthere');
  chat.receive('carol', 'me too');
  await settled();
  await talk.submit('/reply yes,  here');
  await talk.submit('/to bob');
  await talk.submit('/reply and you\nalso');
  await talk.submit('/reply #0000abcd late');
  await talk.submit('/reply #99999999 never');
  await talk.submit('/reply');
  const [bobs, carols] = (await chat.history({ after: 1, limit: 2 })).entries;
  expect(chat.sent.map(({ to, text, replyTo }) => [to, text, replyTo])).toEqual([
    ['carol', 'yes,  here', carols!.id],
    ['bob', 'and you\nalso', bobs!.id],
    ['carol', 'late', OLD],
  ]);
  chat.emit({ ...incoming('bob', 'of course', NEXT), replyTo: bobs!.id } as never);
  chat.emit({ ...incoming('bob', 'what?', NEXT), replyTo: OLD } as never);
  expect(await all()).toEqual([
    'sotto: nothing has come that could be answered [usage]',
    '  /reply #ID TEXT answers an older message.',
    'bob: are you\nthere',
    'carol: me too',
    '· texts go to bob from now on; /to ends that',
    'sotto: there is no message 99999999 [message-unknown]',
    'sotto: the text is missing [usage]',
    '  /reply [#ID] TEXT',
    '· bob answers “are you…”',
    'bob: of course',
    '· bob answers an earlier message',
    'bob: what?',
  ]);
});
