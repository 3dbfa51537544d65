import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Chat, ChatEvent } from '../api/index.ts';
import { openChat } from './open-chat.ts';

async function waitFor(chat: Chat, isIt: (event: ChatEvent) => boolean): Promise<ChatEvent> {
  const signal = AbortSignal.timeout(15_000);
  for await (const event of chat.events({ signal })) if (isIt(event)) return event;
  throw new Error('the event did not come');
}

test('while the home cannot be written nothing is said, and it goes on by itself when it can (STO-03, STO-05)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-turn-'));
  const path = join(folder, 'directory.json');
  const ports = { alice: 21_501, bob: 21_502 };
  const people = Object.entries(ports).map(([username, port]) => ({
    username,
    password: `pw-${username}`,
    port,
    ip: '127.0.0.1',
  }));
  writeFileSync(path, JSON.stringify(people), { mode: 0o600 });
  const open = async (as: 'alice' | 'bob'): Promise<Chat> =>
    openChat(
      { directory: path, as, port: ports[as], bind: ['127.0.0.1'], home: join(folder, as), mode: 'listen' },
      {},
    );
  try {
    await using alice = await open('alice');
    await using bob = await open('bob');
    const home = join(folder, 'alice');
    // A file in the home's place: root writes anywhere, so that permissions would refuse nothing.
    renameSync(home, `${home}.away`);
    writeFileSync(home, '');
    const trouble = waitFor(alice, (event) => event.type === 'trouble');
    const received = waitFor(bob, (event) => event.type === 'message-received');
    const delivered = waitFor(
      alice,
      (event) => event.type === 'message-progress' && event.progress.state === 'delivered',
    );
    await alice.sendText({ to: 'bob', text: 'kept until the disk works' });
    expect(await trouble).toMatchObject({ reason: { code: 'home-unusable' } });
    rmSync(home);
    renameSync(`${home}.away`, home);
    expect(await received).toMatchObject({ from: 'alice' });
    expect(await delivered).toMatchObject({ to: 'bob' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
