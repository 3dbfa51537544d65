import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { CodedError, encodeUtf8, type Bytes } from '../base/index.ts';
import { NO_GUESSES, type GuessLedger, type TrustRecord } from '../directory/index.ts';
import type { Change, Store } from '../engine/index.ts';
import { writeFileAtomic } from './atomic-write.ts';
import { decodeHomeFile, encodeHomeFile, type HomeContent } from './home-file.ts';
import { lockHome, type HomeLock } from './home-lock.ts';

const FILE = 'home.json';

/** The XDG data folder's `sotto/<own username>`: two people on one machine never share a key. */
export function defaultHome(username: string, env: Readonly<Record<string, string | undefined>>): string {
  const data = env['XDG_DATA_HOME'] ?? '';
  // A name is safe as a folder's: it holds no separator, and a leading dot would hide it or leave the folder.
  const folder = username.replace(/^\./, '_.');
  return join(isAbsolute(data) ? data : join(env['HOME'] ?? homedir(), '.local', 'share'), 'sotto', folder);
}

/** Whose home this is, or undefined when nobody has used the folder. Throws home-damaged or home-unusable. */
export function homeOwner(folder: string): string | undefined {
  return readHome(folder)?.username;
}

/**
 * A person's identity key, pins and failed guesses: one file, replaced as a whole at each commit. Messages are not in it: this store is
 * volatile for them, and the engine's queues are their only place.
 */
export class Home implements Store, Disposable {
  readonly folder: string;
  readonly username: string;
  readonly secret: Bytes;
  readonly #lock: HomeLock | undefined;
  readonly #records: Map<string, TrustRecord>;
  #guesses: GuessLedger;

  constructor(folder: string, content: HomeContent, lock: HomeLock | undefined) {
    this.folder = folder;
    this.username = content.username;
    this.secret = content.secret;
    this.#records = new Map(content.records.map((record) => [record.username, record]));
    this.#guesses = content.guesses;
    this.#lock = lock;
  }

  get records(): readonly TrustRecord[] {
    return [...this.#records.values()];
  }

  get guesses(): GuessLedger {
    return this.#guesses;
  }

  /** Throws home-unusable when the disk refuses; the changes then go out with the next commit that works. */
  commit(changes: readonly Change[]): void {
    let isChanged = false;
    for (const change of changes) {
      if (change.type === 'trust') this.#records.set(change.record.username, change.record);
      else if (change.type === 'guesses') this.#guesses = change.guesses;
      else continue;
      isChanged = true;
    }
    if (!isChanged) return;
    if (!this.#lock) throw new Error('a home that was opened for reading was written');
    // What lies there now may be another identity's.
    if (!this.#lock.isInPlace) throw unusable(this.folder, 'it was removed or replaced');
    writeHome(this.folder, this);
  }

  [Symbol.dispose](): void {
    this.#lock?.[Symbol.dispose]();
  }
}

export interface OpenHome {
  readonly folder: string;
  readonly username: string;
  /** Without the lock: for commands that only look. A home that does not exist is created all the same. */
  readonly isReadOnly: boolean;
  /** A new identity's secret key, 32 bytes; asked for only when the home is new. */
  readonly newSecret: () => Bytes;
}

/** Opens or creates a home. Throws home-locked, home-owner, home-damaged or home-unusable. */
export function openHome({ folder, username, isReadOnly, newSecret }: OpenHome): Home {
  const existing = readHome(folder);
  if (isReadOnly && existing) return new Home(folder, owned(folder, existing, username), undefined);
  makeFolder(folder);
  const lock = lockHome(folder);
  try {
    // Only under the lock is it certain that nobody else makes the key at the same moment.
    const content =
      readHome(folder) ??
      createHome(folder, { username, secret: newSecret(), records: [], guesses: NO_GUESSES });
    const home = new Home(folder, owned(folder, content, username), isReadOnly ? undefined : lock);
    if (isReadOnly) lock[Symbol.dispose]();
    return home;
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

function owned(folder: string, content: HomeContent, username: string): HomeContent {
  if (content.username === username) return content;
  throw new CodedError({
    code: 'home-owner',
    message: `the home ${folder} belongs to ${content.username}, not to ${username}`,
    hint: 'Give each user name a home of its own with --home, or say --as with the right name.',
  });
}

function readHome(folder: string): HomeContent | undefined {
  const path = join(folder, FILE);
  let bytes: Bytes;
  try {
    bytes = new Uint8Array(readFileSync(path));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unusable(folder, cause);
  }
  const content = decodeHomeFile(bytes);
  if (content.ok) return content.value;
  throw new CodedError({
    code: 'home-damaged',
    message: `${path} is damaged: ${content.failure.message}`,
    hint: 'Restore it from a backup. Moved away, a new key is made, and every contact must approve it.',
  });
}

function createHome(folder: string, content: HomeContent): HomeContent {
  writeHome(folder, content);
  return content;
}

function writeHome(folder: string, content: HomeContent): void {
  try {
    writeFileAtomic(join(folder, FILE), encodeUtf8(encodeHomeFile(content)));
  } catch (cause) {
    throw unusable(folder, cause);
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (process.platform !== 'win32' && (statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
  } catch (cause) {
    throw unusable(folder, cause);
  }
}

function unusable(folder: string, cause: unknown): CodedError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const message = `the home ${folder} cannot be used: ${why}`;
  return new CodedError(
    { code: 'home-unusable', message, hint: 'The folder must be yours and writable.' },
    { cause },
  );
}
