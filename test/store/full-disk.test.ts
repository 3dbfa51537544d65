import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CodedError } from '../../src/base/index.ts';
import { openHome, type Home } from '../../src/store/index.ts';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { MIGRATIONS } from '../../src/store/schema.ts';
import { Tmpfs, whyNoTmpfs } from '../durability/tmpfs.ts';
import { startNode } from './child-node.ts';
import { cursor, pinned, received } from './store-changes.ts';

const why = whyNoTmpfs();
if (why !== undefined) console.warn(`left out: ${why}`);

const KEY = new Uint8Array(32).fill(5);

function folderOn(disk: Tmpfs): string {
  const folder = join(disk.folder, 'home');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

function open(folder: string): Home {
  return openHome({ folder, username: 'alice', newSecret: () => new Uint8Array(32).fill(7) });
}

function codeOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return error instanceof CodedError ? error.code : String(error);
  }
}

/** What was said, as far as it can be read. */
function read({ history }: Home): readonly string[] {
  const waiting = history.waiting().messages.map(({ text }) => `waits: ${text}`);
  return [...history.page().entries.map(({ text }) => text.toString()), ...waiting];
}

test.runIf(why === undefined)(
  'a home is opened and read on a full disk, with the log of a program that was killed (STO-03)',
  async () => {
    using disk = new Tmpfs(2);
    const folder = folderOn(disk);
    open(folder)[Symbol.dispose]();
    const source = join(import.meta.dirname, '../../src/store/index.ts');
    const changes = join(import.meta.dirname, 'store-changes.ts');
    {
      await using killed = startNode(`
      import { openHome } from ${JSON.stringify(source)};
      import { cursor, pinned, queued, received } from ${JSON.stringify(changes)};
      const home = openHome({ folder: ${JSON.stringify(folder)}, username: 'alice', newSecret: () => new Uint8Array(32) });
      home.commit([pinned('bob'), cursor(0), received(1), queued(1)]);
      console.log('kept');
      setInterval(() => home, 1_000);`);
      expect(await killed.line()).toBe('kept');
      await killed.kill();
    }
    const note = join(folder, 'lock.json');
    expect(existsSync(note)).toBe(true);
    disk.fill();
    using home = open(folder);
    expect(existsSync(note), 'the note of the program that was killed').toBe(false);
    expect(home.notices).toEqual([]);
    expect(read(home)).toEqual(['incoming 1', 'outgoing 1', 'waits: outgoing 1']);
    const long = Array.from({ length: 20 }, (_, i) => received(i + 2, 'x'.repeat(4_000)));
    expect(codeOf(() => home.commit(long))).toBe('disk-full');
    disk.free();
    home.commit(long);
    expect(home.history.page().entries).toHaveLength(22);
  },
);

test.runIf(why === undefined)(
  'pins that a full disk kept out of the recovery file are told, and in it as soon as there is room',
  () => {
    using disk = new Tmpfs(2);
    const folder = folderOn(disk);
    const recovery = join(folder, 'recovery');
    const opened = open(folder);
    opened.commit([pinned('bob')]);
    opened[Symbol.dispose]();
    rmSync(recovery);
    disk.fill();
    using home = open(folder);
    expect(home.notices.map(({ code }) => code)).toEqual(['disk-full']);
    expect(home.records).toHaveLength(1);
    disk.free();
    home.commit([cursor(0)]);
    expect(existsSync(recovery)).toBe(true);
  },
);

test.runIf(why === undefined)('a later version’s database is refused on a full disk as well (STO-09)', () => {
  using disk = new Tmpfs(1);
  const path = join(disk.folder, 'sotto.db');
  {
    using database = openDatabase(path, KEY);
    migrate(database);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
  }
  disk.fill();
  const before = readFileSync(path);
  using database = openDatabase(path, KEY);
  expect(codeOf(() => migrate(database))).toBe('home-newer');
  expect(readFileSync(path)).toEqual(before);
});

test.runIf(why === undefined)('a home on a disk that may not be written is refused in words (STO-05)', () => {
  using disk = new Tmpfs(2);
  const folder = folderOn(disk);
  open(folder)[Symbol.dispose]();
  writeFileSync(join(folder, 'lock.json'), '{}');
  spawnSync('mount', ['-o', 'remount,ro', disk.folder]);
  expect(codeOf(() => open(folder))).toBe('home-unusable');
  expect(() => open(folder)).toThrow(/read-only file system/);
  spawnSync('mount', ['-o', 'remount,rw', disk.folder]);
  open(folder)[Symbol.dispose]();
});
