import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { encodeUtf8 } from '../../src/base/index.ts';
import { createServices } from '../../src/services.ts';
import { TERMINAL_TEST_MS, Tmux } from './tmux.ts';

vi.setConfig({ testTimeout: TERMINAL_TEST_MS });

const MAIN = `${process.execPath} ${join(import.meta.dirname, '../../src/main.ts')}`;
const SIZE = { columns: 90, rows: 30 };

let folder = '';
let flags = '';
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-hidden-'));
  const directory = join(folder, 'people.json');
  const alice = { username: 'alice', password: 'pw', ip: '127.0.0.1', port: 7688 };
  writeFileSync(directory, JSON.stringify([alice]), { mode: 0o600 });
  const home = join(folder, 'home');
  const services = createServices({});
  const chat = await services.openChat({ directory, as: 'alice', home, mode: 'offline' });
  await chat.close();
  flags = `--directory ${directory} --as alice --home ${home}`;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function answer(tmux: Tmux, question: string, text: string): Promise<void> {
  await tmux.until((screen) => screen.trimEnd().endsWith(`${question}:`));
  tmux.type(text);
  tmux.press('Enter');
}

test('passphrases are typed unseen, also one that unlocks, and the terminal is as before (SEC-02)', async () => {
  {
    await using tmux = Tmux.start(`${MAIN} passphrase set ${flags}`, SIZE);
    await answer(tmux, 'New passphrase', 'correct horse battery');
    await answer(tmux, 'The same again', 'correct horse battery');
    const screen = await tmux.until((text) => text.includes('pane-done'));
    expect(screen).toContain('The home is under a passphrase now.');
    expect(screen).not.toContain('correct');
  }
  await using tmux = Tmux.start(`${MAIN} identity ${flags}; echo exit $?`, SIZE);
  await tmux.until((screen) => screen.includes('Passphrase of this home:'));
  tmux.type('correct mule');
  tmux.press('C-u');
  for (const [before, wrong] of ['correct horse batterx', 'horse', 'correct'].entries()) {
    await tmux.until((text) => text.split('[passphrase-wrong]').length === before + 1);
    await answer(tmux, 'Passphrase of this home', wrong);
  }
  const screen = await tmux.until((text) => text.includes('pane-done'));
  expect(screen).toMatch(/(?:\[passphrase-wrong\][^]*){3}/);
  expect(screen).toContain('exit 7');
  expect(screen).not.toContain('correct');
  expect(tmux.modes().after).toBe(tmux.modes().before);
});

test('the loop asks for the passphrase first, and Ctrl-C there ends it', async () => {
  await createServices({}).home.setPassphrase(
    { directory: '', home: join(folder, 'home') },
    encodeUtf8('correct horse battery'),
  );
  await using tmux = Tmux.start(`${MAIN} --port 7688 ${flags}; echo exit $?`, SIZE);
  await tmux.until((screen) => screen.includes('Passphrase of this home:'));
  tmux.press('C-c');
  const screen = await tmux.until((text) => text.includes('pane-done'));
  expect(screen).toContain('exit 130');
  expect(tmux.modes().after).toBe(tmux.modes().before);
});
