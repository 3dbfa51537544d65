import { expect, test } from 'vitest';
import { openChat } from '../../src/node/index.ts';
import { HostilePeer } from './hostile-peer.ts';
import { openTown } from './town.ts';

test('a one-shot send takes no message that it could not show: its sender keeps it (DLV-05)', async () => {
  await using town = await openTown(['alice', 'bob']);
  const bob = await town.open('bob');
  const waiting = await bob.send('alice', 'while you were away');
  const once = await openChat(
    {
      directory: town.path('alice'),
      port: town.port('alice'),
      as: 'alice',
      home: town.home('alice'),
      mode: 'dial',
      lingerMs: 0,
    },
    {},
  );
  const progress = once.events();
  await once.sendText({ to: 'bob', text: 'just one line' });
  for await (const event of progress) {
    expect(event.type, 'nobody looks at messages here').not.toBe('message-received');
    if (event.type === 'message-progress' && event.progress.state === 'delivered') break;
  }
  // As agreed between the two, so that bob has heard all that alice had to say.
  await bob.event('contact-disconnected');
  await once.close();
  expect(bob.states(waiting).map(({ state }) => state)).not.toContain('delivered');
  const alice = await town.open('alice');
  await bob.chat.retry('alice');
  await alice.hears('while you were away');
  await bob.delivered(waiting);
});

test('a program that ends takes no message any more, while it waits for acks of its own (DLV-05)', async () => {
  await using town = await openTown(['mallory', 'bob']);
  const bob = await town.open('bob');
  const mallory = new HostilePeer('mallory');
  const session = await mallory.dialEnrol(town.port('bob'), 'bob');
  await session.exchangeReady();
  session.send(session.message('in time'));
  await session.acked(1);
  await bob.send('mallory', 'never acked');
  await session.item('message');
  const closing = bob.chat.close({ graceMs: 1_000 });
  session.send(session.message('too late'));
  const { ack } = await session.item('ack');
  expect(ack).toEqual({ cumulative: 1, exceptions: [{ seq: 2, status: 'busy' }] });
  await closing;
  expect(bob.texts()).toEqual(['in time']);
});
