import { closeSync, existsSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { CodedError, type Bytes } from '../base/index.ts';
import { syncFolder } from './atomic-write.ts';
import { damaged, isInputOutputError, toCodedError, unusable } from './database-error.ts';
import { connect, type Connection, type PreparedStatement } from './sqlite.ts';

// Every page of the file and of its WAL is encrypted and authenticated
// (ChaCha20-Poly1305) under the home's key. Only one connection exists, and it keeps the file locked for itself.
//
// After an input or output error nobody knows what is on the disk, and a second fsync may report what is not so ("fsyncgate"):
// the connection is closed, and whoever comes next opens and checks the file anew (STO-04). Statements survive that.

/** The WAL is cut back to this after each checkpoint, however far a burst made it grow (STO-10). */
const WAL_BYTES_KEPT = 4 * 1024 * 1024;

/** What a page costs is its deciphering: the index of some hundred thousand ids stays in memory. */
const CACHE_KIB = 16 * 1024;

/** What a statement takes and gives. Whole numbers up to 2^53. */
export type SqlValue = string | number | Bytes | null;

export interface Statement<Row> {
  /** The number of rows that changed. */
  run(...values: readonly SqlValue[]): number;
  get(...values: readonly SqlValue[]): Row | undefined;
  all(...values: readonly SqlValue[]): Row[];
}

/** Opens or creates the encrypted database, 0600. Throws home-unusable or disk-full, and home-damaged also for a wrong key. */
export function openDatabase(path: string, key: Bytes): Database {
  return new Database(path, key);
}

export class Database implements Disposable {
  readonly path: string;
  readonly #key: Bytes;
  readonly #file: bigint | undefined;
  readonly #statements = new Map<string, CachedStatement>();
  #connection: Connection | undefined;
  #openings = 0;
  #isInTransaction = false;
  #isDisposed = false;

  constructor(path: string, key: Bytes) {
    this.path = path;
    this.#key = key;
    createFile(path);
    this.#file = inodeOf(path);
    this.#open();
  }

  /** The file that was opened still has its name: what is written to it is not lost. */
  get isInPlace(): boolean {
    return inodeOf(this.path) === this.#file;
  }

  /** False after an input or output error, until `recover` has worked. */
  get isUsable(): boolean {
    return this.#connection?.open === true;
  }

  /** How often it was opened: what was read before the last time need not be true any more. */
  get openings(): number {
    return this.#openings;
  }

  /** Since the last start something of it could not be read: the next start reads all of it (STO-07). */
  get isSuspect(): boolean {
    return existsSync(suspectMark(this.path));
  }

  /** The same text gives the same statement; `Row` is what its columns are. */
  prepare<Row = unknown>(sql: string): Statement<Row> {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = new CachedStatement(this, sql);
      this.#statements.set(sql, statement);
    }
    return statement as Statement<Row>;
  }

  exec(sql: string): void {
    this.guard(() => this.connection.exec(sql));
  }

  /** One pragma's answer, or what it was set to. */
  pragma(source: string): unknown {
    return this.guard(() => this.connection.pragma(source, { simple: true }));
  }

  /** All of it or nothing, with one fsync at its end. Not to be nested. */
  transaction<Value>(act: () => Value): Value {
    this.recover();
    this.prepare('BEGIN IMMEDIATE').run();
    this.#isInTransaction = true;
    try {
      const value = act();
      this.prepare('COMMIT').run();
      return value;
    } catch (error) {
      if (this.#connection?.inTransaction === true) this.#rollBack();
      throw error;
    } finally {
      this.#isInTransaction = false;
    }
  }

  /** When it cannot be rolled back, nobody knows what is in it: it is opened anew. */
  #rollBack(): void {
    try {
      this.connection.exec('ROLLBACK');
    } catch {
      this.abandon();
    }
  }

  /** Of the file, without the WAL. */
  get bytes(): number {
    return statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** What the WAL holds, in bytes. */
  get logBytes(): number {
    return statSync(`${this.path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Moves what the WAL holds into the database and empties it (STO-10). */
  checkpoint(): void {
    const [result] = this.guard(() => this.connection.pragma('wal_checkpoint(TRUNCATE)')) as [
      { busy: number },
    ];
    if (result.busy !== 0) throw unusable(this.path, 'its log could not be written back');
  }

  /** Reads every page. Throws home-damaged. */
  check(): void {
    const answer = this.pragma('quick_check(1)');
    if (answer !== 'ok') {
      markSuspect(this.path);
      throw damaged(this.path, String(answer).split('\n')[1] ?? 'a check failed');
    }
    rmSync(suspectMark(this.path), { force: true });
  }

  /**
   * After an input or output error: opens the file anew, and believes only what it reads back. Every transaction begins with it, and
   * every reading outside of one.
   */
  recover(): void {
    if (this.isUsable || this.#isInTransaction) return;
    if (this.#isDisposed) throw new Error('a closed database was used');
    if (!this.isInPlace) throw unusable(this.path, 'it was removed or replaced');
    this.#open();
    try {
      this.checkpoint();
      this.check();
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /** Lets go of the file; the errors of that are of no use to anybody. */
  abandon(): void {
    for (const statement of this.#statements.values()) statement.forget();
    try {
      this.#connection?.close();
    } catch {
      // What could not be written back stays in the WAL.
    }
    this.#connection = undefined;
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    try {
      if (this.isUsable) this.checkpoint();
    } catch {
      // The WAL keeps it for the next start.
    }
    this.abandon();
  }

  /** For this file only. */
  get connection(): Connection {
    if (this.#connection?.open !== true)
      throw unusable(this.path, 'it was closed after an error of the disk');
    return this.#connection;
  }

  /** For this file only: the library's errors become coded ones, and after some of them the connection is given up. */
  guard<Value>(act: () => Value): Value {
    try {
      return act();
    } catch (error) {
      if (isInputOutputError(error)) this.abandon();
      const coded = toCodedError(this.path, error);
      if (coded instanceof CodedError && coded.code === 'home-damaged') markSuspect(this.path);
      throw coded;
    }
  }

  #open(): void {
    this.#openings++;
    try {
      this.guard(() => {
        this.#connection = connect(this.path, this.#key);
        // Without a WAL index in shared memory there is one file less; and a second program finds the file locked (DLV-14).
        this.#connection.pragma('locking_mode = EXCLUSIVE');
      });
      this.guard(() => setPragmas(this.path, this.connection));
    } catch (error) {
      this.abandon();
      throw error;
    }
  }
}

class CachedStatement implements Statement<unknown> {
  readonly #database: Database;
  readonly #sql: string;
  #statement: PreparedStatement | undefined;

  constructor(database: Database, sql: string) {
    this.#database = database;
    this.#sql = sql;
  }

  run(...values: readonly SqlValue[]): number {
    return this.#database.guard(() => this.#prepared().run(...values).changes);
  }
  get(...values: readonly SqlValue[]): unknown {
    this.#database.recover();
    return this.#database.guard(() => this.#prepared().get(...values));
  }
  all(...values: readonly SqlValue[]): unknown[] {
    this.#database.recover();
    return this.#database.guard(() => this.#prepared().all(...values));
  }
  forget(): void {
    this.#statement = undefined;
  }
  #prepared(): PreparedStatement {
    this.#statement ??= this.#database.connection.prepare(this.#sql);
    return this.#statement;
  }
}

function inodeOf(path: string): bigint | undefined {
  try {
    return statSync(path, { bigint: true }).ino;
  } catch {
    return undefined;
  }
}

/** SQLite gives its WAL the database's own mode (STO-12). */
function createFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
    syncFolder(dirname(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw toCodedError(path, error);
  }
}

/** Name, how it is set, and what it must then be. A database that was in WAL mode opens at synchronous = 1. */
const PRAGMAS = [
  ['journal_mode', 'WAL', 'wal'],
  ['synchronous', 'FULL', 2],
  ['secure_delete', 'ON', 1],
  ['temp_store', 'MEMORY', 2],
  ['trusted_schema', 'OFF', 0],
  ['cell_size_check', 'ON', 1],
  ['cache_size', String(-CACHE_KIB), -CACHE_KIB],
  ['journal_size_limit', String(WAL_BYTES_KEPT), WAL_BYTES_KEPT],
] as const;

function setPragmas(path: string, connection: Connection): void {
  for (const [name, value, expected] of PRAGMAS) {
    connection.pragma(`${name} = ${value}`);
    const found = connection.pragma(name, { simple: true });
    if (found !== expected) throw unusable(path, `${name} is ${String(found)} instead of ${expected}`);
  }
}

export function suspectMark(path: string): string {
  return `${path}.suspect`;
}

function markSuspect(path: string): void {
  try {
    closeSync(openSync(suspectMark(path), 'a', 0o600));
  } catch {
    // Then the damage is found when it is read again.
  }
}
