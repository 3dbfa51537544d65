import { expect, test } from 'vitest';
import { HostilePeer } from './hostile-peer.ts';
import { openTown } from './town.ts';

test('a proven peer keeps eight connections, the newest, and the others go on (NET-06)', async () => {
  // Of two names only the side with the smaller one ends duplicates, and here that is the hostile side.
  await using town = await openTown(['alice', 'mallory', 'zoe']);
  const [alice, zoe] = [await town.open('alice'), await town.open('zoe')];
  const mallory = new HostilePeer('mallory');
  const sessions = [await mallory.dialEnrol(town.port('zoe'), 'zoe')];
  await sessions[0]!.exchangeReady();
  while (sessions.length < 24) {
    const session = await mallory.dialSession(town.port('zoe'), 'zoe');
    await session.exchangeReady();
    sessions.push(session);
  }
  for (const { wire } of sessions.slice(0, -8)) await wire.ended();
  expect(sessions.slice(-8).filter(({ wire }) => wire.isEnded)).toEqual([]);
  const newest = sessions.at(-1)!;
  newest.send(newest.message('all of this is me'));
  await newest.acked(1);
  await alice.sendDelivered('zoe', 'and I am here too');
  expect(zoe.texts()).toEqual(['all of this is me', 'and I am here too']);
});
