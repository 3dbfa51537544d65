import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { defaultDirectory } from '../src/cli/settings/settings.ts';
import { CodedError, connect, openNode, sendAndWait, type Chat, type MessageId } from '../src/index.ts';
import { freePort } from './free-port.ts';
import { until } from './net/until.ts';
import { startNode } from './store/child-node.ts';
import { writePeople } from './people-file.ts';

// Alice and Bob have the same XDG folders, as two people of one account would; whatever is not given comes from there.

const SRC = join(import.meta.dirname, '../src');
let folder = '';
const chats: Chat[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-library-'));
  for (const variable of ['SOTTO_AS', 'SOTTO_HOME', 'SOTTO_PORT', 'SOTTO_DIRECTORY'])
    vi.stubEnv(variable, undefined);
  vi.stubEnv('HOME', folder);
  vi.stubEnv('XDG_CONFIG_HOME', undefined);
  vi.stubEnv('XDG_DATA_HOME', undefined);
  mkdirSync(join(folder, '.config/sotto'), { recursive: true });
  writePeople(defaultDirectory(process.env), { alice: await freePort(), bob: await freePort() });
});

afterEach(async () => {
  await Promise.all(chats.splice(0).map(async (chat) => chat.close()));
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

async function open(as: string): Promise<Chat> {
  const chat = await openNode({ as, bind: ['127.0.0.1'] });
  chats.push(chat);
  return chat;
}

async function failure(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CodedError)) throw new Error(`no CodedError: ${inspect(error)}`);
  return `${error.code}: ${error.message} (${error.hint})`.replaceAll(folder, '~');
}

test('a node opens where a person’s program would, listens, and another program connects to it', async () => {
  const node = await open('alice');
  expect(node.self).toMatchObject({ username: 'alice', home: join(folder, '.local/share/sotto/alice') });
  expect(node.self.listening).toHaveLength(1);
  for (const options of [{ as: 'alice' }, { home: node.self.home }]) {
    await using chat = await connect(options);
    expect(chat.self).toEqual(node.self);
  }
  expect((await node.contacts()).map(({ name }) => name)).toEqual(['bob']);
});

test('whose home it is may come from the variables and the configuration of the program', async () => {
  const { self } = await open('bob');
  const [{ port } = { port: 0 }] = self.listening;
  for (const [variable, value] of Object.entries({ AS: 'bob', HOME: self.home, PORT: String(port) })) {
    vi.stubEnv(`SOTTO_${variable}`, value);
    await using chat = await connect();
    expect(chat.self.username).toBe('bob');
    vi.stubEnv(`SOTTO_${variable}`, undefined);
  }
  const config = join(folder, '.config/sotto/config.json');
  writeFileSync(config, JSON.stringify({ as: 'bob' }));
  await using configured = await connect();
  expect(configured.self.username).toBe('bob');
  rmSync(config);
  vi.stubEnv('SOTTO_AS', 'nobody');
  vi.stubEnv('SOTTO_HOME', join(folder, 'nowhere'));
  await using chat = await connect({ as: 'bob' });
  expect(chat.self.username).toBe('bob');
  vi.stubEnv('SOTTO_AS', 'bob');
  vi.stubEnv('SOTTO_HOME', undefined);
  await using again = await connect({ as: undefined } as object);
  expect(again.self.username).toBe('bob');
  vi.stubEnv('SOTTO_PORT', '70000');
  expect(await failure(connect())).toMatch(/^usage: SOTTO_PORT is not a port/);
});

test('where no node runs, connecting says so and what to do', async () => {
  const message =
    'node-not-running: no Sotto runs on the home ~/.local/share/sotto/alice (Start it with “sotto up”, or open it in this process with openNode().)';
  expect(await failure(connect({ as: 'alice' }))).toBe(message);
  const { home } = (await open('alice')).self;
  await chats.pop()?.close();
  expect(await failure(connect({ home }))).toBe(message);
  const long = join(folder, 'x'.repeat(120));
  vi.stubEnv('XDG_RUNTIME_DIR', '');
  expect(await failure(connect({ home: long }))).toMatch(
    /^control-unusable: the path of the home is too long/,
  );
  vi.stubEnv('XDG_RUNTIME_DIR', folder);
  expect(await failure(connect({ home: long }))).toMatch(/^node-not-running/);
  expect(await failure(connect())).toMatch(/^own-entry/);
  expect(await failure(connect({ directory: join(folder, 'none.json') }))).toMatch(/^directory-missing/);
});

test('a node that is there and does not answer is not called missing', async () => {
  const home = join(folder, 'home');
  mkdirSync(home);
  const silent = createServer().listen(join(home, 'control.sock'));
  expect(await failure(connect({ home, answerWithinMs: 50 }))).toMatch(/^control-unusable/);
  silent.close();
});

