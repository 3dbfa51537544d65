import { expect, test } from 'vitest';
import { encodePreface } from '../../src/protocol/wire/index.ts';
import { HostilePeer } from './hostile-peer.ts';
import { startListening } from './sotto-process.ts';
import { openTown } from './town.ts';
import { staysTrue, until } from './until.ts';
import { dialRaw } from './wire-socket.ts';

// What the simulated world shows at length, once over TCP and with a home on the disk.

const WRONG = { own: 'a guess', peer: 'another' };

test('six guesses are heard, then none; the person is told; a friend notices nothing; a restart forgets nothing (CRY-11, CRY-12)', async () => {
  await using town = await openTown(['bob', 'alice', 'carol']);
  const port = town.port('bob');
  const bob = await town.open('bob');
  const carol = await town.open('carol', { lingerMs: 0 });
  await carol.sendDelivered('bob', 'before');
  const liar = new HostilePeer('alice');
  const guess = async (): Promise<boolean> => {
    using wire = await liar.beginEnrol(port, 'bob', 'PAKE1', WRONG);
    return wire.heard.length > 0;
  };
  for (let i = 0; i < 6; i++) expect(await guess()).toBe(true);
  await expect(guess(), 'the end instead of PAKE2').rejects.toThrow('the connection ended instead');
  await carol.sendDelivered('bob', 'meanwhile');
  await until('told of three and five', () => bob.all('password-guesses').length === 2);
  expect(bob.all('password-guesses')).toMatchObject([
    { name: 'alice', failures: 3, address: expect.stringMatching(/^127\./) },
    { name: 'alice', failures: 5 },
  ]);
  await bob.close();
  await using again = await town.open('bob');
  expect((await again.contact('alice'))?.failedGuesses?.failures).toBe(6);
  await again.chat.forgiveGuesses('alice');
  expect((await again.contact('alice'))?.failedGuesses).toBeUndefined();
  await using alice = await town.open('alice');
  await alice.sendDelivered('bob', 'it is me');
  expect(again.texts()).toEqual(['it is me']);
});

test('a closed program ends a first contact at the preface, without a byte, and listens to sessions (CRY-14)', async () => {
  await using town = await openTown(['bob', 'alice']);
  await using _bob = await startListening(town, 'bob', ['listen', '--closed']);
  using stranger = await dialRaw(town.port('bob'));
  stranger.write(encodePreface('enrol'));
  await stranger.ended();
  expect(stranger.heard).toHaveLength(0);
  using friend = await dialRaw(town.port('bob'));
  friend.write(encodePreface('session'));
  await staysTrue('the session is awaited', () => !friend.isEnded, 500);
});
