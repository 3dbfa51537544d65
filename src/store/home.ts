import type { BackupCommand } from '../api/index.ts';
import { CodedError, type Bytes, type Failure } from '../base/index.ts';
import type { GuessLedger, TrustRecord } from '../directory/index.ts';
import type { Change, Store } from '../engine/index.ts';
import type { OutboxRow, Standing } from '../protocol/delivery/index.ts';
import { writeBackup } from './backup.ts';
import type { Database } from './database.ts';
import { History } from './history/index.ts';
import { lockOwnHome, type HomeLock } from './home-lock.ts';
import type { Identity } from './identity.ts';
import { DurableLedger, type Conversation } from './ledger/index.ts';
import { beginLineage, readLineage } from './lineage.ts';
import { openContent, type HomeContents, type OpenHome } from './open-content.ts';
import { readRecovery, recoveryMark, writeRecovery, type RecoveryContent } from './recovery.ts';

/** Messages: some tens of milliseconds. */
const INDEXED_AT_ONCE = 200;

/** A log this long is written back while nothing else is to be done (STO-10); a shorter one is not worth its fsyncs. */
const IDLE_LOG_BYTES = 1024 * 1024;

const LOG_LOST: Failure = {
  code: 'home-damaged',
  message:
    'the end of the database’s log was damaged: what was stored last is lost. All pinned keys are kept.',
  hint: 'Contacts send again what they still keep.',
};

/**
 * Opens or creates a home, for one process at a time. A damaged database is set aside, and what can be had of it is in a new one: see
 * `notices`. Throws home-locked, home-owner, home-newer, home-damaged, home-unusable, disk-full, locked or passphrase-wrong.
 */
