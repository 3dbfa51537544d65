import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeUtf8 } from '../base/index.ts';
import type { Change } from '../engine/index.ts';
import { openDatabase } from './database.ts';
import { openHome, type Home } from './home.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './schema.ts';
import { PAGE_BYTES } from './sqlite.ts';

const KEY = new Uint8Array(32).fill(1);
let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sotto-conversations-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (): Home => openHome({ folder, username: 'alice', newSecret: () => new Uint8Array(32).fill(7) });
const idOf = (n: number): string => `01890a5d-ac96-774b-bcce-${n.toString(16).padStart(12, '0')}`;

function received(n: number, peer = 'bob'): Change {
  const row = {
    seq: n,
    id: idOf(n),
    type: 'text',
    plaintext: encodeUtf8(`in ${n}`),
    timestamp: n,
    receivedWall: n,
  };
  return { type: 'inbox-put', peer, row };
}
function queued(n: number): Change {
  const row = { seq: n, id: idOf(10_000 + n), type: 'text', plaintext: encodeUtf8(`out ${n}`), timestamp: n };
  return { type: 'outbox-put', peer: 'bob', epoch: new Uint8Array(16).fill(1), row };
}
const many = (count: number): readonly Change[] => Array.from({ length: count }, (_, i) => received(i + 1));

test('drafts, read positions and mute are kept, and go again', () => {
  {
    using home = open();
    home.commit([received(1), received(2), queued(1), received(3)]);
    expect(home.conversations.get('bob')).toEqual({
      readUpTo: 0,
      unread: 3,
      mutedUntilWall: undefined,
      draft: undefined,
    });
    home.commit([
      { type: 'draft', peer: 'bob', text: 'half a thought ✓' },
      { type: 'draft', peer: 'carol', text: 'to one never met' },
      { type: 'read', peer: 'bob', upTo: 2 },
      { type: 'muted', peer: 'bob', untilWall: Number.MAX_SAFE_INTEGER },
    ]);
  }
  using home = open();
  const bob = { readUpTo: 2, unread: 1, mutedUntilWall: Number.MAX_SAFE_INTEGER, draft: 'half a thought ✓' };
  expect(home.conversations.get('bob')).toEqual(bob);
  expect(home.conversations.get('carol')).toMatchObject({ draft: 'to one never met', unread: 0 });
  home.commit([
    { type: 'draft', peer: 'bob', text: '' },
    { type: 'read', peer: 'bob', upTo: 1 },
    { type: 'muted', peer: 'bob', untilWall: undefined },
  ]);
  expect(home.conversations.get('bob'), 'a read position never goes back').toEqual({
    ...bob,
    mutedUntilWall: undefined,
    draft: undefined,
  });
});

test('the unread are counted once, then as they come, are read and are deleted', () => {
  using home = open();
  const unread = (): number | undefined => home.conversations.get('bob')?.unread;
  home.commit(many(5));
  expect(unread()).toBe(5);
  home.commit([received(6), queued(1)]);
  expect(unread()).toBe(6);
  home.commit([received(6)]);
  expect(unread(), 'given twice, it came once').toBe(6);
  home.history.erase({ with: 'bob' }, 0, 3);
  expect(unread()).toBe(3);
  home.commit([{ type: 'read', peer: 'bob', upTo: home.lastPosition('bob') }]);
  expect([unread(), home.lastPosition('bob'), home.lastPosition('nobody')]).toEqual([0, 7, 0]);
  home.commit(Array.from({ length: 1_500 }, (_, i) => received(i + 7)));
  expect(unread()).toBe(1_000);
  home.commit([received(1_600)]);
  expect(unread()).toBe(1_000);
});

test('a commit says where it has put what came, also when it is given once more; the next one does not', () => {
  using home = open();
  home.commit([queued(1), received(1), received(1, 'carol')]);
  const places = () => [home.positionOf('bob', idOf(1)), home.positionOf('carol', idOf(1))];
  expect(places()).toEqual([2, 3]);
  home.commit([received(1), received(1, 'carol')]);
  expect([places(), home.highestPosition]).toEqual([[2, 3], 3]);
  home.commit([queued(2)]);
  expect(places()).toEqual([undefined, undefined]);
});

test('a home of the version before: what a screen has shown is read, everything else is not (STO-08)', () => {
  const path = join(folder, 'old.db');
  using database = openDatabase(path, KEY);
  migrate(database, MIGRATIONS.slice(0, 1));
  database.exec("INSERT INTO contact (username, shown) VALUES ('bob', 3), ('carol', 7), ('dave', 0)");
  migrate(database);
  const rows = database.prepare('SELECT username, read_up_to, muted_until FROM contact ORDER BY peer').all();
  expect(rows).toEqual(
    ['bob', 'carol', 'dave'].map((username) => ({ username, read_up_to: 7, muted_until: null })),
  );
});

test('a place that was read is never given to a message that comes later', () => {
  using home = open();
  home.commit([received(1), { type: 'read', peer: 'bob', upTo: 9 }]);
  home[Symbol.dispose]();
  using again = open();
  expect(again.highestPosition).toBe(9);
});

test('a database that is made anew carries drafts, read positions and mute (STO-07)', () => {
  {
    using home = open();
    const long = (n: number): Change => ({
      type: 'draft',
      peer: `friend ${n}`,
      text: `draft ${n} `.repeat(200),
    });
    home.commit([...many(50), ...Array.from({ length: 5 }, (_, i) => long(i))]);
    home.commit([
      { type: 'draft', peer: 'bob', text: 'unfinished' },
      { type: 'read', peer: 'bob', upTo: 20 },
      { type: 'muted', peer: 'bob', untilWall: 1_900_000_000_000 },
    ]);
  }
  const path = join(folder, 'sotto.db');
  const good = readFileSync(path);
  let [rebuilt, whole] = [0, 0];
  for (let page = 3; page <= good.length / PAGE_BYTES; page++) {
    rmSync(`${path}-wal`, { force: true });
    const bytes = Buffer.from(good);
    const at = (page - 1) * PAGE_BYTES + 100;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    writeFileSync(`${path}.suspect`, '');
    using home = open();
    const bob = home.conversations.get('bob');
    rebuilt += home.notices.length;
    if (bob?.draft !== 'unfinished') continue;
    whole += 1;
    expect(bob.mutedUntilWall, `page ${page}`).toBe(1_900_000_000_000);
    expect(bob.readUpTo, `page ${page}`).toBe(20);
    // Messages may be lost with the page; what is left of the unread is counted.
    expect(bob.unread, `page ${page}`).toBe(
      home.history.page({ with: 'bob', after: 20, limit: 100 }).entries.length,
    );
  }
  expect(rebuilt).toBeGreaterThan(5);
  expect(whole).toBeGreaterThan(5);
});
