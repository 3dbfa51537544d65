import { expect, test } from 'vitest';
import { openRecordingProxy, type RecordingProxy } from './recording-proxy.ts';
import { SottoProcess, startListening } from './sotto-process.ts';
import { PROMPT_MS, talkDuring } from './talk.ts';
import { openTown, type Town } from './town.ts';
import { staysTrue, until } from './until.ts';
import { listenRaw } from './wire-socket.ts';

// Both dial at once, a dial that leads home, a port that is taken.

/** Each of the two reaches the other through a proxy that counts connections. */
async function proxied(town: Town): Promise<readonly RecordingProxy[]> {
  const toBob = await openRecordingProxy(town.port('bob'));
  const toAlice = await openRecordingProxy(town.port('alice'));
  town.edit('alice', 'bob', { port: toBob.port });
  town.edit('bob', 'alice', { port: toAlice.port });
  return [toBob, toAlice];
}

async function oneSessionRemains(proxies: readonly RecordingProxy[]): Promise<void> {
  const open = (): number => proxies.reduce((sum, proxy) => sum + proxy.openCount, 0);
  const settled = async (): Promise<boolean> =>
    open() === 1 &&
    staysTrue('one connection is left', () => open() === 1, 100).then(
      () => true,
      () => false,
    );
  await until('one connection is left', settled);
}

const ROUNDS = 10;

test(`both dial at the same moment, ${ROUNDS} times as strangers and ${ROUNDS} times as friends: nothing is lost, one session remains (NET-14)`, async () => {
  let simultaneous = 0;
  for (let round = 0; round < ROUNDS; round++) {
    await using town = await openTown(['alice', 'bob']);
    const proxies = await proxied(town);
    for (const meeting of ['strangers', 'friends']) {
      const before = proxies.map(({ recordings }) => recordings.length);
      const [alice, bob] = [await town.open('alice'), await town.open('bob')];
      const texts = [1, 2, 3].map((n) => `${meeting} ${n}`);
      const ids = texts.map(async (text) => Promise.all([alice.send('bob', text), bob.send('alice', text)]));
      for (const [toBob, toAlice] of await Promise.all(ids)) {
        await alice.delivered(toBob);
        await bob.delivered(toAlice);
      }
      expect(alice.texts('bob')).toEqual(texts);
      expect(bob.texts('alice')).toEqual(texts);
      await oneSessionRemains(proxies);
      if (proxies.every(({ recordings }, index) => recordings.length > (before[index] ?? 0))) simultaneous++;
      await Promise.all([alice.close(), bob.close()]);
      await until('all connections have ended', () => proxies.every((proxy) => proxy.openCount === 0));
    }
    for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
  }
  // Else the rounds would show nothing.
  expect(simultaneous).toBeGreaterThan(ROUNDS);
});

test('two processes that dial at the same moment as well (NET-14)', async () => {
  await using town = await openTown(['alice', 'bob']);
  const proxies = await proxied(town);
  for (const meeting of ['strangers', 'friends', 'old friends']) {
    await using alice = await startListening(town, 'alice', []);
    await using bob = await startListening(town, 'bob', []);
    alice.type(`@bob ${meeting} from alice`);
    bob.type(`@alice ${meeting} from bob`);
    await bob.says(`alice: ${meeting} from alice`, 'stdout');
    await alice.says(`bob: ${meeting} from bob`, 'stdout');
    await oneSessionRemains(proxies);
    for (const each of [alice, bob]) each.endInput();
    expect([await alice.exitCode(), await bob.exitCode()]).toEqual([0, 0]);
    expect(alice.stdout.trim().split('\n')).toHaveLength(1);
    expect(bob.stdout.trim().split('\n')).toHaveLength(1);
  }
  for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
});

test('a dial that leads back to oneself is flagged and not tried again, until something is written; others are not affected (NET-15)', async () => {
  await using town = await openTown(['alice', 'bob', 'carol', 'echo']);
  await using home = await openRecordingProxy(town.port('alice'));
  town.edit('alice', 'echo', { port: home.port });
  const alice = await town.open('alice');
  const friends = [await town.open('bob'), await town.open('carol')];
  const { talk, result } = await talkDuring(alice, friends, async () => {
    const flagged = async (times: number): Promise<boolean> =>
      until('it is flagged', () => alice.all('trouble').length === times);
    // The call at the start, and then the text.
    await flagged(1);
    await staysTrue('one dial only', () => home.recordings.length === 1, 2_500);
    const id = await alice.send('echo', 'hello, me');
    await flagged(2);
    await staysTrue('one dial more', () => home.recordings.length === 2, 2_500);
    return id;
  });
  expect(alice.states(result).at(-1)).toMatchObject({
    state: 'queued',
    held: true,
    reason: { code: 'handshake-self' },
  });
  expect(alice.all('trouble').map(({ name, reason }) => [name, reason.code])).toEqual([
    ['echo', 'handshake-self'],
    ['echo', 'handshake-self'],
  ]);
  expect(alice.texts('echo')).toEqual([]);
  expect(alice.texts('alice')).toEqual([]);
  expect((await alice.contact('echo'))?.trust).toBe('new');
  expect(talk.slowestMs).toBeLessThan(PROMPT_MS);
});

test('a port in use is exit 3, and the sentence names the port and how to find its owner (NET-16)', async () => {
  await using taken = await listenRaw(async () => undefined);
  await using town = await openTown(['alice', 'bob'], { alice: taken.port });
  const flags = [
    '--port',
    String(taken.port),
    '--directory',
    town.path('alice'),
    '--as',
    'alice',
    '--bind',
    '127.0.0.1',
  ];
  for (const words of [['listen'], []]) {
    await using alice = new SottoProcess([...words, ...flags, '--home', town.home('alice')], town.folder);
    expect(await alice.exitCode()).toBe(3);
    expect(alice.stderr).toContain(`port ${taken.port} is in use [port-in-use]`);
    expect(alice.stderr).toContain(`sport = :${taken.port}`);
    expect(alice.stdout).toBe('');
  }
});

test('a port whose owner has just ended is free again at once, six times (NET-16)', async () => {
  await using town = await openTown(['alice', 'bob']);
  const bob = await town.open('bob', { lingerMs: 0 });
  for (let n = 0; n < 6; n++) {
    const alice = await town.open('alice');
    await bob.sendDelivered('alice', `start ${n}`);
    expect(alice.texts('bob')).toEqual([`start ${n}`]);
    await alice.close();
  }
});
