import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeUtf8 } from '../base/index.ts';
import { editDirectory, EMPTY_DIRECTORY, parseDirectory, type DirectoryEdit } from './index.ts';

const ann = { username: 'ann', password: 'a "quoted" \\ one', port: 7001, ip: '10.0.0.1' };
const bob = { username: 'bob', password: 'b', port: 7002, ip: '10.0.0.2' };

function edited(text: string, ...edits: readonly DirectoryEdit[]): string {
  return edits.reduce((before, edit) => {
    const after = editDirectory(before, edit);
    if (!after.ok) throw new Error(after.failure.message);
    return after.value;
  }, text);
}

function refusal(text: string, edit: DirectoryEdit): string {
  const result = editDirectory(text, edit);
  return result.ok ? 'ok' : `${result.failure.code}: ${result.failure.message}`;
}

describe('edits', () => {
  test('a new file has two spaces a level and ends with a line feed', () => {
    const text = edited(EMPTY_DIRECTORY, { type: 'add', entry: ann }, { type: 'add', entry: bob });
    expect(text).toBe(`${JSON.stringify([ann, bob], undefined, 2)}\n`);
    expect(edited(text, { type: 'remove', username: 'ann' })).toBe(
      `${JSON.stringify([bob], undefined, 2)}\n`,
    );
    expect(edited(text, { type: 'remove', username: 'bob' })).toBe(
      `${JSON.stringify([ann], undefined, 2)}\n`,
    );
  });

  test('one line an entry stays one line an entry, CRLF stays CRLF', () => {
    const text =
      '[\r\n  {"username":"ann","password":"x","port":"1","ip":"h", "big": 12345678901234567890}\r\n]';
    expect(
      edited(
        text,
        { type: 'add', entry: bob },
        { type: 'set', username: 'ann', fields: { port: 2, key: key(1) } },
      ),
    ).toBe(
      '[\r\n  {"username":"ann","password":"x","port":2,"ip":"h", "big": 12345678901234567890, ' +
        `"key": "${key(1)}"},\r\n` +
        '  { "username": "bob", "password": "b", "port": 7002, "ip": "10.0.0.2" }\r\n\r\n]\r\n'.replace(
          '\r\n\r\n',
          '\r\n',
        ),
    );
  });

  test('what is there already, what is not there and what would be a mistake is refused', () => {
    const text = edited(EMPTY_DIRECTORY, { type: 'add', entry: ann });
    expect(refusal(text, { type: 'add', entry: ann })).toBe(
      'contact-exists: the directory already has “ann”',
    );
    expect(refusal(text, { type: 'remove', username: 'eve' })).toBe(
      'contact-unknown: the directory has no “eve”',
    );
    expect(refusal(text, { type: 'set', username: 'eve', fields: {} })).toMatch(/^contact-unknown/);
    expect(refusal(text, { type: 'add', entry: { ...bob, port: 0 } })).toBe(
      'directory-invalid: entry 2 (bob), port: 0 is not a port',
    );
    expect(refusal(text, { type: 'add', entry: { ...bob, username: 'Ann' } })).toMatch(
      /differs only in case/,
    );
    expect(refusal('[,]', { type: 'add', entry: bob })).toMatch(/^directory-invalid: line 1, column 2/);
  });

  test('a rename keeps the entry and its place', () => {
    const text = edited(EMPTY_DIRECTORY, { type: 'add', entry: ann }, { type: 'add', entry: bob });
    const renamed = edited(text, { type: 'set', username: 'ann', fields: { username: 'Anna' } });
    expect(renamed).toBe(text.replace('"ann"', '"Anna"'));
  });
});

function key(byte: number): string {
  return Buffer.alloc(32, byte).toString('base64');
}

const names = ['ann', 'bob', 'cem', 'dan', 'eve'] as const;
const fieldsOf = (username: string) =>
  fc.record(
    {
      username: fc.constant(username),
      password: fc.string({ minLength: 1, maxLength: 12 }).filter((text) => !/\p{Cc}/u.test(text)),
      port: fc.integer({ min: 1, max: 65_535 }),
      ip: fc.constant(`${username}.example`),
      note: fc.jsonValue({ maxDepth: 2 }),
      '"odd\\ key': fc.jsonValue({ maxDepth: 2 }),
    },
    { requiredKeys: ['username', 'password', 'port', 'ip'] },
  );
const layouts = [
  (value: unknown) => JSON.stringify(value),
  (value: unknown) => JSON.stringify(value, undefined, 2),
  (value: unknown) => JSON.stringify(value, undefined, '\t').replaceAll('\n', '\r\n'),
  (value: unknown) => ` ${JSON.stringify(value)}\n\n`,
];
const files = fc
  .tuple(...names.slice(0, 4).map((name) => fieldsOf(name)))
  .chain((entries) => fc.record({ entries: fc.subarray(entries), layout: fc.constantFrom(...layouts) }));

describe('properties of edits', () => {
  test('an edit does what was asked, and keeps every other value, unknown fields and order', () => {
    fc.assert(
      fc.property(
        files,
        fieldsOf('eve'),
        fc.nat(3),
        fc.integer({ min: 1, max: 65_535 }),
        ({ entries, layout }, eve, at, port) => {
          const text = layout(entries);
          const { username, password, ip } = eve;
          const added = { username, password, port: eve.port, ip };
          expect(JSON.parse(edited(text, { type: 'add', entry: added }))).toEqual(
            JSON.parse(JSON.stringify([...entries, added])),
          );
          const chosen = entries[at];
          if (chosen === undefined) return;
          const changed = edited(text, {
            type: 'set',
            username: chosen.username,
            fields: { port, key: key(7) },
          });
          expect(JSON.parse(changed)).toEqual(
            JSON.parse(JSON.stringify(entries.with(at, { ...chosen, port, key: key(7) } as never))),
          );
          const removed = edited(text, { type: 'remove', username: chosen.username });
          expect(JSON.parse(removed)).toEqual(JSON.parse(JSON.stringify(entries.toSpliced(at, 1))));
          for (const result of [changed, removed]) expect(parseDirectory(encodeUtf8(result)).ok).toBe(true);
        },
      ),
    );
  });
});
