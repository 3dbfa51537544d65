import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CodedError } from '../../src/base/index.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { DurableLedger } from '../../src/store/ledger/index.ts';
import { checkVersion, migrate, userVersion } from '../../src/store/migrate.ts';
import { MIGRATIONS } from '../../src/store/schema.ts';
import { connect, PAGE_BYTES } from '../../src/store/sqlite.ts';
import { startNode } from './child-node.ts';
import { cursor, filled, received } from './store-changes.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-database-'));
  path = join(folder, 'sotto.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const KEY = filled(9);

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof CodedError ? error.code : String(error);
  }
  return 'nothing was thrown';
}

function tablesOf(database: Database): readonly string[] {
  const rows = database
    .prepare<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .all();
  return rows.map(({ name }) => name);
}

test('every open is at synchronous FULL, with all that belongs to it (STO-02, STO-11)', () => {
  for (const round of [1, 2, 3]) {
    using database = openDatabase(path, KEY);
    const read = (name: string) => database.pragma(name);
    expect(read('synchronous'), `open ${round}`).toBe(2);
    expect(['journal_mode', 'secure_delete', 'temp_store', 'trusted_schema'].map(read)).toEqual([
      'wal',
      1,
      2,
      0,
    ]);
    expect(read('journal_size_limit')).toBeGreaterThan(0);
    database.exec(`CREATE TABLE t${round} (a)`);
    database.abandon();
    database.recover();
    expect(read('synchronous'), 'as after a disk error').toBe(2);
  }
});

test('database and WAL are 0600 under any umask, and there is no index in shared memory (STO-12)', async () => {
  const source = JSON.stringify(join(import.meta.dirname, '../../src/store/database.ts'));
  await using child = startNode(`
    import { openDatabase } from ${source};
    process.umask(0o000);
    globalThis.database = openDatabase(${JSON.stringify(path)}, new Uint8Array(32));
    globalThis.database.exec('CREATE TABLE t (a)');
    console.log('open');
    setInterval(() => {}, 1_000);`);
  await child.line();
  for (const suffix of ['', '-wal']) expect(statSync(path + suffix).mode & 0o777).toBe(0o600);
  expect(existsSync(`${path}-shm`)).toBe(false);
});

test('a symbolic link in the place of one of its files is refused (STO-12)', () => {
  openDatabase(path, KEY)[Symbol.dispose]();
  renameSync(path, join(folder, 'other'));
  symlinkSync(join(folder, 'other'), path);
  expect(codeOf(() => openDatabase(path, KEY))).toBe('home-unusable');
  rmSync(path);
  copyFileSync(join(folder, 'other'), path);
  symlinkSync(join(folder, 'other'), `${path}-wal`);
  expect(codeOf(() => openDatabase(path, KEY))).toBe('home-unusable');
  rmSync(`${path}-wal`);
  openDatabase(path, KEY)[Symbol.dispose]();
});

test('another key opens nothing, and neither does a second program (DLV-14)', () => {
  using database = openDatabase(path, KEY);
  database.exec('CREATE TABLE t (a)');
  expect(codeOf(() => openDatabase(path, KEY))).toBe('home-unusable');
  database[Symbol.dispose]();
  expect(codeOf(() => openDatabase(path, filled(8)))).toBe('home-damaged');
});

test('nothing readable lies in database and WAL (STO-11)', () => {
  using database = openDatabase(path, KEY);
  database.exec("CREATE TABLE needle_table (a); INSERT INTO needle_table VALUES ('needle text')");
  expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
  const bytes = () =>
    ['', '-wal'].filter((suffix) => existsSync(path + suffix)).map((suffix) => readFileSync(path + suffix));
  for (const found of bytes()) expect(found.includes('needle')).toBe(false);
  database.checkpoint();
  for (const found of bytes())
    expect([found.includes('needle'), found.includes('SQLite')]).toEqual([false, false]);
});

test('the log is cut back, however far a burst made it grow (STO-10)', () => {
  using database = openDatabase(path, KEY);
  database.exec('CREATE TABLE t (a)');
  const add = database.prepare('INSERT INTO t VALUES (?)');
  database.transaction(() => {
    for (let i = 0; i < 300; i++) add.run('x'.repeat(30_000));
  });
  expect(statSync(`${path}-wal`).size).toBeGreaterThan(8_000_000);
  add.run('one more transaction begins the log anew');
  add.run('and another');
  expect(statSync(`${path}-wal`).size).toBeLessThanOrEqual(4_194_304);
  database.checkpoint();
  expect(statSync(`${path}-wal`).size).toBe(0);
});

test('a later version’s database is not touched, byte for byte, a log that was left included (STO-09)', () => {
  const copy = join(folder, 'copy');
  mkdirSync(copy);
  {
    using database = openDatabase(path, KEY);
    migrate(database);
    database.checkpoint();
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    for (const suffix of ['', '-wal']) copyFileSync(path + suffix, join(copy, `sotto.db${suffix}`));
  }
  const killed = join(copy, 'sotto.db');
  for (const [file, hasLog] of [
    [killed, true],
    [path, false],
  ] as const) {
    const before = [readFileSync(file), hasLog && readFileSync(`${file}-wal`)];
    expect(codeOf(() => checkVersion(file, KEY))).toBe('home-newer');
    expect([readFileSync(file), hasLog && readFileSync(`${file}-wal`)]).toEqual(before);
    expect(existsSync(`${file}-shm`)).toBe(false);
  }
});