test('a home of somebody else is not taken for that of `as`', async () => {
  const { home } = (await open('alice')).self;
  expect(await failure(connect({ home, as: 'bob' }))).toMatch(/^home-owner/);
  expect(await failure(openNode({ as: 'alice' }))).toMatch(/^home-locked/);
});

test('sending and waiting tells the outcome, or how the message stands when the time is over', async () => {
  const alice = await open('alice');
  const early = await sendAndWait(alice, { to: 'bob', text: 'early' }, { withinMs: 50 });
  expect(early).toMatchObject({ state: 'queued', held: false });
  // Each is told why it waits; a slow machine needs longer to find out.
  await until('the reason', async () => {
    const outcome = await sendAndWait(alice, { to: 'bob', text: 'are you there?' }, { withinMs: 100 });
    return outcome.state === 'queued' && outcome.reason?.code === 'refused';
  });
  const bob = await open('bob');
  const heard = bob.events();
  await using remote = await connect({ as: 'alice' });
  expect(await sendAndWait(remote, { to: 'bob', text: 'now?' })).toMatchObject({ state: 'delivered' });
  const texts: string[] = [];
  for await (const event of heard) {
    if (event.type === 'message-received') texts.push(event.text.exact());
    if (texts.at(-1) === 'now?') break;
  }
  expect(new Set(texts)).toEqual(new Set(['early', 'are you there?', 'now?']));
  expect(await failure(sendAndWait(alice, { to: 'carol', text: 'hi' }))).toMatch(/^contact-unknown/);
});

test('a text that was sent before under its id is not waited for in vain', async () => {
  const [alice] = [await open('alice'), await open('bob')];
  const message = { id: '01920000-0000-7000-8000-00000000000a' as MessageId, to: 'bob', text: 'once' };
  for (let n = 0; n < 2; n++)
    expect(await sendAndWait(alice, message, { withinMs: 60_000 })).toMatchObject({ state: 'delivered' });
}, 30_000);

test('who waits without end waits until it is over, and no longer', async () => {
  const alice = await open('alice');
  const waiting = sendAndWait(alice, { to: 'bob', text: 'take your time' }, { withinMs: Infinity });
  await expect(Promise.race([waiting, delay(300, 'still waiting')])).resolves.toBe('still waiting');
  await alice.cancelAll('bob');
  expect(await waiting).toMatchObject({ state: 'cancelled' });
});

test('a program ends when its chats are closed, also one whose stream of events nobody reads on', async () => {
  await open('alice');
  await using program = startNode(`import { connect } from ${JSON.stringify(join(SRC, 'index.ts'))};
    const chat = await connect({ as: 'alice' });
    void chat.events().next();
    await chat.sendText({ to: 'bob', text: 'x' });
    await Promise.all([chat.close(), chat.close()]);
    const late = await chat.contacts().catch((error) => error.code);
    const { done } = await chat.events().next().catch((error) => error);
    console.log(late, done);`);
  expect(await program.line()).toBe('cancelled true');
  expect(await program.exited()).toBe(0);
});

test('of a node that is closed everything that needs its home is cancelled', async () => {
  const node = await open('alice');
  await Promise.all([node.close(), node.close()]);
  for (const call of [
    async () => node.contacts(),
    async () => node.status(),
    async () => node.history(),
    async () => node.outbox(),
    async () => node.sendText({ to: 'bob', text: 'x' }),
    async () => node.cancelAll('bob'),
    async () => node.resend({ to: 'bob', sinceWall: 0 }),
    async () => node.erase({ with: 'bob' }),
    async () => node.retry('bob'),
    async () => node.setDraft({ name: 'bob', text: 'x' }),
    async () => node.markVerified('bob'),
  ])
    expect(await failure(call())).toMatch(/^cancelled/);
  expect(await node.events().next()).toEqual({ done: true, value: undefined });
});

test('who waits for an outcome hears when the node ends', async () => {
  const node = await open('alice');
  const remote = await connect({ as: 'alice' });
  const waiting = failure(sendAndWait(remote, { to: 'bob', text: 'hi' }));
  await until('the message', async () => (await node.outbox()).total === 1);
  await node.close();
  expect(await waiting).toMatch(/^control-unusable/);
});

test('the text of a peer is harmless in a template and in the console, and exact only when asked for', async () => {
  const [alice, bob] = [await open('alice'), await open('bob')];
  const heard = bob.events();
  await alice.sendText({ to: 'bob', text: 'red \u001B[31m' });
  for await (const event of heard) {
    if (event.type !== 'message-received') continue;
    expect(event.text.safe).toBe('red ‹U+001B›[31m');
    expect(inspect({ text: event.text })).toBe("{ text: 'red ‹U+001B›[31m' }");
    expect(event.text.exact()).toBe('red \u001B[31m');
    break;
  }
});
