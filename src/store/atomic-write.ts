import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Bytes } from '../base/index.ts';

export interface AtomicWriteOptions {
  /** Permission bits; default 0600. */
  readonly mode?: number;
  /** Whose file it becomes, where that is not ourselves and we may say so. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/**
 * Replaces a file as a whole: after a crash or a power cut there is the old content or the new one, and when this returns
 * the new one is on the disk (STO-13). Throws the system's error; nothing of the attempt stays behind then.
 */
export function writeFileAtomic(path: string, bytes: Bytes, options: AtomicWriteOptions = {}): void {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    writeNew(temporary, bytes, options);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(folder);
}

function writeNew(path: string, bytes: Bytes, { mode = 0o600, owner }: AtomicWriteOptions): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(file, bytes);
    if (owner !== undefined) fchownSync(file, owner.uid, owner.gid);
    fchmodSync(file, mode);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes names in a folder survive a power cut. Windows cannot open folders and needs no such call. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
