import { expect, test } from 'vitest';
import type { ChatEvent } from '../../api/index.ts';
import { Presence } from './presence.ts';

const up = (name: string, firstContact = false): ChatEvent => ({
  type: 'contact-connected',
  name,
  firstContact,
});
const idle = (name: string): ChatEvent => ({ type: 'contact-disconnected', name });
const lost = (name: string): ChatEvent => ({
  type: 'contact-disconnected',
  name,
  reason: { code: 'truncated', message: 'It was cut.' },
});

test('a person hears of a first contact, of a connection that broke, and that it is there again; of no other', () => {
  const presence = new Presence();
  const story = [up('bob', true), idle('bob'), up('bob'), lost('bob'), up('carol'), up('bob'), idle('bob')];
  expect(story.map((event) => presence.isNews(event))).toEqual([
    true,
    false,
    false,
    true,
    false,
    true,
    false,
  ]);
});

test('what is not about connections is always news', () => {
  expect(new Presence().isNews({ type: 'disk-recovered' })).toBe(true);
});
