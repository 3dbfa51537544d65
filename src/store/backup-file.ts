import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import * as v from 'valibot';
import { CodedError, decodeUtf8, encodeUtf8, systemReason, type Bytes } from '../base/index.ts';
import { decodeChecked, encodeChecked } from './checked-json.ts';
import { base64Of, unwrapKey, wrapKey, wrappedFields, type WrappedKey } from './wrapped-key.ts';

// A backup: a line that says what it is, one line of JSON (BackupHeader, with a check), then the encrypted database, byte for byte.
// The header's fields, among them the database's digest, are authenticated together with the wrapped key: who has not the
// passphrase cannot change anything. Damage is told apart from a wrong passphrase by the check and the digest.

const MAGIC = 'sotto backup\n';
const VERSION = 1;
const HEADER_BYTES_MAX = 4_096;
const CHUNK_BYTES = 1_048_576;

interface BackupFields {
  readonly version: typeof VERSION;
  /** Whose home it is. */
  readonly username: string;
  /** UTC ms. */
  readonly created: number;
  /** Of the database, bytes. */
  readonly length: number;
  /** Of the database. */
  readonly sha256: string;
}

export type BackupHeader = BackupFields & WrappedKey;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const backupHeader: v.GenericSchema<BackupHeader> = v.strictObject({
  version: v.literal(VERSION),
  username: v.string(),
  created: count,
  length: count,
  sha256: base64Of(32),
  ...wrappedFields,
});

/** Everything before the database. */
export function encodeBackupHead(
  fields: Omit<BackupFields, 'version'>,
  key: Bytes,
  passphrase: Bytes,
): Bytes {
  const all = { version: VERSION, ...fields } as const;
  return encodeUtf8(MAGIC + encodeChecked({ ...all, ...wrapKey(key, passphrase, boundTo(all)) }));
}

/** The database's key; the caller overwrites it. Throws passphrase-wrong. */
export function openBackupKey(path: string, header: BackupHeader, passphrase: Bytes): Bytes {
  const key = unwrapKey(header, passphrase, boundTo(header));
  if (key) return key;
  throw new CodedError({
    code: 'passphrase-wrong',
    message: `that is not the passphrase of the backup ${path}`,
  });
}

function boundTo({ version, username, created, length, sha256 }: BackupFields): Bytes {
  return encodeUtf8(MAGIC + JSON.stringify({ version, username, created, length, sha256 }));
}

export interface BackupFile extends Disposable {
  readonly header: BackupHeader;
  /** Throws backup-invalid when it is not what it was when it was opened. */
  copyDatabase(to: number): void;
}

/** Reads all of it. Throws file-unusable, backup-invalid, or home-newer for a later version's. */
export function openBackupFile(path: string): BackupFile {
  const handle = open(path);
  try {
    const { header, end } = readHead(path, handle);
    const read = (to: number | undefined): void => {
      const { sha256, length } = copy(handle, end, to);
      if (length !== header.length || sha256 !== header.sha256) throw invalid(path, 'it is damaged');
    };
    read(undefined);
    return {
      header,
      copyDatabase: read,
      [Symbol.dispose]: () => closeSync(handle),
    };
  } catch (error) {
    closeSync(handle);
    throw error;
  }
}

function open(path: string): number {
  let handle: number | undefined;
  try {
    // Without O_NONBLOCK the open of a FIFO would wait for a writer.
    handle = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    if (fstatSync(handle).isFile()) return handle;
  } catch (error) {
    throw new CodedError(
      { code: 'file-unusable', message: `the backup ${path} cannot be read: ${systemReason(error)}` },
      { cause: error },
    );
  }
  closeSync(handle);
  throw invalid(path, 'it is not a regular file');
}

function readHead(path: string, handle: number): { readonly header: BackupHeader; readonly end: number } {
  const buffer = Buffer.alloc(MAGIC.length + HEADER_BYTES_MAX);
  const read = buffer.subarray(0, readSync(handle, buffer, 0, buffer.length, 0));
  if (!read.toString('latin1').startsWith(MAGIC)) throw invalid(path, 'it does not begin as one');
  const end = read.indexOf('\n', MAGIC.length) + 1;
  const content = decodeChecked(decodeUtf8(read.subarray(MAGIC.length, end)) ?? '');
  if (content === undefined) throw invalid(path, 'its first lines are damaged');
  if (typeof content['version'] === 'number' && content['version'] > VERSION) throw newer(path);
  const parsed = v.safeParse(backupHeader, content);
  if (!parsed.success) throw invalid(path, 'its first lines are not those of a backup');
  return { header: parsed.output, end };
}

/** Copies everything from `position` on and says what it was. With `to` undefined it only looks. */
export function copy(
  from: number,
  position: number,
  to: number | undefined,
): { readonly length: number; readonly sha256: string } {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let length = 0;
  for (;;) {
    const read = readSync(from, buffer, 0, buffer.length, position + length);
    if (read === 0) return { length, sha256: hash.digest('base64') };
    const chunk = buffer.subarray(0, read);
    hash.update(chunk);
    if (to !== undefined) writeAll(to, chunk);
    length += read;
  }
}

/** A disk that becomes full takes a part first. */
export function writeAll(to: number, bytes: Bytes): void {
  for (let written = 0; written < bytes.length;) written += writeSync(to, bytes, written);
}

export function invalid(path: string, why: string): CodedError {
  return new CodedError({
    code: 'backup-invalid',
    message: `${path} is no backup that can be restored: ${why}`,
    hint: 'Nothing was changed. Take another copy of it.',
  });
}

function newer(path: string): CodedError {
  return new CodedError({
    code: 'home-newer',
    message: `the backup ${path} was written by a newer version of Sotto`,
    hint: 'Install that version or a later one.',
  });
}
