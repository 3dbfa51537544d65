import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CodedError, encodeUtf8 } from '../base/index.ts';
import { createKey, keyFileOf, openKey, setPassphrase } from './key-file.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-key-'));
  path = join(folder, 'key');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof CodedError ? error.code : String(error);
  }
  return 'nothing was thrown';
}

const secret = encodeUtf8('correct horse');
const other = encodeUtf8('battery staple');

test('a new key is random, there again after a start, and in a file for the owner only (STO-12)', () => {
  expect(keyFileOf(folder)).toBeUndefined();
  const key = createKey(folder, 'alice');
  expect(key).toHaveLength(32);
  expect(openKey(folder, undefined)).toEqual(key);
  expect(openKey(folder, secret), 'a passphrase where none is set').toEqual(key);
  expect(keyFileOf(folder)).toEqual({ username: 'alice', isWrapped: false });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(() => createKey(folder, 'alice')).toThrow('overwritten');
  const second = join(folder, 'second');
  mkdirSync(second);
  expect(createKey(second, 'alice')).not.toEqual(key);
});

test('a passphrase is set, changed and removed; only the present one opens', () => {
  const key = createKey(folder, 'alice');
  setPassphrase(folder, undefined, secret);
  expect(keyFileOf(folder)).toEqual({ username: 'alice', isWrapped: true });
  expect(codeOf(() => openKey(folder, undefined))).toBe('locked');
  expect(codeOf(() => openKey(folder, other))).toBe('passphrase-wrong');
  expect(openKey(folder, secret)).toEqual(key);
  expect(codeOf(() => setPassphrase(folder, undefined, other))).toBe('locked');
  expect(codeOf(() => setPassphrase(folder, other, other))).toBe('passphrase-wrong');
  setPassphrase(folder, secret, other);
  expect(codeOf(() => openKey(folder, secret))).toBe('passphrase-wrong');
  expect(openKey(folder, other)).toEqual(key);
  setPassphrase(folder, other, undefined);
  expect(openKey(folder, undefined)).toEqual(key);
  expect(readdirSync(folder), 'nothing stays beside it').toEqual(['key']);
});

test('under a passphrase the file holds the cost, and nothing of the key (SEC-02)', () => {
  const key = Buffer.from(createKey(folder, 'alice'));
  setPassphrase(folder, undefined, secret);
  const text = readFileSync(path, 'utf8');
  expect(JSON.parse(text)).toMatchObject({ kdf: { name: 'argon2id', memory: 65_536, passes: 3, lanes: 4 } });
  for (const needle of [key.toString('base64'), key.toString('hex'), 'correct horse'])
    expect(text).not.toContain(needle);
});

test('the replaced file is overwritten, unless a person gave it another name', () => {
  createKey(folder, 'alice');
  const copy = join(folder, 'copy');
  linkSync(path, copy);
  const before = readFileSync(path);
  setPassphrase(folder, undefined, secret);
  expect(readFileSync(copy)).toEqual(before);
});

test('one passphrase, however its letters are composed; one that cannot be is refused', () => {
  const key = createKey(folder, 'alice');
  setPassphrase(folder, undefined, encodeUtf8('cafe\u0301'));
  expect(openKey(folder, encodeUtf8('caf\u00e9'))).toEqual(key);
  const before = readFileSync(path);
  for (const bad of [new Uint8Array(0), new Uint8Array(1_025).fill(97), Uint8Array.of(0xff)]) {
    expect(codeOf(() => setPassphrase(folder, encodeUtf8('caf\u00e9'), bad))).toBe('usage');
  }
  expect(readFileSync(path)).toEqual(before);
});

test('every flipped bit, every cut and every added byte is noticed, in both forms (STO-07)', () => {
  createKey(folder, 'alice');
  for (const isWrapped of [false, true]) {
    if (isWrapped) setPassphrase(folder, undefined, secret);
    const good = readFileSync(path);
    const refuse = (bytes: Uint8Array, what: string) => {
      writeFileSync(path, bytes);
      expect(
        codeOf(() => openKey(folder, secret)),
        what,
      ).toBe('home-damaged');
    };
    for (let bit = 0; bit < 8 * good.length; bit++) {
      const bad = Buffer.from(good);
      bad[bit >> 3]! ^= 1 << (bit & 7);
      refuse(bad, `bit ${bit}`);
    }
    for (let length = 0; length < good.length; length++) refuse(good.subarray(0, length), `cut ${length}`);
    refuse(Buffer.concat([good, Buffer.from('\n')]), 'a line more');
    refuse(Buffer.alloc(1 << 20), 'a megabyte');
    writeFileSync(path, good);
    openKey(folder, secret);
  }
});

/** As somebody would write it who can change the file. */
function forge(change: (content: Record<string, unknown>) => void): void {
  const content = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  delete content['check'];
  change(content);
  const hash = createHash('sha256').update(JSON.stringify(content)).digest('base64');
  writeFileSync(path, `${JSON.stringify({ ...content, check: hash }, undefined, 2)}\n`);
}

test('who can write the file cannot ask for a terabyte or for no work, nor give it to another name', () => {
  createKey(folder, 'alice');
  setPassphrase(folder, undefined, secret);
  const good = readFileSync(path);
  for (const [field, value] of [
    ['memory', 1_073_741_824],
    ['memory', 8],
    ['passes', 1_000_000],
    ['passes', 0],
    ['lanes', 65_536],
  ] as const) {
    forge(({ kdf }) => ((kdf as Record<string, unknown>)[field] = value));
    expect(codeOf(() => openKey(folder, secret))).toBe('home-damaged');
    writeFileSync(path, good);
  }
  forge((content) => (content['username'] = 'mallory'));
  expect(codeOf(() => openKey(folder, secret))).toBe('passphrase-wrong');
  writeFileSync(path, good);
  forge((content) => (content['version'] = 2));
  expect(codeOf(() => openKey(folder, secret))).toBe('home-newer');
});

test('a symbolic link and a folder in its place are refused (STO-12)', () => {
  createKey(folder, 'alice');
  const second = join(folder, 'second');
  mkdirSync(second);
  symlinkSync(path, join(second, 'key'));
  expect(codeOf(() => keyFileOf(second))).toBe('home-unusable');
  expect(codeOf(() => keyFileOf(join(folder, 'key')))).toBe('nothing was thrown');
  rmSync(path);
  mkdirSync(path);
  expect(codeOf(() => keyFileOf(folder))).toBe('home-unusable');
});

test('killed while it writes, the old key file or the new one is there, and nothing else stays (STO-13)', async () => {
  const key = createKey(folder, 'alice');
  const program = `
    const { keyFileOf, setPassphrase } = await import(${JSON.stringify(new URL('key-file.ts', import.meta.url).href)});
    const [folder, secret] = [process.argv[1], Buffer.from('correct horse')];
    for (;;) setPassphrase(folder, secret, keyFileOf(folder).isWrapped ? undefined : secret);`;
  for (let kill = 1; kill <= 10; kill++) {
    const seen = new Promise<void>((resolve) => {
      let events = 0;
      const watcher = watch(folder, (_type, name) => {
        if (!name?.startsWith('.key.') || ++events < kill) return;
        child.kill('SIGKILL');
        watcher.close();
        resolve();
      });
    });
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, folder], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const ended = once(child, 'exit');
    await seen;
    await ended;
    expect(openKey(folder, secret)).toEqual(key);
    expect(readdirSync(folder).filter((name) => !name.startsWith('.key-lock'))).toEqual(['key']);
  }
});
