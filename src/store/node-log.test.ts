import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepLogShort, openLog } from './node-log.ts';

const MIB = 1024 * 1024;

let folder = '';
let home = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-log-'));
  home = join(folder, 'home');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a log is made with its home, nobody else can read it, and each opening goes on where it ended', () => {
  for (const line of ['one\n', 'two\n']) {
    using log = openLog(home);
    writeSync(log.descriptor, line);
  }
  expect(readFileSync(join(home, 'log'), 'utf8')).toBe('one\ntwo\n');
  expect(statSync(join(home, 'log')).mode & 0o777).toBe(0o600);
  expect(statSync(home).mode & 0o777).toBe(0o700);
});

test('a log that others could read is theirs no longer', () => {
  mkdirSync(home);
  writeFileSync(join(home, 'log'), '');
  chmodSync(join(home, 'log'), 0o644);
  openLog(home)[Symbol.dispose]();
  expect(statSync(join(home, 'log')).mode & 0o777).toBe(0o600);
});

test('a log longer than 1 MiB becomes log.1, and the descriptor writes on at the beginning of an empty one', () => {
  using log = openLog(home);
  writeSync(log.descriptor, 'x'.repeat(MIB - 1));
  keepLogShort(home, log.descriptor);
  expect(existsSync(join(home, 'log.1'))).toBe(false);
  for (const round of ['a', 'b']) {
    writeSync(log.descriptor, round.repeat(MIB));
    keepLogShort(home, log.descriptor);
    writeSync(log.descriptor, 'next\n');
    expect(readFileSync(join(home, 'log'), 'utf8')).toBe('next\n');
    expect(readFileSync(join(home, 'log.1'), 'utf8').endsWith(round.repeat(MIB))).toBe(true);
    expect(statSync(join(home, 'log.1')).mode & 0o777).toBe(0o600);
  }
});

test('where the older log cannot be kept, the log is emptied all the same', () => {
  using log = openLog(home);
  mkdirSync(join(home, 'log.1'));
  writeSync(log.descriptor, 'x'.repeat(MIB));
  expect(() => keepLogShort(home, log.descriptor)).toThrow(/log\.1/);
  expect(statSync(join(home, 'log')).size).toBe(0);
});

test('a file that is not the log any more is left as it is', () => {
  using log = openLog(home);
  writeSync(log.descriptor, 'x'.repeat(MIB));
  renameSync(join(home, 'log'), join(home, 'away'));
  keepLogShort(home, log.descriptor);
  expect(statSync(join(home, 'away')).size).toBe(MIB);
});

test('no log is opened through a link, or is a folder', () => {
  mkdirSync(home);
  const path = join(home, 'log');
  symlinkSync(join(folder, 'elsewhere'), path);
  expect(() => openLog(home)).toThrow(/log .* cannot be opened/);
  expect(existsSync(join(folder, 'elsewhere'))).toBe(false);
  rmSync(path);
  mkdirSync(path);
  expect(() => openLog(home)).toThrow(/it is a folder/);
});
