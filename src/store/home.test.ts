import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { CodedError, Secret } from '../base/index.ts';
import type { TrustRecord } from '../directory/index.ts';
import { defaultHome, homeOwner } from './home-folder.ts';
import { openHome, type Home } from './home.ts';

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const act of cleanUp.splice(0).reverse()) act();
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-home-'));
  cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'alice');
}

function open(folder: string, { username = 'alice', isReadOnly = false } = {}): Home {
  const home = openHome({ folder, username, isReadOnly, newSecret: () => new Uint8Array(32).fill(7) });
  cleanUp.push(() => home[Symbol.dispose]());
  return home;
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof CodedError ? error.code : String(error);
  }
  return 'nothing was thrown';
}

const bytes = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const RECORD: TrustRecord = {
  username: 'bob',
  pin: {
    key: bytes(1),
    psk: new Secret(bytes(2)),
    confirmed: true,
    createdWall: 1_700_000_000_000,
    lastSeenWall: 1_700_000_000_001,
    verified: 'compared',
    minVersion: 1,
    formerKeys: [{ key: bytes(3), untilWall: 1_600_000_000_000 }],
  },
  pending: { key: bytes(4), psk: new Secret(bytes(5)), sinceWall: 1_700_000_000_002 },
  repairUntilWall: 1_700_000_000_003,
};

