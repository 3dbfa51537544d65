import { chmodSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError, encodeUtf8 } from '../base/index.ts';
import { writeFileAtomic } from './atomic-write.ts';
import { lockFile, type FileLock } from './file-lock.ts';
import { makeHomeFolder } from './home-folder.ts';

export interface HomeLock extends FileLock {
  /** The folder is still the one that was locked: nobody has removed it and begun another one in its place. */
  readonly isInPlace: boolean;
}

/** The winner of two starts has its note on the disk within milliseconds; then the loser can name it. */
const WAIT_MS = 100;

/** Makes the folder of a home, if there is none, and takes its lock. Throws home-locked, home-unusable or disk-full. */
export function lockOwnHome(folder: string): HomeLock {
  makeHomeFolder(folder);
  return lockHome(folder);
}

/**
 * One process a home, until it is disposed or the process ends, however it ends. The folder exists already. Throws
 * home-locked, naming the other process, or home-unusable.
 */
export function lockHome(folder: string): HomeLock {
  const path = join(folder, 'lock');
  const note = join(folder, 'lock.json');
  const lock = open(path, folder);
  if (lock === undefined) throw lockedError(folder, readHolder(note));
  try {
    chmodSync(path, 0o600);
  } catch (error) {
    lock[Symbol.dispose]();
    throw unusable(folder, error);
  }
  leaveNote(note);
  const locked = inodeOf(path);
  let isHeld = true;
  return {
    get isInPlace() {
      return inodeOf(path) === locked;
    },
    [Symbol.dispose]: () => {
      if (!isHeld) return;
      isHeld = false;
      if (inodeOf(path) === locked) removeNote(note);
      lock[Symbol.dispose]();
    },
  };
}

function open(path: string, folder: string): FileLock | undefined {
  try {
    return lockFile(path, WAIT_MS);
  } catch (error) {
    throw unusable(folder, error);
  }
}

/** It only tells others who we are: on a full disk it is missing, and the home can still be read (STO-03). */
function leaveNote(note: string): void {
  try {
    const holder = { pid: process.pid, started: new Date().toISOString() };
    writeFileAtomic(note, encodeUtf8(`${JSON.stringify(holder)}\n`));
  } catch {
    // One that is left of a process that was killed would name that.
    removeNote(note);
  }
}

function removeNote(note: string): void {
  try {
    rmSync(note, { force: true });
  } catch {
    // Whoever is told of it looks in vain for that process.
  }
}

function inodeOf(path: string): bigint | undefined {
  try {
    return statSync(path, { bigint: true }).ino;
  } catch {
    return undefined;
  }
}

/** What the holder's note says; it may be missing for a moment, or be the one of a process that was killed. */
function readHolder(note: string): string {
  try {
    const { pid, started } = JSON.parse(readFileSync(note, 'utf8')) as { pid?: unknown; started?: unknown };
    return Number.isSafeInteger(pid) ? ` (process ${String(pid)}, started ${String(started)})` : '';
  } catch {
    return '';
  }
}

function lockedError(folder: string, holder: string): CodedError {
  return new CodedError({
    code: 'home-locked',
    message: `another Sotto${holder} uses the home ${folder}`,
    hint: 'End it first. To be somebody else on this machine, give the --port of that entry, or --home.',
  });
}

function unusable(folder: string, cause: unknown): CodedError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const message = `the home ${folder} cannot be locked: ${why}`;
  return new CodedError(
    { code: 'home-unusable', message, hint: 'The folder must be yours and writable.' },
    { cause },
  );
}
