import { closeSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import type { Change } from '../../src/engine/index.ts';
import { median } from '../statistics.ts';
import type { LogSizes } from './messages.ts';

/** The least that a commit can cost: as many bytes as the database writes to its log, written at once, and one fsync. */
export class BareLog implements Disposable {
  readonly #path: string;
  readonly #file: number;
  readonly #sizes: LogSizes;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(path: string, sizes: LogSizes) {
    this.#path = path;
    this.#sizes = sizes;
    this.#bytes = new Uint8Array(sizes.whole).fill(1);
    this.#file = openSync(path, 'w');
    // The database's own log is overwritten from its beginning too, and so it does not grow.
    writeSync(this.#file, this.#bytes);
    fsyncSync(this.#file);
  }

  append(changes: readonly Change[]): void {
    const size = this.#sizes.commits[nameOf(changes)] ?? Math.max(...Object.values(this.#sizes.commits));
    if (this.#at + size > this.#sizes.whole) this.#at = 0;
    writeSync(this.#file, this.#bytes, 0, size, this.#at);
    this.#at += size;
    fsyncSync(this.#file);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
    rmSync(this.#path);
  }
}

/** How many bytes the database writes to its log: seen by its growth, until it is full and begins anew. */
export class LogGrowth {
  readonly #path: string;
  readonly #seen = new Map<string, number[]>();
  #whole = 0;

  constructor(database: string) {
    this.#path = `${database}-wal`;
  }

  during(changes: readonly Change[], commit: () => void): void {
    const before = this.#size();
    commit();
    const after = this.#size();
    this.#whole = Math.max(this.#whole, after);
    if (before === 0 || after <= before) return;
    const name = nameOf(changes);
    this.#seen.set(name, [...(this.#seen.get(name) ?? []), after - before]);
  }

  get sizes(): LogSizes {
    const commits = [...this.#seen].map(([name, sizes]) => [name, median(sizes)] as const);
    return { whole: this.#whole, commits: Object.fromEntries(commits) };
  }

  #size(): number {
    return statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
  }
}

/** What a commit is for. */
function nameOf(changes: readonly Change[]): string {
  return changes[0]?.type ?? '';
}
