import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DirectoryEntryInput } from '../../src/api/index.ts';
import { createDirectoryTool } from '../../src/store/index.ts';
import { startNode } from './child-node.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-directory-'));
  path = join(folder, 'people.json');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const tool = createDirectoryTool();

function person(username: string, port: number): DirectoryEntryInput {
  return { username, password: 'x', port, ip: '10.0.0.1' };
}

function read(): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

describe('the directory tool', () => {
  test('add makes the file and its folder, 0600 and 0700, and list, set and remove work on it', async () => {
    path = join(folder, 'new', 'people.json');
    await tool.add(path, person('ann', 1));
    await tool.add(path, person('bob', 2));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'new')).mode & 0o777).toBe(0o700);
    await tool.set(path, 'ann', { port: 9 });
    await tool.remove(path, 'bob');
    expect(await tool.list(path)).toEqual([
      { username: 'ann', port: 9, ip: '10.0.0.1', hasPassword: true, line: 2 },
    ]);
    expect(readdirSync(join(folder, 'new'))).toEqual(['people.json']);
  });

  test('init makes an empty list once', async () => {
    await tool.init(path);
    expect(readFileSync(path, 'utf8')).toBe('[]\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await expect(tool.init(path)).rejects.toMatchObject({
      code: 'directory-invalid',
      message: `${path} is there already`,
    });
  });

  test('errors have their codes', async () => {
    await expect(tool.list(path)).rejects.toMatchObject({ code: 'directory-missing' });
    await expect(tool.set(path, 'ann', { port: 1 })).rejects.toMatchObject({ code: 'directory-missing' });
    await tool.add(path, person('ann', 1));
    await expect(tool.add(path, person('ann', 2))).rejects.toMatchObject({ code: 'contact-exists' });
    await expect(tool.remove(path, 'eve')).rejects.toMatchObject({ code: 'contact-unknown' });
    await expect(tool.add(path, person('eve', 0))).rejects.toMatchObject({ code: 'directory-invalid' });
    writeFileSync(path, '[1, 2]');
    await expect(tool.list(path)).rejects.toMatchObject({
      code: 'directory-invalid',
      message: `${path}: line 1, column 2: entry 1 is a number; every entry is an object { … } (and 1 more: “sotto directory check” lists them)`,
    });
    await expect(tool.add(join(path, 'below'), person('ann', 1))).rejects.toMatchObject({
      code: 'directory-unwritable',
    });
  });

  test('check reports mistakes and warnings and rejects only without a file (DIR-01, DIR-05)', async () => {
    await expect(tool.check(path)).rejects.toMatchObject({ code: 'directory-missing' });
    writeFileSync(path, '[\n{"password":"x"},]', { mode: 0o644 });
    const report = await tool.check(path);
    expect(report.problems.map(({ message }) => message)).toEqual([
      'line 2, column 17: a comma after the last entry',
    ]);
    expect(report.warnings.map(({ code }) => code)).toEqual(['directory-unsafe']);
  });

  test('a stricter mode is kept, a looser one becomes 0600, a symbolic link stays one', async () => {
    await tool.add(path, person('ann', 1));
    chmodSync(path, 0o644);
    const link = join(folder, 'link.json');
    symlinkSync('people.json', link);
    await tool.set(link, 'ann', { port: 2 });
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(read()).toEqual([person('ann', 2)]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    chmodSync(path, 0o400);
    await tool.set(path, 'ann', { port: 3 });
    expect(statSync(path).mode & 0o777).toBe(0o400);
  });

  test('many tools at once lose no edit', async () => {
    const store = join(import.meta.dirname, '../../src/store/index.ts');
    const writers = Array.from({ length: 5 }, (_, writer) =>
      startNode(`
        import { createDirectoryTool } from ${JSON.stringify(store)};
        const tool = createDirectoryTool();
        for (let i = 0; i < 8; i++)
          await tool.add(${JSON.stringify(path)}, { username: 'w${writer}-' + i, password: 'x', port: ${writer} * 10 + i + 1, ip: 'h' });`),
    );
    const codes = await Promise.all(writers.map(async (writer) => writer.exited()));
    expect(codes).toEqual([0, 0, 0, 0, 0]);
    expect(read()).toHaveLength(40);
    expect(readdirSync(folder)).toEqual(['people.json']);
  });

  test('a lock file that a killed tool left behind stops nobody', async () => {
    writeFileSync(join(folder, '.people.json.lock'), '');
    await tool.add(path, person('ann', 1));
    expect(readdirSync(folder)).toEqual(['people.json']);
  });

  test('passwords are 20 characters of Crockford’s base32 in groups of 5, all as likely', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 1_600; i++) {
      const password = tool.generatePassword();
      expect(password).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}(?:-[0-9A-HJKMNP-TV-Z]{5}){3}$/);
      for (const letter of password.replaceAll('-', '')) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    }
    // 32,000 letters, 1,000 of each expected; the standard deviation is 31.
    expect(counts.size).toBe(32);
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(250);
  });

  test('local addresses are none of loopback or link-local', () => {
    for (const address of tool.localAddresses())
      expect(address).not.toMatch(/^(?:127\.|::1$|fe80:|169\.254\.)/);
  });
});

test('a FIFO in the way is refused at once', async () => {
  execFileSync('mkfifo', [path]);
  await expect(tool.list(path)).rejects.toMatchObject({ code: 'directory-unreadable' });
});
