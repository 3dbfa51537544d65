import { expect, test } from 'vitest';
import { closest } from './closest.ts';

test('finds what was probably meant, and nothing when nothing is near', () => {
  expect(closest('snd', ['send', 'listen'])).toBe('send');
  expect(closest('lsiten', ['send', 'listen'])).toBe('listen');
  expect(closest('Bob', ['alice', 'bob'])).toBe('bob');
  expect(closest('zzzzzz', ['send', 'listen'])).toBeUndefined();
  expect(closest('x', ['send'])).toBeUndefined();
  expect(closest('foo', ['who', 'to'])).toBeUndefined();
});
