import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writePeople } from '../../test/people-file.ts';
import type { HomeOptions } from '../api/index.ts';
import { CodedError, encodeUtf8 } from '../base/index.ts';
import { createHomeTool } from './home-tool.ts';
import { openHome } from './home.ts';

let folder = '';
let directory = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-tool-'));
  directory = join(folder, 'people.json');
  writePeople(directory, { alice: 7000, bob: 7001 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const tool = (): ReturnType<typeof createHomeTool> => createHomeTool({ XDG_DATA_HOME: folder });
const secret = async (): Promise<Uint8Array> => encodeUtf8('correct horse');

function makeHome(username: string): string {
  const home = join(folder, 'sotto', username);
  openHome({ folder: home, username, newSecret: () => new Uint8Array(32).fill(7) })[Symbol.dispose]();
  return home;
}

async function codeOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
  } catch (error) {
    return error instanceof CodedError ? error.code : String(error);
  }
  return 'nothing was thrown';
}

test('the home is the one that a chat would open: named, or that of one’s own entry', async () => {
  const home = makeHome('alice');
  makeHome('bob');
  await tool().setPassphrase({ directory, as: 'alice' }, encodeUtf8('correct horse'));
  const isLocked = async (options: Partial<HomeOptions>) => tool().isLocked({ directory, ...options });
  expect(await isLocked({ as: 'alice' })).toBe(true);
  expect(await isLocked({ port: 7000 })).toBe(true);
  expect(await isLocked({ port: 7001 })).toBe(false);
  expect(await isLocked({ home, directory: join(folder, 'missing') })).toBe(true);
  expect(await codeOf(async () => isLocked({ as: 'carol' }))).toBe('own-entry');
  expect(await codeOf(async () => isLocked({ directory: join(folder, 'missing') }))).toBe(
    'directory-missing',
  );
});

test('a home that nobody has used is not made', async () => {
  expect(await codeOf(async () => tool().isLocked({ directory, as: 'alice' }))).toBe('home-unusable');
  expect(await codeOf(async () => tool().setPassphrase({ directory, as: 'alice' }, await secret()))).toBe(
    'home-unusable',
  );
  expect(existsSync(join(folder, 'sotto'))).toBe(false);
});

test('a passphrase is changed with the present one, which is overwritten, also beside a running program', async () => {
  const home = makeHome('alice');
  using running = openHome({ folder: home, username: 'alice', newSecret: () => new Uint8Array(32) });
  const options = { directory, home };
  await tool().setPassphrase(options, await secret());
  expect(await codeOf(async () => tool().setPassphrase(options, undefined))).toBe('locked');
  const wrong = { ...options, passphrase: async () => encodeUtf8('correct mule') };
  expect(await codeOf(async () => tool().setPassphrase(wrong, undefined))).toBe('passphrase-wrong');
  expect(await codeOf(async () => tool().checkPassphrase(wrong))).toBe('passphrase-wrong');
  await tool().checkPassphrase({ ...options, passphrase: secret });
  const present = await secret();
  await tool().setPassphrase({ ...options, passphrase: async () => present }, undefined);
  expect(present.every((byte) => byte === 0)).toBe(true);
  expect(await tool().isLocked(options)).toBe(false);
  running.commit([{ type: 'guesses', guesses: { buckets: new Map(), names: new Map() } }]);
});
