import type { Chat } from '../api/index.ts';
import { CodedError } from '../base/index.ts';

/** Undefined when nobody answers at the socket. */
export async function ifReached<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CodedError && error.code === 'control-unusable') return undefined;
    throw error;
  }
}

export async function mustBeOf(chat: Chat, username: string): Promise<Chat> {
  const { self } = chat;
  if (self.username === username) return chat;
  await chat.close();
  throw new CodedError({
    code: 'home-owner',
    message: `the home ${self.home} belongs to ${self.username}, not to ${username}`,
    hint: 'Give each user name a home of its own with --home, or say --as with the right name.',
  });
}