test('killed at any statement of a migration, a step is there or it is not (STO-08)', () => {
  const steps = [
    ...MIGRATIONS,
    'CREATE TABLE more (a); INSERT INTO more VALUES (1); INSERT INTO more VALUES (2);',
  ];
  const snapshots: string[] = [];
  // What the system has been given is what a kill leaves.
  const snapshot = () => {
    const name = join(folder, `killed-${snapshots.length}`);
    for (const suffix of ['', '-wal'])
      if (existsSync(path + suffix)) copyFileSync(path + suffix, name + suffix);
    snapshots.push(name);
  };
  {
    using database = openDatabase(path, KEY);
    const run = database.exec.bind(database);
    database.exec = (sql) => {
      for (const statement of sql.split(/;\s*(?=CREATE|INSERT|ALTER|UPDATE|--)/)) {
        snapshot();
        run(statement);
      }
      snapshot();
    };
    migrate(database, steps);
    snapshot();
  }
  expect(snapshots.length).toBeGreaterThan(25);
  const versions = snapshots.map((name) => {
    using database = openDatabase(name, KEY);
    const version = userVersion(database);
    const tables = tablesOf(database);
    expect(tables.includes('contact'), name).toBe(version >= 1);
    expect(tables.includes('passed'), name).toBe(version >= 1);
    expect(tables.includes('draft'), name).toBe(version >= 2);
    const columns = database.prepare<{ name: string }>('PRAGMA table_info(contact)').all();
    expect(
      columns.some((column) => column.name === 'read_up_to'),
      name,
    ).toBe(version >= 2);
    expect(tables.includes('more'), name).toBe(version >= 3);
    migrate(database, steps);
    expect(database.prepare('SELECT a FROM more').all()).toEqual([{ a: 1 }, { a: 2 }]);
    return version;
  });
  expect([...new Set(versions)]).toEqual([0, 1, 2, 3]);
});

test('a full disk refuses a turn as a whole, and takes it when there is room (STO-03)', () => {
  using database = openDatabase(path, KEY);
  migrate(database);
  const ledger = new DurableLedger(database);
  const turn = [cursor(0), ...Array.from({ length: 50 }, (_, i) => received(i + 1, 'x'.repeat(4_000)))];
  ledger.commit(turn.slice(0, 2));
  const pages = Number(database.pragma('page_count'));
  database.pragma(`max_page_count = ${pages + 5}`);
  expect(codeOf(() => ledger.commit(turn))).toBe('disk-full');
  expect(ledger.standing('bob')?.inbox?.stored).toBe(1);
  expect(ledger.highestPosition, 'as it is after a restart').toBe(1);
  expect(database.isUsable).toBe(true);
  database.pragma(`max_page_count = ${pages + 5_000}`);
  ledger.commit(turn);
  expect(ledger.standing('bob')?.inbox?.stored).toBe(50);
  expect(ledger.highestPosition).toBe(new DurableLedger(database).highestPosition);
});

test('after an input or output error nothing is believed until the file was opened anew (STO-04)', () => {
  using database = openDatabase(path, KEY);
  migrate(database);
  const ledger = new DurableLedger(database);
  ledger.commit([cursor(0), received(1)]);
  const failing = () => {
    database.transaction(() => {
      database.prepare('INSERT INTO guess VALUES (1, 1, 1)').run();
      database.guard(() => {
        throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_FSYNC' });
      });
    });
  };
  expect(codeOf(failing)).toBe('home-unusable');
  expect(database.isUsable).toBe(false);
  expect(codeOf(() => database.exec('SELECT 1'))).toBe('home-unusable');
  ledger.commit([received(2)]);
  expect(ledger.standing('bob')?.inbox?.stored).toBe(2);
  expect(codeOf(failing)).toBe('home-unusable');
  expect(database.prepare('SELECT * FROM guess').all(), 'a reading opens it as well').toEqual([]);
  expect(codeOf(failing)).toBe('home-unusable');
  flip(path, PAGE_BYTES * 3 + 5);
  expect(
    codeOf(() => ledger.commit([received(3)])),
    'what is found now is checked as a whole',
  ).toBe('home-damaged');
});

test('damage that is found after a disk error is looked for at the next start, too (STO-07)', () => {
  const raw = connect(path, KEY);
  raw.exec('CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT); INSERT INTO t VALUES (1, NULL)');
  // What no page's tag shows: a row that breaks its table's rules.
  raw.unsafeMode(true);
  raw.exec(
    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT NOT NULL)'",
  );
  raw.close();
  using database = openDatabase(path, KEY);
  database.abandon();
  expect(database.isSuspect).toBe(false);
  expect(
    codeOf(() => {
      database.recover();
    }),
  ).toBe('home-damaged');
  expect(database.isSuspect).toBe(true);
});

function flip(file: string, offset: number): void {
  const bytes = readFileSync(file);
  bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}
