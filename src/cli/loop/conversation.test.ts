import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MessageId, OutgoingState } from '../../api/index.ts';
import { CodedError } from '../../base/index.ts';
import { FakeChat } from '../../testing/fake-chat.ts';
import { Conversation } from './conversation.ts';

const ID = '01910000-0000-7000-8000-000000000001' as MessageId;
const ended = new AbortController();

let chat: FakeChat;
let talk: Conversation;
let shown: string[];
let watching: Promise<void>;

beforeEach(async () => {
  chat = new FakeChat({
    contacts: [
      { name: 'bob', outcome: [] },
      { name: 'carol', view: { connected: true, lastSeenWall: 0 } },
    ],
  });
  shown = [];
  talk = new Conversation(chat, {
    message: () => undefined,
    bell: () => undefined,
    say: ({ text }) => void shown.push(text),
    outcome: () => undefined,
    failed: () => undefined,
    drained: async () => true,
  });
  await talk.start();
  watching = talk.watch(ended.signal);
  talk.begin();
});
afterEach(async () => chat.close());

/** What is shown when all that was emitted is handled. */
async function all(): Promise<readonly string[]> {
  await chat.close();
  await watching;
  return shown;
}

function progress(state: OutgoingState): void {
  chat.emit({ type: 'message-progress', id: ID, to: 'bob', progress: state });
}

test('a text of another command that is given up, refused or fails is shown; one that is delivered is not', async () => {
  progress({ state: 'expired', reason: { code: 'expired', message: 'Its time was over.' } });
  progress({ state: 'refused', reason: { code: 'message-refused', message: 'It was too long.' } });
  progress({ state: 'delivered', tookMs: 1 });
  expect(await all()).toEqual([
    '→ bob: given up, not delivered: Its time was over. [expired]',
    '→ bob: refused: It was too long. [message-refused]',
  ]);
});

test('connections that come and go by themselves are not shown', async () => {
  chat.emit({ type: 'contact-connected', name: 'bob', firstContact: false });
  chat.emit({ type: 'contact-disconnected', name: 'bob' });
  chat.emit({
    type: 'contact-disconnected',
    name: 'bob',
    reason: { code: 'reset', message: 'It was cut.' },
  });
  chat.emit({ type: 'contact-connected', name: 'bob', firstContact: false });
  expect(await all()).toEqual(['· bob is disconnected: It was cut. [reset]', '· bob is connected']);
});

test('/who says when somebody was seen last only of who is not connected', async () => {
  await talk.submit('/who');
  expect(shown.at(-1)).toBe('  carol  connected · key pinned');
});

test('/retry says what it tries, or that nothing waits', async () => {
  await talk.submit('/retry bob');
  await talk.submit('@bob hello');
  await talk.submit('/retry bob');
  expect(shown).toEqual(['· nothing waits for bob', '· trying bob now: 1 text waits for bob']);
});

test('a text that nobody could take, because the node in the background has ended, is said to be not kept, and given back', async () => {
  const gone = new CodedError({ code: 'node-not-running', message: 'it has ended' });
  chat.contacts = async () => Promise.reject(gone);
  const submitted = await talk.send(['bob', 'carol'], 'while it is down');
  expect(submitted).toMatchObject({ unsent: { names: ['bob', 'carol'], text: 'while it is down' } });
  expect(await all()).toEqual([
    'sotto: it has ended [node-not-running]',
    '· not sent to bob, carol, not kept',
  ]);
});
