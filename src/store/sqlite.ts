import { lstatSync } from 'node:fs';
// oxlint-disable-next-line import/default -- a CommonJS module: what it exports is its default.
import Sqlite from 'better-sqlite3-multiple-ciphers';
import { encodeHex, type Bytes } from '../base/index.ts';
import { unusable } from './database-error.ts';

/** A process that was killed may take a moment to let go (STO-06). */
const BUSY_MS = 2_000;

/**
 * What a commit of one message costs is the enciphering of the pages it touches, and these are the ends of a few trees: with
 * pages of 4 KiB it takes half as long again; with 1 KiB the trees are deeper, and many messages at once take longer (measured).
 */
export const PAGE_BYTES = 2_048;

/** The library's connection. This is the one file that knows the library. */
export type Connection = Sqlite.Database;
export type PreparedStatement = Sqlite.Statement;

/** With the key set, and nothing read yet. Throws home-unusable, and the library's errors. */
export function connect(path: string, key: Bytes, options: { readonly readonly?: boolean } = {}): Connection {
  // A link could have us write anywhere (STO-12).
  for (const each of [path, `${path}-wal`, `${path}-shm`]) {
    const stats = lstatSync(each, { throwIfNoEntry: false });
    if (stats && !stats.isFile()) throw unusable(each, 'it is not a regular file');
  }
  const connection = new Sqlite(path, { ...options, timeout: BUSY_MS });
  // First of all: nothing can be read before.
  connection.pragma("cipher = 'chacha20'");
  connection.pragma(`key = 'raw:${encodeHex(key)}'`);
  // Only a new database takes it.
  connection.pragma(`page_size = ${PAGE_BYTES}`);
  return connection;
}
