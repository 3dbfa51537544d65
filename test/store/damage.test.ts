import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CodedError, encodeUtf8 } from '../../src/base/index.ts';
import { Inbox } from '../../src/protocol/delivery/index.ts';
import { openHome, setPassphrase, type Home } from '../../src/store/index.ts';
import { PAGE_BYTES } from '../../src/store/sqlite.ts';
import { rigReady } from '../../src/testing/outbox-rig.ts';
import {
  cursor,
  EPOCH,
  filled,
  idOf,
  NOW,
  PEER_EPOCH,
  pinned,
  queued,
  received,
  settled,
} from './store-changes.ts';

let root = '';
let folder = '';
let path = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sotto-damage-'));
  folder = join(root, 'alice');
  path = join(folder, 'sotto.db');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function open(at = folder): Home {
  return openHome({
    folder: at,
    username: 'alice',
    newSecret: () => {
      expect(existsSync(join(at, 'recovery')), 'no new identity in the place of a lost one').toBe(false);
      return filled(7);
    },
  });
}

const INCOMING = 300;
const textOf = (n: number) => `incoming ${n} ${'text '.repeat(40)}`;

/** 300 received, 10 delivered, 5 waiting. */
function fill(): void {
  using home = open();
  home.commit([pinned('carol', 5), pinned('bob'), cursor(0)]);
  for (let n = 1; n <= INCOMING; n += 50) {
    home.commit(Array.from({ length: 50 }, (_, i) => received(n + i, textOf(n + i))));
  }
  home.commit([...Array.from({ length: 15 }, (_, i) => queued(i + 1)), settled(10)]);
  home.commit([
    { type: 'guesses', guesses: { buckets: new Map([[7, { failures: 2, lastWall: 5 }]]), names: new Map() } },
  ]);
}

/** The texts of all pages, oldest first. */
function historyOf(home: Home): readonly string[] {
  const texts: string[] = [];
  let after = 0;
  for (;;) {
    const { entries, newer } = home.history.page({ after, limit: 100 });
    texts.push(...entries.map(({ text }) => text.toString()));
    if (newer === undefined) return texts;
    after = newer;
  }
}

function asideOf(at = folder): readonly string[] {
  return readdirSync(at).filter((name) => /^sotto\.db\.damaged-\d{8}T\d{6}Z$/.test(name));
}

function expectIdentity(home: Home): void {
  expect(home.secret).toEqual(filled(7));
  expect(home.records.map(({ username }) => username).toSorted()).toEqual(['bob', 'carol']);
  expect(home.records.find(({ username }) => username === 'bob')?.pin?.psk.reveal()).toEqual(filled(2));
}

function flip(file: string, offset: number, bit = 0): void {
  const bytes = readFileSync(file);
  bytes[offset] = (bytes[offset] ?? 0) ^ (1 << bit);
  writeFileSync(file, bytes);
}

describe('a database that cannot be opened is set aside, and identity and pins are kept (STO-07)', () => {
  const damages: readonly (readonly [string, () => void])[] = [
    ['its first page is spoiled', () => flip(path, 40)],
    ['it is cut off in its first page', () => truncateSync(path, 1_000)],
    [
      'it is something else',
      () => writeFileSync(path, 'not a database, and longer than its header'.repeat(200)),
    ],
    ['it is full of zeros', () => writeFileSync(path, new Uint8Array(65_536))],
    ['it is empty', () => truncateSync(path, 0)],
  ];
  test.each(damages)('%s', (_name, damage) => {
    fill();
    damage();
    const damaged = readFileSync(path);
    using home = open();
    expectIdentity(home);
    expect(home.notices.map(({ code }) => code)).toEqual(['home-damaged']);
    const [aside, ...others] = asideOf();
    expect(others).toEqual([]);
    expect(readFileSync(join(folder, aside!))).toEqual(damaged);
    expect(home.notices[0]?.message).toContain(aside);
    expect(home.standing('bob')).toBeUndefined();
    home.commit([cursor(0), received(1), queued(1)]);
    home[Symbol.dispose]();
    using again = open();
    expect([again.notices, historyOf(again)]).toEqual([[], ['incoming 1', 'outgoing 1']]);
  });

  test('it is missing', () => {
    fill();
    rmSync(path);
    using home = open();
    expectIdentity(home);
    expect(home.notices[0]?.message).toContain('was missing');
    expect(asideOf()).toEqual([]);
  });
});