test('what was committed is there after a new start, and secrets lie in a 0600 file of a 0700 folder (STO-12)', () => {
  const folder = newFolder();
  const home = open(folder);
  home.commit([{ type: 'trust', record: RECORD }]);
  home[Symbol.dispose]();
  const again = open(folder);
  expect(again.secret).toEqual(bytes(7));
  expect(again.records).toHaveLength(1);
  const [record] = again.records;
  expect(record?.pin?.psk.reveal()).toEqual(bytes(2));
  expect(record?.pending?.psk.reveal()).toEqual(bytes(5));
  expect({ ...record, pin: undefined, pending: undefined }).toEqual({
    ...RECORD,
    pin: undefined,
    pending: undefined,
  });
  expect(JSON.stringify(record)).toEqual(JSON.stringify(RECORD));
  expect(statSync(join(folder, 'home.json')).mode & 0o777).toBe(0o600);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

test('failed guesses are kept beside the pins, and a home without them is as good (CRY-11)', () => {
  const folder = newFolder();
  const path = join(folder, 'home.json');
  const home = open(folder);
  expect(readFileSync(path, 'utf8')).not.toContain('guesses');
  expect(home.guesses).toEqual({ buckets: new Map(), names: new Map() });
  const guesses = {
    buckets: new Map([
      [0, { failures: 1, lastWall: 0 }],
      [4095, { failures: 17, lastWall: 1_700_000_000_000 }],
    ]),
    names: new Map([
      ['bob', 3],
      ['__proto__', 1],
    ]),
  };
  home.commit([{ type: 'trust', record: RECORD }]);
  home.commit([{ type: 'guesses', guesses }]);
  home[Symbol.dispose]();
  const again = open(folder);
  expect([again.guesses, again.records.length]).toEqual([guesses, 1]);
  again.commit([{ type: 'guesses', guesses: { buckets: new Map(), names: new Map() } }]);
  expect(readFileSync(path, 'utf8')).not.toContain('guesses');
});

test('a home with a row of guesses that cannot be is damaged, and a full one stays small', () => {
  const folder = newFolder();
  const home = open(folder);
  const buckets = new Map(
    Array.from({ length: 4_096 }, (_, i) => [i, { failures: 40, lastWall: 1_700_000_000_000 }]),
  );
  home.commit([{ type: 'guesses', guesses: { buckets, names: new Map([['bob', 40]]) } }]);
  home[Symbol.dispose]();
  const path = join(folder, 'home.json');
  const good = readFileSync(path, 'utf8');
  expect(good.length).toBeLessThan(160_000);
  for (const bad of ['4096 1 1', '1 0 1', '1 1', '1 -1 1', '1 1.5 1', 'x']) {
    writeFileSync(path, good.replace('"4095 40 1700000000000"', JSON.stringify(bad)));
    expect(
      codeOf(() => open(folder)),
      bad,
    ).toBe('home-damaged');
  }
  writeFileSync(path, good);
  expect(open(folder).guesses.buckets.size).toBe(4_096);
});

test('a second program on the same home is refused, and may look without the lock (DLV-14)', () => {
  const folder = newFolder();
  const home = open(folder);
  expect(codeOf(() => open(folder))).toBe('home-locked');
  expect(open(folder, { isReadOnly: true }).secret).toEqual(home.secret);
  home[Symbol.dispose]();
  expect(open(folder).username).toBe('alice');
});

test('a home serves one user name', () => {
  const folder = newFolder();
  open(folder)[Symbol.dispose]();
  expect(homeOwner(folder)).toBe('alice');
  expect(codeOf(() => open(folder, { username: 'mallory' }))).toBe('home-owner');
  expect(open(folder).username).toBe('alice');
});

test('a damaged home is named and never overwritten', () => {
  const folder = newFolder();
  open(folder)[Symbol.dispose]();
  const path = join(folder, 'home.json');
  const good = readFileSync(path, 'utf8');
  for (const bad of [
    '',
    '{',
    '[]',
    good.replace('"version": 1', '"version": 2'),
    good.replace(/"secret": "..../, '"secret": "'),
  ]) {
    writeFileSync(path, bad);
    expect(codeOf(() => open(folder))).toBe('home-damaged');
    expect(readFileSync(path, 'utf8')).toBe(bad);
  }
  writeFileSync(path, good);
  expect(open(folder).username).toBe('alice');
});

test('what is said of a damaged key does not hold what is left of it (SEC-02)', () => {
  const folder = newFolder();
  open(folder)[Symbol.dispose]();
  const path = join(folder, 'home.json');
  const good = readFileSync(path, 'utf8');
  const secret = Buffer.alloc(32, 7).toString('base64');
  for (const spoiled of [`!${secret.slice(1)}`, secret.slice(4), `${secret}${secret}`]) {
    writeFileSync(path, good.replace(secret, spoiled));
    expect(() => open(folder)).toThrow(/home\.json is damaged: secret is not what belongs there$/);
  }
});

test('an open folder is closed, and a file in the place of a folder is said', () => {
  const folder = newFolder();
  open(folder)[Symbol.dispose]();
  chmodSync(folder, 0o755);
  open(folder)[Symbol.dispose]();
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(codeOf(() => open(join(folder, 'home.json', 'x')))).toBe('home-unusable');
});

test('the default home is the user name’s own folder of the XDG data folder', () => {
  expect(defaultHome('alice', { XDG_DATA_HOME: '/data' })).toBe('/data/sotto/alice');
  expect(defaultHome('alice', { XDG_DATA_HOME: 'relative', HOME: '/home/a' })).toBe(
    '/home/a/.local/share/sotto/alice',
  );
  expect(defaultHome('..', { XDG_DATA_HOME: '/data' })).toBe('/data/sotto/_..');
});

test('a home that was removed and made anew is not overwritten by the program that had the old one (STO-05)', () => {
  const folder = newFolder();
  const old = open(folder);
  rmSync(folder, { recursive: true });
  expect(codeOf(() => old.commit([{ type: 'trust', record: RECORD }]))).toBe('home-unusable');
  const renewed = openHome({ folder, username: 'alice', isReadOnly: false, newSecret: () => bytes(9) });
  expect(codeOf(() => old.commit([{ type: 'trust', record: RECORD }]))).toBe('home-unusable');
  old[Symbol.dispose]();
  expect(readFileSync(join(folder, 'lock.json'), 'utf8'), 'the note is of the one who has the lock').not.toBe(
    '',
  );
  renewed[Symbol.dispose]();
  expect(open(folder).secret).toEqual(bytes(9));
});
