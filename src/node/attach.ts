import { setTimeout as pause } from 'node:timers/promises';
import type { Cancellable, Chat, RunningNode } from '../api/index.ts';
import { CodedError } from '../base/index.ts';

type Find = (cancel: Cancellable) => Promise<RunningNode | undefined>;

/** A node that is started anew is back by then. */
const GONE_MS = 5_000;
const AGAIN_MS = 100;

/** The chat of the node in the background, and, when that one is started anew or loses us, of the next; undefined when there is none. */
export async function attach(find: Find, cancel: Cancellable): Promise<Chat | undefined> {
  const chat = await chatOfNode(find, cancel);
  if (!chat) return undefined;
  const { PassingChat } = await import('./passing-chat.ts');
  return new PassingChat(chat, { reopen: async (how) => nextOne(find, how), isFollowing: true });
}

async function chatOfNode(find: Find, cancel: Cancellable): Promise<Chat | undefined> {
  const running = await find(cancel);
  if (running?.status.isAttended === false) return running.chat;
  await running?.chat.close();
  return undefined;
}

async function nextOne(find: Find, { signal }: Cancellable): Promise<Chat> {
  const giveUpAt = performance.now() + GONE_MS;
  for (;;) {
    const chat = await chatOfNode(find, signal ? { signal } : {});
    if (chat) return chat;
    if (signal?.aborted) throw signal.reason;
    if (performance.now() > giveUpAt) throw gone();
    await pause(AGAIN_MS);
  }
}

function gone(): CodedError {
  return new CodedError({
    code: 'node-not-running',
    message: 'the Sotto in the background has ended',
    hint: 'What waits is kept. To start one: sotto up; to talk without one: sotto',
  });
}
