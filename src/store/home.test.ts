import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { CodedError, Secret } from '../base/index.ts';
import { NO_GUESSES, type TrustRecord } from '../directory/index.ts';
import { encodeHomeFile } from './home-file.ts';
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

function open(folder: string, { username = 'alice' } = {}): Home {
  const home = openHome({ folder, username, newSecret: () => bytes(7) });
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
  again.commit([{ type: 'reached-us', peer: 'bob', atWall: 1 }]);
  const files = readdirSync(folder).toSorted();
  expect(files).toEqual(['key', 'lock', 'lock.json', 'recovery', 'sotto.db', 'sotto.db-wal']);
  for (const file of files) expect(statSync(join(folder, file)).mode & 0o777, file).toBe(0o600);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

test('failed guesses are kept, and what is forgotten of them is gone (CRY-11)', () => {
  const folder = newFolder();
  const home = open(folder);
  expect(home.guesses).toEqual({ buckets: new Map(), names: new Map() });
  const guesses = {
    buckets: new Map([
      [0, { failures: 1, lastWall: 0 }],
      [4095, { failures: 17, lastWall: 1_700_000_000_000 }],
    ]),
    names: new Map([
      ['__proto__', 1],
      ['bob', 3],
    ]),
  };
  home.commit([
    { type: 'guesses', guesses: { buckets: new Map([[5, { failures: 1, lastWall: 1 }]]), names: new Map() } },
    { type: 'guesses', guesses },
  ]);
  home[Symbol.dispose]();
  const again = open(folder);
  expect(again.guesses).toEqual(guesses);
  const fewer = { buckets: new Map([[4095, { failures: 2, lastWall: 2 }]]), names: new Map([['bob', 1]]) };
  again.commit([{ type: 'guesses', guesses: fewer }]);
  again[Symbol.dispose]();
  expect(open(folder).guesses).toEqual(fewer);
});

test('a second program on the same home is refused (DLV-14)', () => {
  const folder = newFolder();
  const home = open(folder);
  expect(codeOf(() => open(folder))).toBe('home-locked');
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

const FORMER = { username: 'alice', secret: bytes(7), records: [RECORD], guesses: NO_GUESSES };

test('a home of an earlier version moves into the database, and its file is gone then', () => {
  const folder = newFolder();
  mkdirSync(folder);
  const guesses = { buckets: new Map([[7, { failures: 2, lastWall: 5 }]]), names: new Map([['bob', 2]]) };
  writeFileSync(join(folder, 'home.json'), encodeHomeFile({ ...FORMER, guesses }));
  expect(homeOwner(folder)).toBe('alice');
  expect(codeOf(() => open(folder, { username: 'mallory' }))).toBe('home-owner');
  const home = openHome({ folder, username: 'alice', newSecret: () => bytes(1) });
  home[Symbol.dispose]();
  expect(readdirSync(folder).toSorted()).toEqual(['key', 'lock', 'recovery', 'sotto.db']);
  const again = open(folder);
  expect([again.secret, again.guesses]).toEqual([bytes(7), guesses]);
  expect(again.records[0]?.pin?.psk.reveal()).toEqual(bytes(2));
});

test('a damaged home of an earlier version is named and never overwritten', () => {
  const folder = newFolder();
  mkdirSync(folder);
  const path = join(folder, 'home.json');
  const good = encodeHomeFile(FORMER);
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
  mkdirSync(folder);
  const path = join(folder, 'home.json');
  const good = encodeHomeFile(FORMER);
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
  expect(codeOf(() => open(join(folder, 'sotto.db', 'x')))).toBe('home-unusable');
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
  const renewed = openHome({ folder, username: 'alice', newSecret: () => bytes(9) });
  expect(codeOf(() => old.commit([{ type: 'trust', record: RECORD }]))).toBe('home-unusable');
  old[Symbol.dispose]();
  expect(readFileSync(join(folder, 'lock.json'), 'utf8'), 'the note is of the one who has the lock').not.toBe(
    '',
  );
  renewed[Symbol.dispose]();
  expect(open(folder).secret).toEqual(bytes(9));
});

test('a database that was removed or replaced under a running program takes no more (STO-05)', () => {
  const folder = newFolder();
  const home = open(folder);
  renameSync(join(folder, 'sotto.db'), join(folder, 'elsewhere'));
  expect(codeOf(() => home.commit([{ type: 'trust', record: RECORD }]))).toBe('home-unusable');
  writeFileSync(join(folder, 'sotto.db'), '');
  expect(codeOf(() => home.commit([{ type: 'trust', record: RECORD }]))).toBe('home-unusable');
  renameSync(join(folder, 'elsewhere'), join(folder, 'sotto.db'));
  home.commit([{ type: 'trust', record: RECORD }]);
  home[Symbol.dispose]();
  expect(() => home.commit([{ type: 'trust', record: RECORD }])).toThrow('a closed database was used');
  expect(open(folder).records).toHaveLength(1);
});
