import { expect, test } from 'vitest';
import { HostilePeer } from './hostile-peer.ts';
import { frameLengths, openRecordingProxy } from './recording-proxy.ts';
import { startListening, startSotto } from './sotto-process.ts';
import { PROMPT_MS, talkDuring } from './talk.ts';
import { openTown, type Town } from './town.ts';
import { staysTrue, until } from './until.ts';
import { listenRaw } from './wire-socket.ts';

// First contact with the wrong password, the wrong name or the wrong machine.

/** What a dialler sees of a refusal: everything that could differ. */
interface Refusal {
  readonly code: string;
  readonly exitCode: number | null;
  readonly fromDialler: readonly unknown[];
  readonly fromListener: readonly unknown[];
  readonly connections: number;
}

async function sendOnce(town: Town, port: number): Promise<Refusal> {
  await using proxy = await openRecordingProxy(port);
  town.edit('alice', 'bob', { port: proxy.port });
  await using alice = startSotto(town, 'alice', ['send', 'bob', 'a secret', '--json', '--timeout', '60s']);
  const exitCode = await alice.exitCode();
  const outcome = JSON.parse(alice.stdout) as { readonly code: string; readonly message: string };
  const [recording] = proxy.recordings;
  return {
    code: `${outcome.code}: ${outcome.message}`,
    exitCode,
    fromDialler: frameLengths(recording?.fromDialler ?? new Uint8Array(0), 'dialler'),
    fromListener: frameLengths(recording?.fromListener ?? new Uint8Array(0), 'listener'),
    connections: proxy.recordings.length,
  };
}

test('a wrong password and an unknown user look the same to the dialler: exit 4, the same frames, one try (CRY-10, CRY-13)', async () => {
  await using town = await openTown(['bob', 'alice', 'carol']);
  const bob = await town.open('bob');
  const carol = await town.open('carol');
  const { talk, result } = await talkDuring(bob, [carol], async () => {
    town.edit('bob', 'alice', { password: 'quite another' });
    await bob.event('directory-changed', ({ changed }) => changed.includes('alice'));
    const wrongPassword = await sendOnce(town, town.port('bob'));
    const others = town.entries.filter(({ username }) => username !== 'alice');
    town.write('bob', others);
    await bob.event('directory-changed', ({ removed }) => removed.includes('alice'));
    const unknownUser = await sendOnce(town, town.port('bob'));
    return { wrongPassword, unknownUser };
  });
  expect(result.unknownUser).toEqual(result.wrongPassword);
  expect(result.wrongPassword).toMatchObject({
    exitCode: 4,
    fromDialler: [1_216, 64, 181],
    fromListener: [1_200, 81],
    connections: 1,
  });
  expect(result.wrongPassword.code).toMatch(/^password-mismatch: /);
  expect(bob.texts('alice')).toEqual([]);
  expect(talk.slowestMs).toBeLessThan(PROMPT_MS);
});

test('a wrong password is not tried again by itself; after the edit of the entry it is, and the message arrives', async () => {
  await using town = await openTown(['bob', 'alice', 'carol']);
  await using proxy = await openRecordingProxy(town.port('bob'));
  await town.onlyDials('alice', 'bob', proxy.port);
  town.edit('alice', 'bob', { port: proxy.port, password: 'wrong' });
  const [bob, carol, alice] = [await town.open('bob'), await town.open('carol'), await town.open('alice')];
  const id = await alice.send('bob', 'kept for later');
  const refused = await alice.progress(id, (progress) => 'held' in progress && progress.held);
  expect(refused).toMatchObject({ state: 'queued', reason: { code: 'password-mismatch' } });
  expect(refused).not.toHaveProperty('nextTryWall');
  // Her call at the start may have been refused before it was written.
  const tries = proxy.recordings.length;
  expect(tries).toBeLessThanOrEqual(2);
  await talkDuring(carol, [alice, bob], async () =>
    staysTrue('no further try', () => proxy.recordings.length === tries, 2_500),
  );
  town.edit('alice', 'bob', { port: proxy.port });
  await alice.delivered(id);
  expect(bob.texts('alice')).toEqual(['kept for later']);
});

test('a man in the middle of a first contact without the password gets names and keys, and nothing more (CRY-10)', async () => {
  const impostor = new HostilePeer('bob');
  const outcomes: string[] = [];
  const heard: number[] = [];
  await using server = await listenRaw(async (wire) => {
    await impostor
      .answer(wire, 'alice', { pwI: 'guess', pwR: 'guess' })
      .then(() => outcomes.push('proven'))
      .catch(() => outcomes.push('refused'));
    await wire.ended();
    heard.push(...frameLengths(wire.heard, 'dialler').map(Number));
  });
  await using town = await openTown(['alice', 'bob'], { bob: server.port });
  await using alice = startSotto(town, 'alice', ['send', 'bob', 'for bob alone', '--timeout', '60s']);
  expect(await alice.exitCode()).toBe(4);
  expect(alice.stderr).toContain('not delivered to bob, held: The passwords differ');
  await until('the impostor has given up', () => heard.length > 0);
  expect(outcomes).toEqual(['refused']);
  expect(heard).toEqual([1_216, 64, 181]);
});

test('a dialler without the password is told nothing but the end, whatever it claims (CRY-10, CRY-13)', async () => {
  await using town = await openTown(['bob', 'alice', 'carol', 'mallory']);
  const bob = await town.open('bob');
  const friends = [await town.open('alice'), await town.open('carol')];
  const claims = {
    'a wrong password': ['mallory', 'bob', 'wrong'],
    'an unknown name': ['nobody', 'bob', 'pw-mallory'],
    'a wrong name for the listener': ['mallory', 'alice', 'pw-mallory'],
    'the listener’s own name': ['bob', 'bob', 'pw-bob'],
  } as const;
  const { talk } = await talkDuring(bob, friends, async () => {
    for (const [what, [claimed, peer, own]] of Object.entries(claims)) {
      const liar = new HostilePeer(claimed);
      const wire = await liar.beginEnrol(town.port('bob'), peer, 'PAKE1', { own, peer: 'pw-bob' });
      wire.writeFrames(new Uint8Array(49).fill(1));
      await wire.ended();
      expect(frameLengths(wire.heard, 'listener'), what).toEqual([1_200, 81]);
      const session = liar.dialEnrol(town.port('bob'), peer, { own, peer: 'pw-bob' });
      await expect(session, what).rejects.toThrow('pake-confirm');
    }
  });
  expect(talk.slowestMs).toBeLessThan(PROMPT_MS);
  expect((await bob.contact('mallory'))?.trust).toBe('new');
});

test('sotto send to a real process with the right passwords is exit 0: the refusals above are not for another reason', async () => {
  await using town = await openTown(['bob', 'alice']);
  await using bob = await startListening(town, 'bob');
  const { exitCode, fromDialler, fromListener } = await sendOnce(town, town.port('bob')).catch(() => ({
    exitCode: undefined,
    fromDialler: [],
    fromListener: [],
  }));
  expect(exitCode).toBe(0);
  expect(fromDialler.slice(0, 4)).toEqual([1_216, 64, 181, 49]);
  expect(fromListener.slice(0, 2)).toEqual([1_200, 81]);
  await bob.says('"text":"a secret"', 'stdout');
});
