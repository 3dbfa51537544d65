import { expect, test } from 'vitest';
import { parseLine, parseNames } from './parse-line.ts';

test('a line is a text, a text for somebody, or a command', () => {
  expect(parseLine('hello @bob')).toEqual({ type: 'text', to: undefined, text: 'hello @bob' });
  expect(parseLine('@bob hello  you')).toEqual({ type: 'text', to: ['bob'], text: 'hello  you' });
  expect(parseLine('@bob,@carol hi\nthere')).toEqual({
    type: 'text',
    to: ['bob', 'carol'],
    text: 'hi\nthere',
  });
  expect(parseLine('@bob')).toEqual({ type: 'text', to: ['bob'], text: '' });
  expect(parseLine('/To  bob')).toEqual({ type: 'command', name: 'to', words: ['bob'], rest: 'bob' });
  expect(parseLine('/reply two  spaces\nand lines')).toMatchObject({ rest: 'two  spaces\nand lines' });
  expect(parseLine('  ')).toEqual({ type: 'nothing' });
});

test('a doubled first character is a text that begins with it', () => {
  expect(parseLine('//etc/hosts')).toEqual({ type: 'text', to: undefined, text: '/etc/hosts' });
  expect(parseLine('@@home')).toEqual({ type: 'text', to: undefined, text: '@home' });
});

test('names come apart by spaces and commas, once each', () => {
  expect(parseNames('bob, carol @dave bob')).toEqual(['bob', 'carol', 'dave']);
});

test('a known name may hold spaces, wherever a name stands', () => {
  const known = ['bob', 'Bob Smith', 'Bob Smith Jr'];
  expect(parseLine('@Bob Smith hi you', known)).toEqual({ type: 'text', to: ['Bob Smith'], text: 'hi you' });
  expect(parseLine('@Bob Smith Jr hi', known)).toEqual({ type: 'text', to: ['Bob Smith Jr'], text: 'hi' });
  expect(parseLine('@bob Smith hi', known)).toEqual({ type: 'text', to: ['bob'], text: 'Smith hi' });
  expect(parseNames('Bob Smith, bob', known)).toEqual(['Bob Smith', 'bob']);
  expect(parseLine('/trust Bob Smith 12345 67890', known)).toEqual({
    type: 'command',
    name: 'trust',
    words: ['Bob Smith', '12345', '67890'],
    rest: 'Bob Smith 12345 67890',
  });
});
