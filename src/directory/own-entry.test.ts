import { expect, test } from 'vitest';
import { encodeUtf8 } from '../base/index.ts';
import { findOwnEntry, parseDirectory, type Directory, type OwnEntryQuestion } from './index.ts';

function directory(...people: readonly (readonly [string, string, number, ...string[]])[]): Directory {
  const entries = people.map(([username, ip, port, ...addresses]) => ({
    username,
    password: 'x',
    port,
    ip,
    addresses,
  }));
  const parsed = parseDirectory(encodeUtf8(JSON.stringify(entries)));
  if (!parsed.ok) throw new Error(parsed.failure.map(({ message }) => message).join('\n'));
  return parsed.value;
}

const people = directory(
  ['ann', '127.0.0.1', 7001],
  ['bob', 'localhost', 7002],
  ['cem', '192.168.1.7', 7003],
  ['dan', 'desk', 7003],
);

function answer(question: Partial<OwnEntryQuestion>, of: Directory = people): string {
  const found = findOwnEntry(of, { localAddresses: [], ...question });
  return found.ok
    ? found.value.username
    : `${found.failure.code}: ${found.failure.message} ${found.failure.hint}`;
}

test('the name given settles it, in any Unicode form, whatever the address (DIR-04)', () => {
  expect(answer({ as: 'cem', port: 1 })).toBe('cem');
  expect(answer({ as: 'Zoe\u0308' }, directory(['Zo\u00eb', 'h', 1]))).toBe('Zo\u00eb');
  expect(answer({ as: 'eve' })).toMatch(
    /^own-entry: the directory has no “eve”; it has ann \(127\.0\.0\.1:7001\), bob .*--as NAME/,
  );
});

test('else the one entry with our port at loopback, an interface or a name of this machine', () => {
  expect(answer({ port: 7001 })).toBe('ann');
  expect(answer({ port: 7002 })).toBe('bob');
  expect(answer({ port: 7003, localAddresses: ['192.168.1.7'] })).toBe('cem');
  expect(answer({ port: 7003, localAddresses: ['DESK'] })).toBe('dan');
  expect(
    answer({ port: 9, localAddresses: ['fe80::5%eth0'] }, directory(['zoe', 'h', 9, 'fe80::5%eth1'])),
  ).toBe('zoe');
  expect(answer({ port: 9 }, directory(['zoe', '::', 9]))).toBe('zoe');
});

test('none and several are refused with the candidates and what to do', () => {
  expect(answer({ port: 7003 })).toMatch(
    /^own-entry: no entry has port 7003 at an address of this machine; the directory has ann/,
  );
  expect(answer({ port: 7003, localAddresses: ['desk', '192.168.1.7'] })).toMatch(
    /^own-entry: several entries have port 7003 .*: cem \(192\.168\.1\.7:7003\), dan \(desk:7003\) .*--as cem/,
  );
  expect(answer({ port: 1 }, directory())).toMatch(/no entries Add yourself with “sotto directory add”/);
});

test('without a port every port fits', () => {
  expect(answer({}, directory(['ann', '::1', 5], ['bob', 'far.example', 5]))).toBe('ann');
  expect(answer({})).toMatch(/several entries have an address of this machine/);
});
