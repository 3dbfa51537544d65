import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CodedError } from '../base/index.ts';
import { readDirectoryFile, watchDirectoryFile } from './directory-file.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-file-'));
  path = join(folder, 'people.json');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function codeOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof CodedError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'none';
}

describe('reading (DIR-01)', () => {
  test('gives the bytes of a regular file, also through a symbolic link', () => {
    writeFileSync(path, '[]\n', { mode: 0o600 });
    symlinkSync(path, join(folder, 'link'));
    expect(Buffer.from(readDirectoryFile(join(folder, 'link')).bytes).toString()).toBe('[]\n');
    expect(readDirectoryFile(path).warnings).toEqual([]);
  });

  test('a FIFO, a folder, a device, 1 MiB and a byte, and 100 MiB are refused at once', () => {
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    writeFileSync(path, '');
    expect(codeOf(() => readDirectoryFile(fifo))).toMatch(/^directory-unreadable: .*not a regular file/);
    expect(codeOf(() => readDirectoryFile(folder))).toMatch(/^directory-unreadable: .*not a regular file/);
    expect(codeOf(() => readDirectoryFile('/dev/zero'))).toMatch(
      /^directory-unreadable: .*not a regular file/,
    );
    truncateSync(path, 1_048_576);
    expect(codeOf(() => readDirectoryFile(path))).toBe('none');
    for (const size of [1_048_577, 100 * 1_048_576]) {
      truncateSync(path, size);
      expect(codeOf(() => readDirectoryFile(path))).toMatch(/^directory-unreadable: .*at most 1 MiB/);
    }
  });

  test('a missing file is another code, with what to do', () => {
    expect(codeOf(() => readDirectoryFile(path))).toBe(
      `directory-missing: there is no directory file ${path}`,
    );
  });
});

describe('warnings', () => {
  function warnings(): readonly string[] {
    return readDirectoryFile(path).warnings.map(({ code, message, hint }) => `${code}: ${message} ${hint}`);
  }

  test('passwords that others can read (DIR-05)', () => {
    writeFileSync(path, '[{"password":"x"}]');
    chmodSync(path, 0o644);
    expect(warnings()).toEqual([
      `directory-unsafe: others can read the passwords in ${path} Run: chmod 600 ${path}`,
    ]);
    chmodSync(path, 0o640);
    expect(warnings()).toHaveLength(1);
    chmodSync(path, 0o600);
    expect(warnings()).toEqual([]);
    writeFileSync(path, '[{"key":"x"}]');
    chmodSync(path, 0o644);
    expect(warnings()).toEqual([]);
  });

  test('a file or a folder that others can write (DIR-08)', () => {
    writeFileSync(path, '[]');
    chmodSync(path, 0o622);
    expect(warnings()).toEqual([
      expect.stringMatching(/others can write the directory file .* Run: chmod 600/),
    ]);
    chmodSync(path, 0o600);
    chmodSync(folder, 0o777);
    expect(warnings()).toEqual([
      expect.stringMatching(/others can replace the directory file .* Run: chmod go-w/),
    ]);
    chmodSync(folder, 0o1777);
    expect(warnings()).toEqual([]);
  });
});

describe('watching (DIR-02)', () => {
  let stop = new AbortController();
  beforeEach(() => {
    stop = new AbortController();
  });
  afterEach(() => {
    stop.abort();
  });

  /** Each call of `next` resolves at the first change that nobody has waited for yet. */
  function watchChanges(): { next(): Promise<void>; readonly count: number } {
    let count = 0;
    let taken = 0;
    let wake = () => {};
    watchDirectoryFile(
      path,
      () => {
        count++;
        wake();
      },
      { signal: stop.signal },
    );
    const next = async () => {
      if (count === taken) await new Promise<void>((resolve) => (wake = resolve));
      taken++;
    };
    return {
      next,
      get count() {
        return count;
      },
    };
  }

  test('a write, an editor’s rename, a removal and a new file are each noticed', async () => {
    writeFileSync(path, '[]');
    const changes = watchChanges();
    appendFileSync(path, '\n');
    await changes.next();
    writeFileSync(`${path}~`, '[ ]');
    renameSync(`${path}~`, path);
    await changes.next();
    unlinkSync(path);
    await changes.next();
    writeFileSync(path, '[]');
    await changes.next();
  });

  test('the parts of one save are one change, and other files are none', async () => {
    writeFileSync(path, '[]');
    const changes = watchChanges();
    writeFileSync(join(folder, 'other'), 'x');
    for (let i = 0; i < 20; i++) appendFileSync(path, ' ');
    await changes.next();
    appendFileSync(path, '\n');
    await changes.next();
    expect(changes.count).toBe(2);
  });

  test('a folder that appears later, and a change behind a symbolic link, are found without events', async () => {
    const real = join(folder, 'real');
    mkdirSync(real);
    writeFileSync(join(real, 'file'), '[]');
    path = join(folder, 'later', 'people.json');
    const changes = watchChanges();
    mkdirSync(join(folder, 'later'));
    symlinkSync(join(real, 'file'), path);
    await changes.next();
    appendFileSync(join(real, 'file'), '\n');
    await changes.next();
    expect(changes.count).toBe(2);
  });
});
