import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import {
  CodedError,
  decodeUtf8,
  encodeUtf8,
  systemReason,
  wipe,
  type Bytes,
  type ErrorCode,
} from '../base/index.ts';
import { writeFileAtomic } from './atomic-write.ts';
import { decodeChecked, encodeChecked } from './checked-json.ts';
import { lockTemporaryFile } from './file-lock.ts';
import { base64Of, unwrapKey, wrapKey, wrappedFields, type WrappedKey } from './wrapped-key.ts';

// The home's database key, 32 bytes, beside the database: as it is, or under a passphrase. Damage is known before a passphrase
// is asked for; what is under a passphrase is authenticated besides.

const FILE = 'key';
const VERSION = 1;
const KEY_LENGTH = 32;
const FILE_BYTES_MAX = 4_096;
const LOCK_WAIT_MS = 5_000;
const LAYOUT = { indent: 2 };

interface PlainForm {
  readonly version: typeof VERSION;
  readonly username: string;
  readonly key: string;
}
type WrappedForm = Omit<PlainForm, 'key'> & WrappedKey;
type Form = PlainForm | WrappedForm;

const version = v.literal(VERSION);
const username = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
const form: v.GenericSchema<Form> = v.union([
  v.strictObject({ version, username, key: base64Of(KEY_LENGTH) }),
  v.strictObject({ version, username, ...wrappedFields }),
]);

export interface KeyFile {
  readonly username: string;
  /** The key is under a passphrase. */
  readonly isWrapped: boolean;
}

/** What the home's key file says without a passphrase; undefined when there is none. Throws home-damaged, home-newer or home-unusable. */
export function keyFileOf(folder: string): KeyFile | undefined {
  const found = readForm(folder);
  return found && { username: found.username, isWrapped: 'wrapped' in found };
}

/** Makes a home's key: 32 random bytes, on the disk when this returns. There is no key file yet. Throws home-unusable or disk-full. */
export function createKey(folder: string, owner: string): Bytes {
  const key = randomBytes(KEY_LENGTH);
  writeNewKey(folder, owner, key);
  return key;
}

/** As `createKey`, with a key that there is already. */
export function writeNewKey(folder: string, owner: string, key: Bytes): void {
  if (readForm(folder)) throw new Error('a key would have been overwritten');
  write(folder, plainForm(owner, key));
}

/**
 * The home's key; the caller overwrites it. A passphrase is ignored where none is set. Throws locked, passphrase-wrong, home-damaged,
 * home-newer or home-unusable.
 */
export function openKey(folder: string, passphrase: Bytes | undefined): Bytes {
  const found = readForm(folder);
  if (found === undefined) throw unusable(folder, `there is no file ${FILE}`);
  const key = keyOf(folder, found, passphrase);
  removeLeftovers(folder);
  return key;
}

/**
 * Puts the key under the passphrase `next`, or without one into the file as it is. Killed at any point, the old file or the new one is
 * there. Throws what `openKey` throws, usage for an impossible passphrase, and disk-full.
 */
export function setPassphrase(folder: string, current: Bytes | undefined, next: Bytes | undefined): void {
  using lock = lockKey(folder, LOCK_WAIT_MS);
  if (lock === undefined) throw unusable(folder, 'another program changes its passphrase');
  const found = readForm(folder);
  if (found === undefined) throw unusable(folder, `there is no file ${FILE}`);
  const key = keyOf(folder, found, current);
  try {
    write(
      folder,
      next === undefined ? plainForm(found.username, key) : wrappedForm(found.username, key, next),
    );
  } finally {
    wipe(key);
  }
  removeTemporaries(folder);
}

function keyOf(folder: string, found: Form, passphrase: Bytes | undefined): Bytes {
  if (!('wrapped' in found)) return Buffer.from(found.key, 'base64');
  if (passphrase === undefined) throw lockedError(folder);
  const key = unwrapKey(found, passphrase, boundTo(found.username));
  if (key === undefined)
    throw new CodedError({ code: 'passphrase-wrong', message: `that is not the passphrase of ${folder}` });
  return key;
}

/** What is said when a home is under a passphrase and none was given. */
export function lockedError(folder: string): CodedError {
  return new CodedError({
    code: 'locked',
    message: `the home ${folder} is under a passphrase`,
    hint: 'Start it on a terminal, or give --passphrase-file FILE or --passphrase-fd N.',
  });
}

