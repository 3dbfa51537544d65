import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../test/free-port.ts';
import { writePeople } from '../../test/people-file.ts';
import { DEFAULT_PORT, type Chat, type ChatOptions } from '../api/index.ts';
import { openChat } from './open-chat.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-port-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PORTS = { alice: DEFAULT_PORT, bob: await freePort(), carol: await freePort() };

async function open(options: Partial<ChatOptions>): Promise<Chat> {
  const directory = join(folder, 'directory.json');
  writePeople(directory, PORTS);
  return openChat(
    { directory, mode: 'listen', bind: ['127.0.0.1'], ...options },
    { XDG_DATA_HOME: join(folder, 'data') },
  );
}

async function firstTrouble(chat: Chat): Promise<string | undefined> {
  for await (const event of chat.events({ signal: AbortSignal.timeout(5_000) }))
    if (event.type === 'trouble') return event.reason.message;
  return undefined;
}

test('who says a name and no port listens where the own entry says', async () => {
  {
    await using bob = await open({ as: 'bob' });
    expect(bob.self.listening).toMatchObject([{ port: PORTS.bob }]);
  }
  await using again = await open({ home: join(folder, 'data', 'sotto', 'bob') });
  expect(again.self).toMatchObject({ username: 'bob', listening: [{ port: PORTS.bob }] });
});

test('who says neither is whose entry has the default port, wherever others are', async () => {
  await using chat = await open({ mode: 'offline' });
  expect(chat.self.username).toBe('alice');
});

test('another port than that of the own entry is taken, and it is said where others dial', async () => {
  const port = await freePort();
  await using bob = await open({ as: 'bob', port });
  expect(bob.self.listening).toMatchObject([{ port }]);
  expect(await firstTrouble(bob)).toBe(
    `this program listens on port ${port}, but your own entry says ${PORTS.bob}: there others dial`,
  );
});
