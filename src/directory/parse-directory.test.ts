import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes, encodeUtf8 } from '../base/index.ts';
import { diffDirectories, parseDirectory } from './index.ts';

const KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';

function entry(fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { username: 'bob', password: 'pass word', port: 7688, ip: '192.168.1.20', ...fields };
}

function parseText(text: string): ReturnType<typeof parseDirectory> {
  return parseDirectory(encodeUtf8(text));
}

function parseEntries(...entries: readonly unknown[]): ReturnType<typeof parseDirectory> {
  return parseText(JSON.stringify(entries, undefined, 2));
}

function problemsOf(result: ReturnType<typeof parseDirectory>): readonly string[] {
  return result.ok ? [] : result.failure.map((failure) => failure.message);
}

function only(result: ReturnType<typeof parseDirectory>) {
  if (!result.ok) throw new Error(problemsOf(result).join('\n'));
  return result.value.entries[0]!;
}

describe('a good directory', () => {
  test('the four fields of the original format are enough', () => {
    const bob = only(parseEntries(entry()));
    expect(bob).toMatchObject({ username: 'bob', port: 7688, ip: '192.168.1.20', line: 2 });
    expect(bob.password.reveal()).toBe('pass word');
    expect(bob.addresses).toEqual([{ ip: '192.168.1.20', port: 7688 }]);
  });

  test('a port may be a numeric string, an ip may have spaces or brackets (DIR-06)', () => {
    expect(only(parseEntries(entry({ port: '9000', ip: '  [FD00:0::1] ' })))).toMatchObject({
      port: 9000,
      ip: 'fd00::1',
    });
  });

  test('further addresses follow the first one and use its port unless they have their own', () => {
    const bob = only(parseEntries(entry({ addresses: ['fd00::2', { ip: 'bob.LAN', port: '9001' }] })));
    expect(bob.addresses).toEqual([
      { ip: '192.168.1.20', port: 7688 },
      { ip: 'fd00::2', port: 7688 },
      { ip: 'bob.lan', port: 9001 },
    ]);
  });

  test('a key replaces the password', () => {
    const bob = only(parseEntries({ username: 'bob', port: 1, ip: 'h', key: KEY }));
    expect([...bob.key!]).toEqual(Array.from({ length: 32 }, (_, i) => i));
    expect(bob.password.reveal()).toBe('');
  });

  test('CRLF, unknown fields and an empty list are fine (DIR-01)', () => {
    expect(parseText('[]').ok).toBe(true);
    const text = JSON.stringify([entry({ note: { deep: [1, null] } })], undefined, 2).replaceAll(
      '\n',
      '\r\n',
    );
    expect(parseText(text).ok).toBe(true);
  });

  test('__proto__ and constructor are names like any other, and harmless (DIR-07)', () => {
    const parsed = parseText(
      '[{"username":"__proto__","password":"a","port":1,"ip":"h","__proto__":{"x":1}}]',
    );
    expect(parsed.ok && parsed.value.entry('__proto__')?.port).toBe(1);
    expect(parsed.ok && parsed.value.entry('constructor')).toBe(undefined);
    expect(({} as { x?: number }).x).toBe(undefined);
  });
});

