import { beforeEach, expect, test } from 'vitest';
import { FakeChat } from '../../testing/fake-chat.ts';
import { Drafts } from './drafts.ts';

const NAMES = ['bob', 'carol'];
let chat: FakeChat;
let drafts: Drafts;

beforeEach(() => {
  chat = new FakeChat({ contacts: NAMES.map((name) => ({ name })) });
  chat.drafts.set('bob', 'half a thought');
  drafts = new Drafts(chat);
});

test('what stands in the line at the end is kept for whom it was meant', async () => {
  expect(await drafts.leave('hello  you', 'carol', NAMES)).toBe('carol');
  expect(await drafts.leave('@bob and\nyou', 'carol', NAMES)).toBe('bob');
  expect([...chat.drafts]).toEqual([
    ['bob', 'and\nyou'],
    ['carol', 'hello  you'],
  ]);
});

test('a command, a text for nobody or for several, and an empty line are no drafts', async () => {
  for (const line of ['/to carol', '@dora hi', '@bob,carol hi', ''])
    expect(await drafts.leave(line, 'carol', NAMES)).toBeUndefined();
  expect(await drafts.leave('for nobody', undefined, NAMES)).toBeUndefined();
  expect([...chat.drafts]).toEqual([['bob', 'half a thought']]);
});

test('what was offered is gone when a text was sent there, or it was taken out of the line', async () => {
  expect(await drafts.offer('bob')).toBe('half a thought');
  expect(await drafts.leave('', 'bob', NAMES)).toBeUndefined();
  expect(chat.drafts.size).toBe(0);
  chat.drafts.set('carol', 'begun');
  expect(await drafts.offer('carol')).toBe('begun');
  drafts.sent('carol');
  expect(await drafts.leave('next', 'carol', NAMES)).toBe('carol');
  expect([...chat.drafts]).toEqual([['carol', 'next']]);
});

test('what was not offered stays when something else is sent, and what is unchanged is not kept again', async () => {
  drafts.sent('bob');
  await drafts.leave('', undefined, NAMES);
  expect(await drafts.offer('bob')).toBe('half a thought');
  expect(await drafts.leave('half a thought', 'bob', NAMES)).toBeUndefined();
  expect([...chat.drafts]).toEqual([['bob', 'half a thought']]);
});

test('a disk that takes nothing is said of a draft', async () => {
  chat.disk = { code: 'disk-full', message: 'it is full' };
  await expect(drafts.leave('hello', 'bob', NAMES)).rejects.toMatchObject({ code: 'disk-full' });
});
