import { expect, test } from 'vitest';
import { FakeChat } from '../testing/fake-chat.ts';
import { PassingChat } from './passing-chat.ts';

test('a stream that is left while it is waited for ends, and asks nobody else for more', async () => {
  let reopened = 0;
  const fake = new FakeChat({ contacts: [] });
  await using chat = new PassingChat(fake, {
    reopen: async () => {
      reopened += 1;
      return new FakeChat({ contacts: [] });
    },
    isFollowing: true,
  });
  const stream = chat.events();
  const asked = stream.next();
  // It waits already.
  await new Promise((resolve) => setImmediate(resolve));
  const left = stream.return?.();
  expect(await asked).toEqual({ done: true, value: undefined });
  expect(await left).toEqual({ done: true, value: undefined });
  expect((await stream.next()).done).toBe(true);
  expect([reopened, fake.closed]).toEqual([0, false]);
});