const WHOLE = [
  ...Array.from({ length: INCOMING }, (_, i) => textOf(i + 1)),
  ...Array.from({ length: 15 }, (_, i) => `outgoing ${i + 1}`),
];

/** Reads everything by every way; says whether something could not be read. What can be is right. */
function findsDamage(home: Home): boolean {
  try {
    expect(historyOf(home)).toEqual(WHOLE);
    home.history.page({ search: 'incoming' });
    expect(home.history.waiting().total).toBe(5);
    expect(home.expiring('bob', NOW, 10).rows).toEqual([]);
    expect(home.outgoing('bob', { epoch: EPOCH, after: 0, upTo: 99, limit: 99 })).toHaveLength(15);
    home.commit([received(INCOMING, textOf(INCOMING)), queued(15)]);
    for (let n = 1; n <= INCOMING; n++) expect(home.seqOfIncoming('bob', idOf(n))).toBe(n);
    return false;
  } catch (error) {
    if (error instanceof CodedError && error.code === 'home-damaged') return true;
    throw error;
  }
}

test('of a database with a bad block all that can be read is saved, and nothing is ever altered (STO-07)', () => {
  fill();
  const pages = readFileSync(path).length / PAGE_BYTES;
  const lost: number[] = [];
  for (let page = 2; page <= pages; page++) {
    const at = join(root, `page-${page}`);
    cpSync(folder, at, { recursive: true });
    flip(join(at, 'sotto.db'), (page - 1) * PAGE_BYTES + ((page * 997) % PAGE_BYTES), page % 8);
    // What the damage is in may not be read at the first start: then the first reading says so, and the next start repairs it.
    const first = open(at);
    const isFound = first.notices.length > 0 || findsDamage(first);
    first[Symbol.dispose]();
    using home = open(at);
    expectIdentity(home);
    const texts = historyOf(home);
    expect(texts).toEqual(WHOLE.filter((text) => texts.includes(text)));
    expect(asideOf(at).length, `page ${page}`).toBe(isFound ? 1 : 0);
    expect(home.lineage.length > 0, 'places may be given out again').toBe(isFound);
    // What came is known by its id, but not from which numbering.
    expect((home.standing('bob')?.inbox?.stored ?? 0) === 0).toBe(isFound);
    lost.push(WHOLE.length - texts.length);
    rmSync(at, { recursive: true });
  }
  expect(lost.filter((count) => count > 0).length).toBeGreaterThan(10);
  expect(
    lost.filter((count) => count > 60).length,
    'the pages of the schema, and the root of the table',
  ).toBeLessThanOrEqual(4);
});