describe('the text of the file (DIR-01)', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      'a comma after the last entry',
      `[\n  ${JSON.stringify(entry())},\n]`,
      'line 2, column 76: a comma after the last entry',
    ],
    ['a comma after the last field', '[{"a":1,}]', 'line 1, column 8: a comma after the last field'],
    ['a byte order mark', '\uFEFF[]', 'line 1, column 1: the file begins with a byte order mark'],
    ['a comment', '[\n// people\n]', 'line 2, column 1: a comment; JSON has none'],
    ['nothing at all', '', 'line 1, column 1: the file is empty'],
    ['only white space', ' \n\n', 'line 1, column 1: the file is empty'],
    ['a missing end', '[\n  {', 'line 2, column 4: the file ends too early'],
    ['single quotes', "[{'username': 1}]", 'line 1, column 3: this is not a JSON value'],
    ['a missing comma', '[{"a":1 "b":2}]', 'line 1, column 9: a comma is missing before this'],
    ['an open text', '[{"a":"x}]\n', 'line 1, column 7: this text has no closing double quote'],
    ['something after the end', '[]\n[]', 'line 2, column 1: something follows after the end of the list'],
    [
      'an object instead of a list',
      '{}',
      'line 1, column 1: the file is an object; a directory is a list of entries',
    ],
    [
      'an entry that is no object',
      '[["x"]]',
      'line 1, column 2: entry 1 is a list; every entry is an object { … }',
    ],
  ];
  test.each(cases)('%s is named with line and column', (_name, text, message) => {
    expect(problemsOf(parseText(text))[0]).toBe(message);
  });

  test('UTF-16, broken UTF-8, 1 MiB and a byte, and a million brackets are refused', () => {
    expect(problemsOf(parseDirectory(Uint8Array.of(0xff, 0xfe, 0x5b, 0, 0x5d, 0)))[0]).toMatch(/UTF-16/);
    expect(problemsOf(parseDirectory(Uint8Array.of(0x5b, 0, 0x5d, 0)))[0]).toMatch(/UTF-16/);
    const broken = concatBytes(encodeUtf8('[\n"'), Uint8Array.of(0xc3, 0x28));
    expect(problemsOf(parseDirectory(broken))).toEqual(['line 2: bytes that are not UTF-8']);
    expect(problemsOf(parseText(`[${' '.repeat(1_048_575)}]`))[0]).toMatch(/at most 1 MiB/);
    expect(problemsOf(parseText('['.repeat(1_000_000)))[0]).toMatch(/more than 32 brackets/);
  });

  test('many mistakes in one long line end after a hundred, quickly', () => {
    const problems = problemsOf(parseText(`[${'1,'.repeat(400_000)}1]`));
    expect(problems).toHaveLength(101);
    expect(problems.at(-1)).toBe('… and 399901 mistakes more');
  });
});

describe('the fields (DIR-06)', () => {
  test.each([
    [0, '0'],
    [65_536, '65536'],
    [-1, '-1'],
    [1.5, '1.5'],
    ['1.5', '"1.5"'],
    ['', '""'],
    ['0x50', '"0x50"'],
    [true, 'true or false'],
    [null, 'null'],
  ])('the port %j is refused with the value as it stands', (port, shown) => {
    expect(problemsOf(parseEntries(entry({ port })))).toEqual([
      `line 5, column 13: entry 1 (bob), port: ${shown} is not a port`,
    ]);
  });

  test('every mistake is named, with entry, name, field and place', () => {
    const problems = problemsOf(
      parseEntries(entry({ port: 0, ip: 'a b' }), { password: 7 }, entry({ username: 'eve', key: 'AAAA' })),
    );
    expect(problems.map((text) => text.replace(/^line \d+, column \d+: /, ''))).toEqual([
      'entry 1 (bob), port: 0 is not a port',
      'entry 1 (bob), ip: “a b” is neither an address nor a host name',
      'entry 2, username: is missing',
      'entry 2, password: a number is not a text',
      'entry 2, port: is missing',
      'entry 2, ip: is missing',
      'entry 3 (eve), key: a key is the base64 of 32 bytes: 43 characters and one =',
    ]);
    expect(problems.every((text) => /^line \d+, column \d+: /.test(text))).toBe(true);
  });

  test('an entry needs a password or a key, and a field stands there once', () => {
    expect(problemsOf(parseEntries(entry({ password: undefined })))[0]).toMatch(
      /\(bob\) has neither a password nor a key$/,
    );
    expect(problemsOf(parseEntries(entry({ password: '' })))[0]).toMatch(/has neither a password nor a key$/);
    const twice = '[{"username":"bob","password":"x","port":1,"ip":"h",\n"port":2}]';
    expect(problemsOf(parseText(twice))).toEqual([
      'line 2, column 1: entry 1 (bob) the field “port” is there twice (first on line 1)',
    ]);
  });

  test('a message never holds the password', () => {
    const problems = problemsOf(
      parseEntries(entry({ password: 'tab\tsecret' }), entry({ password: 'other secret', port: 0 })),
    );
    expect(problems.length).toBeGreaterThan(1);
    expect(problems.join()).not.toContain('secret');
  });
});