export function openHome(options: OpenHome): Home {
  const lock = options.lock ?? lockOwnHome(options.folder);
  try {
    const contents = openContent(options);
    try {
      return new Home(options.folder, contents, lock);
    } catch (error) {
      contents.database[Symbol.dispose]();
      throw error;
    }
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** A person's identity key, pins, failed guesses and messages: one encrypted database, written in one transaction a turn. */
export class Home implements Store, Disposable {
  readonly folder: string;
  readonly username: string;
  readonly secret: Bytes;
  /** What a person should be told about the home: it was damaged, and what became of it. */
  readonly notices: readonly Failure[];
  /** Another one when places in the history are given out a second time: it was restored, or damaged. */
  readonly lineage: Bytes;
  /** What was said, to be read and deleted. */
  readonly history: History;
  readonly #identity: Identity;
  readonly #key: Bytes;
  readonly #lock: HomeLock;
  readonly #database: Database;
  readonly #ledger: DurableLedger;
  /** What the recovery file holds. */
  #recoveryMark: string | undefined;
  #isRecoveryDue = false;
  /** Why it could not be written, and is behind. */
  #recoveryTrouble: Failure | undefined;

  constructor(folder: string, { identity, key, database, notices }: HomeContents, lock: HomeLock) {
    this.folder = folder;
    this.username = identity.username;
    this.secret = identity.secret;
    this.#identity = identity;
    this.#key = key;
    this.#lock = lock;
    this.#database = database;
    this.history = new History(database, { onForget: () => this.#ledger.recount() });
    this.#ledger = new DurableLedger(database, { forget: (positions) => this.history.forget(positions) });
    const recovery = readRecovery(folder, key);
    const hasCaughtUp = typeof recovery !== 'string' && this.#catchUp(recovery);
    this.lineage = readLineage(database);
    this.#keepRecovery();
    const behind = this.#recoveryTrouble;
    // A disk that is full now may still be read.
    if (behind && behind.code !== 'disk-full') throw new CodedError(behind);
    this.notices = [...notices, ...(hasCaughtUp ? [LOG_LOST] : []), ...(behind ? [behind] : [])];
  }

  /** The file of what no peer can give back could not be written: it is tried again with the next commit, and when idle. */
  get recoveryTrouble(): Failure | undefined {
    return this.#recoveryTrouble;
  }

  get records(): readonly TrustRecord[] {
    return this.#ledger.records;
  }

  get guesses(): GuessLedger {
    return this.#ledger.guesses;
  }

  /** Who has dialled us and proven itself, and when last, UTC ms. */
  get reachedUs(): ReadonlyMap<string, number> {
    const sql = 'SELECT username, reached_us FROM contact WHERE reached_us IS NOT NULL';
    const rows = this.#database.prepare<{ username: string; reached_us: number }>(sql).all();
    return new Map(rows.map(({ username, reached_us: atWall }) => [username, atWall]));
  }

  /**
   * Throws disk-full, home-unusable or home-damaged; the changes are then given again with the next commit. After a disk error the
   * database is first opened anew and checked as a whole; with no changes that is all. What is in the database is kept, though the
   * recovery file may be behind: see `recoveryTrouble`.
   */
  commit(changes: readonly Change[]): void {
    this.#mustBeInPlace();
    if (changes.length === 0) return;
    this.#ledger.commit(changes);
    if (this.#isRecoveryDue || changes.some((change) => change.type === 'trust')) this.#keepRecovery();
  }

  positionOf(peer: string, id: string): number | undefined {
    return this.#ledger.positionOf(peer, id);
  }

  /** No message has a higher position. */
  get highestPosition(): number {
    return this.#ledger.highestPosition;
  }
  /** Of everybody who was ever heard of. Throws what reading throws. */
  get conversations(): ReadonlyMap<string, Conversation> {
    return this.#ledger.conversations;
  }
  /** The last message with this contact; 0 when there is none. */
  lastPosition(peer: string): number {
    return this.#ledger.lastPosition(peer);
  }
  /** What is neither delivered nor given up, its texts in bytes. */
  get waiting(): { readonly messages: number; readonly bytes: number } {
    return this.#ledger.waiting;
  }
  /** Of the database and of its log. */
  get sizes(): { readonly bytes: number; readonly logBytes: number } {
    return { bytes: this.#database.bytes, logBytes: this.#database.logBytes };
  }

  correspondents(): readonly string[] {
    return this.#ledger.correspondents();
  }
  standing(peer: string): Standing | undefined {
    return this.#ledger.standing(peer);
  }
  outgoing(
    peer: string,
    range: { readonly epoch: Bytes; readonly after: number; readonly upTo: number; readonly limit: number },
  ): readonly OutboxRow[] {
    return this.#ledger.outgoing(peer, range);
  }
  findOutgoing(id: string): { readonly peer: string; readonly seq: number } | undefined {
    return this.#ledger.findOutgoing(id);
  }
  seqOfIncoming(peer: string, id: string): number | undefined {
    return this.#ledger.seqOfIncoming(peer, id);
  }
  expiring(
    peer: string,
    nowWall: number,
    limit: number,
  ): { readonly rows: readonly OutboxRow[]; readonly nextWall: number | undefined } {
    return this.#ledger.expiring(peer, nowWall, limit);
  }
  repairableFrom(
    peer: string,
    key: Bytes,
    range: { readonly sinceWall: number; readonly limit: number },
  ): number | undefined {
    return this.#ledger.repairableFrom(peer, key, range);
  }

  /** Writes an encrypted copy of the home to a new file. Throws usage, disk-full or home-unusable. */
  backup(command: BackupCommand): void {
    this.#mustBeInPlace();
    const { folder, username } = this;
    writeBackup({ database: this.#database, folder, username, key: this.#key, nowWall: Date.now() }, command);
  }

  /**
   * A piece of work for idle time, some tens of milliseconds; true when more of it waits. Throws what `commit` throws, and does
   * nothing while the database waits to be opened anew.
   */
  tidy(): boolean {
    if (!this.#database.isUsable) return false;
    this.#mustBeInPlace();
    if (this.#isRecoveryDue) this.#keepRecovery();
    if (this.history.tidy(INDEXED_AT_ONCE)) return true;
    if (this.#database.logBytes > IDLE_LOG_BYTES) this.#database.checkpoint();
    return false;
  }

  [Symbol.dispose](): void {
    this.#database[Symbol.dispose]();
    this.#lock[Symbol.dispose]();
  }

  /** The end of the log was lost with a bad block: keys that were taken since are not forgotten. */
  #catchUp(recovery: RecoveryContent): boolean {
    this.#recoveryMark = recoveryMark(recovery);
    if (recovery.generation <= this.#ledger.generation) return false;
    // First, lest a start that is killed here is taken for one that knows all.
    beginLineage(this.#database);
    this.#ledger.commit(recovery.records.map((record) => ({ type: 'trust', record })));
    this.#database
      .prepare("UPDATE home SET value = max(value, ?) WHERE name = 'trusted'")
      .run(recovery.generation);
    return true;
  }

  /** What it is about is committed already, so that nobody may hear of this as of a commit that failed. */
  #keepRecovery(): void {
    this.#isRecoveryDue = true;
    try {
      this.#writeRecovery();
      this.#isRecoveryDue = false;
      this.#recoveryTrouble = undefined;
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.#recoveryTrouble = error.failure;
    }
  }

  #writeRecovery(): void {
    const { records, peers, generation } = this.#ledger;
    const content = { ...this.#identity, records, peers, generation };
    const mark = recoveryMark(content);
    if (mark === this.#recoveryMark) return;
    writeRecovery(this.folder, this.#key, content);
    this.#recoveryMark = mark;
  }

  /** What lies there now may be another identity's. */
  #mustBeInPlace(): void {
    if (this.#lock.isInPlace && this.#database.isInPlace) return;
    throw new CodedError({
      code: 'home-unusable',
      message: `the home ${this.folder} cannot be used: it was removed or replaced`,
      hint: 'End Sotto and start it again.',
    });
  }
}