describe('after a damage', () => {
  /** A page of the table of guesses: nothing of value is on it, and all that is to be saved is readable. */
  function spoilSomePage(): void {
    for (let page = 2; ; page++) {
      const good = readFileSync(path);
      flip(path, (page - 1) * PAGE_BYTES + 100);
      const home = open();
      const isRebuilt = home.notices.length > 0;
      const { length } = historyOf(home);
      home[Symbol.dispose]();
      if (isRebuilt && length === INCOMING + 15) return;
      rmSync(folder, { recursive: true });
      cpSync(join(root, 'good'), folder, { recursive: true });
      expect(good.length).toBeGreaterThan(page * PAGE_BYTES);
    }
  }
  beforeEach(() => {
    fill();
    cpSync(folder, join(root, 'good'), { recursive: true });
    spoilSomePage();
  });

  test('what waits goes out under a new numbering, in order, and what was delivered stays so (DLV-09)', () => {
    using home = open();
    const standing = home.standing('bob')?.outbox;
    expect(standing).toMatchObject({ assigned: 5, sent: 0, settled: 0, waiting: 5 });
    const epoch = standing?.epoch ?? new Uint8Array(0);
    expect(epoch).not.toEqual(new Uint8Array(16).fill(1));
    const rows = home.outgoing('bob', { epoch, after: 0, upTo: 100, limit: 100 });
    expect(rows.map(({ seq, id }) => [seq, id])).toEqual([1, 2, 3, 4, 5].map((n) => [n, idOf(1_010 + n)]));
    expect(home.history.waiting().total).toBe(5);
  });

  test('nor is what it sends again shown again (DLV-01)', () => {
    using home = open();
    const inbox = new Inbox('bob', home, home.standing('bob')?.inbox);
    home.commit(inbox.onReady(rigReady({ epoch: PEER_EPOCH, first: 1, last: INCOMING + 1 })).changes);
    const shown = Array.from({ length: INCOMING + 1 }, (_, i) => {
      const [header, text] = [{ type: 'text', id: idOf(i + 1), seq: i + 1, timestamp: NOW }, textOf(i + 1)];
      const decision = inbox.onMessage(header, encodeUtf8(text), NOW);
      if (!decision.ok) throw new Error(decision.failure.message);
      home.commit(decision.value.changes);
      return decision.value.effects.filter(({ type }) => type === 'received').length;
    });
    expect(shown.reduce((sum, count) => sum + count)).toBe(1);
    expect(historyOf(home)).toHaveLength(INCOMING + 15 + 1);
  });

  test('what the peer sends again is known by its id (DLV-01)', () => {
    using home = open();
    home.commit([
      cursor(0),
      ...Array.from({ length: 20 }, (_, i) => received(i + 1, textOf(i + 1))),
      received(21, 'other'),
    ]);
    expect(historyOf(home)).toHaveLength(INCOMING + 15);
    expect(home.standing('bob')?.inbox).toMatchObject({ stored: 21, largestId: idOf(INCOMING) });
  });
});

test('a key that is not this home’s changes nothing and says so', () => {
  fill();
  const other = openHome({ folder: join(root, 'other'), username: 'alice', newSecret: () => filled(1) });
  other[Symbol.dispose]();
  renameSync(join(folder, 'key'), join(root, 'kept'));
  copyFileSync(join(root, 'other', 'key'), join(folder, 'key'));
  const before = readFileSync(path);
  expect(() => open()).toThrow(/cannot be opened with the home’s key/);
  expect([asideOf(), readFileSync(path)]).toEqual([[], before]);
  rmSync(join(folder, 'key'));
  expect(() => open()).toThrow(/has lost its file “key”/);
  renameSync(join(root, 'kept'), join(folder, 'key'));
  using home = open();
  expectIdentity(home);
});

test('the recovery file is made anew, and without it the identity is read from what is left', () => {
  fill();
  rmSync(join(folder, 'recovery'));
  open()[Symbol.dispose]();
  expect(existsSync(join(folder, 'recovery'))).toBe(true);
  flip(join(folder, 'recovery'), 50);
  flip(path, readFileSync(path).length - 2_000);
  writeFileSync(`${path}.suspect`, '');
  const home = open();
  expect([home.notices.length, asideOf().length]).toEqual([1, 1]);
  expectIdentity(home);
  home[Symbol.dispose]();
  expect(existsSync(`${path}.suspect`)).toBe(false);
  rmSync(path);
  using again = open();
  expectIdentity(again);
});