describe('two entries that could be mistaken for each other (DIR-04, CRY-18)', () => {
  const other = { ip: '10.0.0.9', port: 9 };
  test.each([
    ['the same name', 'bob', 'is the same name'],
    ['another case', 'BOB', 'differs only in case'],
    ['Cyrillic letters', 'bоb', 'looks the same'],
    ['a zero for an o', 'b0b', 'looks the same'],
    ['full-width letters', 'ｂob', 'differs only in case or in the form'],
  ])('%s is refused with both lines', (_name, username, why) => {
    const [problem = '', ...more] = problemsOf(parseEntries(entry(), entry({ username, ...other })));
    expect(more).toEqual([]);
    expect(problem).toMatch(
      new RegExp(`^line 8: entry 2 \\(.*\\), username: ${why}.* entry 1 \\(bob\\) on line 2$`, 'u'),
    );
  });

  test('NFC and NFD are one name', () => {
    expect(
      problemsOf(
        parseEntries(entry({ username: 'Zo\u00eb' }), entry({ username: 'Zoe\u0308', ...other })),
      )[0],
    ).toMatch(/is the same name/);
  });

  test('one address, however it is written, and one key belong to one person', () => {
    expect(
      problemsOf(parseEntries(entry(), entry({ username: 'eve', ip: '::ffff:192.168.1.20' })))[0],
    ).toMatch(
      /^line 8: entry 2 \(eve\), ip: has the same address 192\.168\.1\.20:7688 as entry 1 \(bob\) on line 2$/,
    );
    expect(
      problemsOf(parseEntries(entry({ key: KEY }), entry({ username: 'eve', key: KEY, ...other })))[0],
    ).toMatch(/key: has the same key as entry 1 \(bob\) on line 2$/);
  });

  test('one password for two people is allowed: names and keys tell them apart', () => {
    expect(parseEntries(entry(), entry({ username: 'eve', ...other })).ok).toBe(true);
  });
});

describe('properties', () => {
  test('arbitrary bytes never throw (DIR-01)', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        (bytes) => typeof parseDirectory(bytes).ok === 'boolean',
      ),
    );
  });

  test('any JSON in any field never throws, and every mistake has its line (DIR-06)', () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.constantFrom('bob', KEY, 'h', 1),
    );
    const fields = fc.record(
      {
        username: value,
        password: value,
        port: value,
        ip: value,
        key: value,
        addresses: fc.oneof(value, fc.array(value)),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(fields, value), { maxLength: 4 }), (entries) => {
        for (const problem of problemsOf(parseEntries(...entries)))
          expect(problem).toMatch(/^line \d+(?:, column \d+)?: /);
      }),
      { numRuns: 500 },
    );
  });

  test('what is broken in one place never throws, and what is accepted is JSON to everyone', () => {
    const text = JSON.stringify([
      entry({ addresses: ['::1'], key: KEY }),
      entry({ username: 'eve', ip: 'h' }),
    ]);
    const bytes = encodeUtf8(text);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(3), (at, value, removed) => {
        const edited = concatBytes(bytes.subarray(0, at), Uint8Array.of(value), bytes.subarray(at + removed));
        if (parseDirectory(edited).ok) JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(edited));
      }),
      { numRuns: 1_000 },
    );
  });
});

test('a difference names who came, went and changed; another place in the file is none (DIR-02)', () => {
  const read = (...entries: readonly unknown[]) => {
    const parsed = parseEntries(...entries);
    if (!parsed.ok) throw new Error(problemsOf(parsed).join());
    return parsed.value;
  };
  const [a, b, c] = ['ann', 'bob', 'cem'].map((username, i) => entry({ username, port: i + 1 }));
  const before = read(a, b, c);
  expect(diffDirectories(before, read(c, a, b))).toEqual({ added: [], removed: [], changed: [] });
  expect(
    diffDirectories(before, read({ ...a, password: 'new' }, c, entry({ username: 'dan', port: 9 }))),
  ).toEqual({
    added: ['dan'],
    removed: ['bob'],
    changed: ['ann'],
  });
  expect(diffDirectories(before, read(a, { ...b, key: KEY }, { ...c, addresses: ['h'] })).changed).toEqual([
    'bob',
    'cem',
  ]);
});
