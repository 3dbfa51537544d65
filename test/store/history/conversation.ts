import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3-multiple-ciphers';
import { encodeUtf8 } from '../../../src/base/index.ts';
import type { Change } from '../../../src/engine/index.ts';
import { idFromBytes, type MessageId } from '../../../src/protocol/envelope/index.ts';
import { openDatabase, type Database } from '../../../src/store/database.ts';
import { History } from '../../../src/store/history/index.ts';
import { DurableLedger } from '../../../src/store/ledger/index.ts';
import { migrate } from '../../../src/store/migrate.ts';

const KEY = new Uint8Array(32).fill(7);
const EPOCH = new Uint8Array(16).fill(1);
const PEER_KEY = new Uint8Array(32).fill(2);

/** A home's database with its history, filled by the engine's own changes. */
export class Conversation implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'sotto-history-'));
  readonly path: string = join(this.folder, 'sotto.db');
  readonly database: Database = openDatabase(this.path, KEY);
  readonly history: History;
  readonly #ledger: DurableLedger;
  readonly #seqs = new Map<string, number>();
  #ids = 0;
  /** What the clock says when the next message is stored. */
  wall: number = 1_000_000;

  constructor() {
    migrate(this.database);
    this.history = new History(this.database);
    this.#ledger = new DurableLedger(this.database, {
      forget: (positions) => this.history.forget(positions),
    });
  }

  commit(...changes: readonly Change[]): void {
    this.#ledger.commit(changes);
  }

  receive(from: string, ...texts: readonly string[]): readonly MessageId[] {
    const rows = texts.map((text) => ({ ...this.#row(`from ${from}`, text), receivedWall: this.wall }));
    this.commit(...rows.map((row) => ({ type: 'inbox-put', peer: from, row }) as const));
    return rows.map(({ id }) => id);
  }

  send(to: string, ...texts: readonly string[]): readonly MessageId[] {
    const rows = texts.map((text) => this.#row(`to ${to}`, text));
    this.commit(...rows.map((row) => ({ type: 'outbox-put', peer: to, epoch: EPOCH, row }) as const));
    return rows.map(({ id }) => id);
  }

  /** A text that was delivered is queued once more, under its id. */
  again(to: string, id: MessageId, text: string): void {
    const row = { ...this.#row(`to ${to}`, text), id };
    this.commit({ type: 'outbox-put', peer: to, epoch: EPOCH, row });
  }

  /** Everything up to this seq has left. */
  leave(to: string, seq: number): void {
    this.commit({ type: 'outbox-sent', peer: to, epoch: EPOCH, seq });
  }

  /** Everything that was sent to the contact until now has left, and is delivered. */
  deliver(to: string, lastId: MessageId): void {
    const seq = this.#seqs.get(`to ${to}`) ?? 0;
    const settled = { epoch: EPOCH, seq, id: lastId, key: PEER_KEY, atWall: this.wall, refused: [] };
    this.commit(
      { type: 'outbox-sent', peer: to, epoch: EPOCH, seq },
      { type: 'outbox-settle', peer: to, ...settled },
    );
  }

  withdraw(to: string, seq: number, id: MessageId, outcome: 'cancelled' | 'erased'): void {
    this.commit({ type: 'outbox-void', peer: to, epoch: EPOCH, seq, id, outcome, atWall: this.wall });
  }

  seqOfIncoming(from: string, id: MessageId): number | undefined {
    return this.#ledger.seqOfIncoming(from, id);
  }

  outgoing(to: string): readonly { readonly type: string; readonly seq: number }[] {
    return this.#ledger.outgoing(to, { epoch: EPOCH, after: 0, upTo: 1_000, limit: 1_000 });
  }

  texts(...query: Parameters<History['page']>): readonly string[] {
    return this.history.page(...query).entries.map(({ text }) => text.exact());
  }

  found(search: string, name?: string): readonly string[] {
    return this.texts({ search, ...(name !== undefined && { with: name }) });
  }

  tidy(): void {
    while (this.history.tidy(100));
  }

  /** All steps of it; the number that was deleted. */
  erase(query: Parameters<History['erase']>[0], limit = 100): number {
    let erased = 0;
    for (let after: number | undefined = 0; after !== undefined;) {
      const progress = this.history.erase(query, after, limit);
      erased += progress.erased;
      after = progress.next;
    }
    return erased;
  }

  /** The whole file as it would be without encryption, pages that are free among them, and the log beside it as it is. */
  decrypted(): string {
    const copy = join(this.folder, 'copy.db');
    copyFileSync(this.path, copy);
    copyFileSync(`${this.path}-wal`, `${copy}-wal`);
    const plain = new Sqlite(copy);
    plain.pragma("cipher = 'chacha20'");
    plain.pragma(`key = 'raw:${Buffer.from(KEY).toString('hex')}'`);
    plain.pragma('secure_delete = OFF');
    plain.pragma('journal_mode = DELETE');
    plain.pragma("rekey = ''");
    plain.close();
    return readFileSync(copy, 'utf8');
  }

  logLength(): number {
    return readFileSync(`${this.path}-wal`).length;
  }

  [Symbol.dispose](): void {
    this.database[Symbol.dispose]();
    rmSync(this.folder, { recursive: true });
  }

  #row(numbering: string, text: string) {
    const seq = (this.#seqs.get(numbering) ?? 0) + 1;
    this.#seqs.set(numbering, seq);
    const id = new Uint8Array(16);
    new DataView(id.buffer).setUint32(2, ++this.#ids);
    const timestamp = this.wall;
    return { id: idFromBytes(id), seq, type: 'text', plaintext: encodeUtf8(text), timestamp };
  }
}
