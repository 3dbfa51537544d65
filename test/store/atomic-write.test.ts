import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeUtf8 } from '../../src/base/index.ts';
import { writeFileAtomic } from '../../src/store/index.ts';
import { startNode } from './child-node.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-write-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('an atomic write (STO-13)', () => {
  test('replaces the content, leaves nothing else behind, and is 0600 whatever the umask', () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'old', { mode: 0o644 });
    writeFileAtomic(path, encodeUtf8('new'));
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test('a failure leaves the old content and no temporary file', () => {
    mkdirSync(join(folder, 'taken'));
    writeFileSync(join(folder, 'taken', 'x'), '');
    expect(() => writeFileAtomic(join(folder, 'taken'), encodeUtf8('new'))).toThrow(
      /EISDIR|ENOTEMPTY|EEXIST/,
    );
    expect(readdirSync(folder)).toEqual(['taken']);
  });

  test('a mode that was asked for is kept', () => {
    const path = join(folder, 'file');
    writeFileAtomic(path, encodeUtf8('x'), { mode: 0o400 });
    expect(statSync(path).mode & 0o777).toBe(0o400);
    chmodSync(path, 0o600);
  });

  test('a process killed while it writes leaves one of the whole contents', async () => {
    const path = join(folder, 'file');
    const module = join(import.meta.dirname, '../../src/store/index.ts');
    for (let round = 0; round < 5; round++) {
      const writer = startNode(
        `import { writeFileAtomic } from ${JSON.stringify(module)};
         for (let i = 0; ; i++) {
           writeFileAtomic(${JSON.stringify(path)}, new Uint8Array(50_000).fill(97 + (i % 26)));
           if (i === 3) console.log('writing');
         }`,
      );
      await writer.line();
      await writer.kill();
      const content = readFileSync(path, 'utf8');
      expect(content).toBe(content.charAt(0).repeat(50_000));
    }
  });
});
