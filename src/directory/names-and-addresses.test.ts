import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeUtf8 } from '../base/index.ts';
import { normalisePassword, networkOf, parseAddress, parseKeyText, parseUsernameText } from './index.ts';

describe('usernames (DIR-07)', () => {
  test.each(['bob', 'Zoë', '李雷', 'Anna Maria', '__proto__', 'o’neil', 'r2d2', 'वर्षा', 'a@b.example'])(
    '%s is a name',
    (name) => {
      expect(parseUsernameText(name)).toEqual({ ok: true, value: name });
    },
  );

  test.each([
    '',
    ' bob',
    'bob ',
    'bob\n',
    '../x',
    '..',
    '.hidden',
    '-rf',
    '@bob',
    'a/b',
    'a\\b',
    'a\u001b[2J',
    'a\u202eb',
    'a\u200bb',
    'a\u00adb',
    'a\u3164',
    'a\ufe0f',
    'a\ud800',
    'a\tb',
    'a"b',
    'a,b',
    '\u0301a',
    `a${'\u0303'.repeat(29)}`,
    'x'.repeat(65),
    'ü'.repeat(33),
    'x'.repeat(10_000),
  ])('%j is not', (name) => {
    expect(parseUsernameText(name).ok).toBe(false);
  });

  test('NFD becomes NFC, and 64 bytes fit', () => {
    expect(parseUsernameText('Zoe\u0308')).toEqual({ ok: true, value: 'Zo\u00eb' });
    expect(parseUsernameText('ü'.repeat(32)).ok).toBe(true);
  });

  test('a message shows what cannot be seen', () => {
    const parsed = parseUsernameText('a\u200bb\u001b');
    expect(parsed.ok || parsed.failure.message).toBe(
      'the name “a‹U+200B›b‹U+001B›” has the character U+200B',
    );
  });

  test('a name that passes is stable, short and free of slashes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const parsed = parseUsernameText(text);
        if (!parsed.ok) return;
        expect(parseUsernameText(parsed.value)).toEqual(parsed);
        expect(encodeUtf8(parsed.value).length).toBeLessThanOrEqual(64);
        expect(parsed.value).not.toMatch(/[\p{C}/\\]/u);
      }),
    );
  });
});

describe('passwords', () => {
  test('every kind of space is one, letters are NFC, nothing is trimmed', () => {
    expect(normalisePassword(' a\u00a0e\u0301\u3000')).toEqual({ ok: true, value: ' a \u00e9 ' });
  });

  test.each(['', 'a\tb', 'a\n', '\u0085', '\ud800', 'x'.repeat(1_025)])('%j is refused', (text) => {
    expect(normalisePassword(text).ok).toBe(false);
  });

  test('normalising twice changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = normalisePassword(text);
        const twice = once.ok ? normalisePassword(once.value) : once;
        expect(twice).toEqual(once);
      }),
    );
  });
});

describe('addresses (DIR-06, NET-17)', () => {
  test.each([
    ['192.168.1.20', 'ipv4', '192.168.1.20'],
    [' 10.0.0.1\n', 'ipv4', '10.0.0.1'],
    ['::1', 'ipv6', '::1'],
    ['[::1]', 'ipv6', '::1'],
    ['2001:DB8:0:0:1:0:0:1', 'ipv6', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', 'ipv6', '2001:db8:0:1:1:1:1:1'],
    ['::', 'ipv6', '::'],
    ['1::', 'ipv6', '1::'],
    ['::ffff:1.2.3.4', 'ipv4', '1.2.3.4'],
    ['::FFFF:102:304', 'ipv4', '1.2.3.4'],
    ['64:ff9b::1.2.3.4', 'ipv6', '64:ff9b::102:304'],
    ['fe80::1%eth0', 'ipv6', 'fe80::1%eth0'],
    ['localhost', 'host', 'localhost'],
    ['Bob.Example.', 'host', 'bob.example'],
    ['my_host-2', 'host', 'my_host-2'],
  ])('%j is %s %s', (text, kind, canonical) => {
    expect(parseAddress(text)).toEqual({ ok: true, value: { kind, canonical } });
  });

  test.each([
    '',
    '  ',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '127.1',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    '::1.2.3',
    '1.2.3.4::',
    'fe80::1%',
    'fe80::1%a%b',
    'a b',
    '-x',
    'x-',
    'a..b',
    'host/x',
    'bücher.example',
    'a.123',
    'x'.repeat(64),
    '[::1',
    '[]',
    '[bob',
  ])('%j is not', (text) => {
    expect(parseAddress(text).ok).toBe(false);
  });

  test.each(['1.2.3.4:7688', 'bob:7688', '[::1]:7688'])('%s says that the port has its own field', (text) => {
    const parsed = parseAddress(text);
    expect(parsed.ok || parsed.failure.hint).toMatch(/the port has a field of its own/);
  });

  test('every IPv6 address comes back from its canonical form, and the forms of one address are one', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const parsed = parseAddress(text);
        expect(parsed.ok).toBe(true);
        if (!parsed.ok) return;
        expect(parseAddress(parsed.value.canonical)).toEqual(parsed);
        const browsers = new URL(`http://[${text}]`).hostname;
        expect(parsed.value.kind === 'ipv4' || browsers === `[${parsed.value.canonical}]`).toBe(true);
      }),
    );
  });

  test('arbitrary text never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => typeof parseAddress(text).ok === 'boolean'),
    );
  });
});

test('a key has one canonical form, and it comes back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
      expect(parseKeyText(Buffer.from(key).toString('base64'))).toEqual({ ok: true, value: key });
    }),
  );
  const good = Buffer.alloc(32).toString('base64');
  for (const bad of [
    '',
    good.slice(0, -1),
    `${good} `,
    good.replace('A=', 'B='),
    Buffer.alloc(31).toString('base64'),
  ])
    expect(parseKeyText(bad).ok).toBe(false);
});

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
  ['::1', '::/64'],
  ['fe80::1%eth0', 'fe80::/64%eth0'],
  ['fe80::2%eth1', 'fe80::/64%eth1'],
  ['host.example', 'host.example'],
])('limits count %s as %s (NET-04, NET-17)', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