test('a log with a bad block ends there: the standing is lower, and newer keys are not forgotten (STO-07, DLV-10)', () => {
  const home = open();
  home.commit([pinned('carol', 5), pinned('bob'), cursor(0)]);
  for (let n = 1; n <= 20; n++) home.commit([received(n), ...(n === 18 ? [pinned('bob', 30)] : [])]);
  cpSync(folder, join(root, 'killed'), { recursive: true });
  home[Symbol.dispose]();
  const length = readFileSync(join(root, 'killed', 'sotto.db-wal')).length;
  const seen = new Set<number>();
  for (let step = 0; step < 40; step++) {
    const at = join(root, `wal-${step}`);
    cpSync(join(root, 'killed'), at, { recursive: true });
    flip(join(at, 'sotto.db-wal'), Math.floor((length * step) / 40) + step, step % 8);
    using found = open(at);
    const stored = found.standing('bob')?.inbox?.stored ?? 0;
    seen.add(stored);
    expect(found.lineage.length > 0, 'places are given out again').toBe(found.notices.length > 0);
    expect(historyOf(found)).toEqual(Array.from({ length: stored }, (_, i) => `incoming ${i + 1}`));
    expect(found.records.find(({ username }) => username === 'bob')?.pin?.key).toEqual(filled(30));
    // Whatever is lost comes again from the peer, and is taken.
    found.commit([cursor(stored), received(stored + 1)]);
    expect(found.standing('bob')?.inbox?.stored).toBe(stored + 1);
  }
  expect(seen.size).toBeGreaterThan(5);
});

test('a start that was killed while it made the database anew is gone on with', () => {
  fill();
  const good = readFileSync(path);
  const made = openHome({ folder: join(root, 'new'), username: 'alice', newSecret: () => filled(7) });
  made[Symbol.dispose]();
  // Unfinished: it is thrown away.
  writeFileSync(`${path}.making`, 'half of it');
  open()[Symbol.dispose]();
  expect(readdirSync(folder).filter((name) => name.includes('making'))).toEqual([]);
  // Finished, and not yet in its place: with the log of the damaged one aside already, or not.
  const time = '20260102T030405Z';
  const wal = `${path}-wal`;
  for (const isLogAside of [false, true]) {
    copyFileSync(path, `${path}.rebuilt-${time}`);
    truncateSync(path, 5_000);
    writeFileSync(isLogAside ? `${path}.damaged-${time}-wal` : wal, 'its log');
    const home = open();
    expect(home.notices.map(({ code }) => code)).toEqual(['home-damaged']);
    expect(home.notices[0]?.message).toContain(`kept as sotto.db.damaged-${time}`);
    home[Symbol.dispose]();
    expect([asideOf(), readFileSync(path).length]).toEqual([[`sotto.db.damaged-${time}`], good.length]);
    expect(readFileSync(`${path}.damaged-${time}-wal`, 'utf8')).toBe('its log');
    for (const suffix of ['', '-wal']) rmSync(`${path}.damaged-${time}${suffix}`);
  }
  // The damaged one is aside already.
  writeFileSync(`${path}.damaged-${time}`, 'the damaged one');
  renameSync(path, `${path}.rebuilt-${time}`);
  using home = open();
  expect([asideOf().length, historyOf(home).length, home.notices.length]).toEqual([1, INCOMING + 15, 1]);
  expect(home.history.page({ limit: 1 }).entries[0]?.storedAtWall).toBe(NOW + 15);
});

test('that a killed start is gone on with is not lost with a wrong passphrase (STO-07)', () => {
  fill();
  setPassphrase(folder, undefined, encodeUtf8('right'));
  copyFileSync(path, `${path}.rebuilt-20260102T030405Z`);
  const options = { folder, username: 'alice', newSecret: () => filled(1) };
  expect(() => openHome({ ...options, passphrase: encodeUtf8('wrong') })).toThrow(CodedError);
  using home = openHome({ ...options, passphrase: encodeUtf8('right') });
  expect(home.notices.map(({ code }) => code)).toEqual(['home-damaged']);
});