function plainForm(owner: string, key: Bytes): PlainForm {
  return { version: VERSION, username: owner, key: Buffer.from(key).toString('base64') };
}

function wrappedForm(owner: string, key: Bytes, passphrase: Bytes): WrappedForm {
  return { version: VERSION, username: owner, ...wrapKey(key, passphrase, boundTo(owner)) };
}

function boundTo(owner: string): Bytes {
  return encodeUtf8(`sotto key file ${VERSION} ${owner}`);
}

function readForm(folder: string): Form | undefined {
  const bytes = readFile(folder);
  if (bytes === undefined) return undefined;
  const content = decodeChecked(decodeUtf8(bytes) ?? '', LAYOUT);
  wipe(bytes);
  if (content === undefined) throw damaged(folder, 'its checksum does not match');
  if (typeof content['version'] === 'number' && content['version'] > VERSION) throw newer(folder);
  const parsed = v.safeParse(form, content);
  if (!parsed.success) throw damaged(folder, 'it has not the fields of a key file');
  return parsed.output;
}

function readFile(folder: string): Bytes | undefined {
  let handle: number | undefined;
  try {
    handle = openSync(join(folder, FILE), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = fstatSync(handle);
    if (!stats.isFile()) throw unusable(folder, `${FILE} is not a regular file`);
    const buffer = Buffer.alloc(FILE_BYTES_MAX + 1);
    const length = readSync(handle, buffer, 0, buffer.length, 0);
    if (length > FILE_BYTES_MAX) throw damaged(folder, 'it is too long');
    return buffer.subarray(0, length);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error instanceof CodedError ? error : unusable(folder, error);
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

function write(folder: string, content: Form): void {
  const path = join(folder, FILE);
  try {
    const former = openFormer(path);
    try {
      writeFileAtomic(path, encodeUtf8(encodeChecked(content, LAYOUT)));
      if (former !== undefined) overwrite(former);
    } finally {
      if (former !== undefined) closeSync(former);
    }
  } catch (cause) {
    throw unusable(folder, cause);
  }
}

function openFormer(path: string): number | undefined {
  try {
    chmodSync(path, 0o600);
    return openSync(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The former file has no name any more, but its bytes may stay on the disk, and open the database for ever. */
function overwrite(former: number): void {
  const { nlink, size } = fstatSync(former);
  // A name that a person gave it besides is that person's copy.
  if (nlink > 0) return;
  writeSync(former, new Uint8Array(size), 0, size, 0);
  fsyncSync(former);
}

/** A program that was killed while it changed the passphrase leaves the new file under another name: the bare key, perhaps. */
function removeLeftovers(folder: string): void {
  if (temporaries(folder).length === 0) return;
  try {
    using lock = lockKey(folder, 0);
    if (lock !== undefined) removeTemporaries(folder);
  } catch {
    // A home that can only be read is used as it is.
  }
}

function removeTemporaries(folder: string): void {
  for (const name of temporaries(folder)) rmSync(join(folder, name), { force: true });
}

function temporaries(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => /^\.key\.[0-9a-f]{12}$/.test(name));
}

function lockKey(folder: string, waitMs: number): ReturnType<typeof lockTemporaryFile> {
  try {
    return lockTemporaryFile(join(folder, '.key-lock'), waitMs);
  } catch (cause) {
    throw unusable(folder, cause);
  }
}

function damaged(folder: string, why: string): CodedError {
  return new CodedError({
    code: 'home-damaged',
    message: `${join(folder, FILE)} is damaged: ${why}`,
    hint: 'Without it the home cannot be read. Put a copy of this file back, or restore a backup with “sotto restore”.',
  });
}

function newer(folder: string): CodedError {
  return new CodedError({
    code: 'home-newer',
    message: `${join(folder, FILE)} was written by a newer version of Sotto`,
    hint: 'Install that version or a later one.',
  });
}

function unusable(folder: string, cause: unknown): CodedError {
  const why = systemReason(cause);
  const code: ErrorCode =
    (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOSPC' ? 'disk-full' : 'home-unusable';
  const hint = code === 'disk-full' ? 'Make room on it.' : 'The folder must be yours and writable.';
  return new CodedError(
    { code, message: `the key of the home ${folder} cannot be used: ${why}`, hint },
    { cause },
  );
}
