import { expect, test } from 'vitest';
import { openChat } from '../../src/node/index.ts';
import { HostilePeer } from './hostile-peer.ts';
import { openTown } from './town.ts';

test('what comes while a one-shot send runs is kept, and shown by the next screen (DLV-05)', async () => {
  await using town = await openTown(['alice', 'bob']);
  const bob = await town.open('bob');
  const waiting = await bob.send('alice', 'while you were away');
  const options = {
    directory: town.path('alice'),
    port: town.port('alice'),
    as: 'alice',
    home: town.home('alice'),
    bind: ['127.0.0.1'],
    lingerMs: 0,
  } as const;
  const once = await openChat({ ...options, mode: 'dial' }, {});
  const progress = once.events();
  await once.sendText({ to: 'bob', text: 'just one line' });
  for await (const event of progress)
    if (event.type === 'message-progress' && event.progress.state === 'delivered') break;
  await bob.delivered(waiting);
  await once.close();
  await using later = await openChat({ ...options, mode: 'listen' }, {});
  for await (const event of later.events({ isScreen: true })) {
    if (event.type !== 'message-received') continue;
    expect([event.text.exact(), event.isBelated]).toEqual(['while you were away', true]);
    break;
  }
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
  const { seq } = await session.item('message');
  const closing = bob.chat.close({ graceMs: 60_000 });
  session.send(session.message('too late'));
  const { ack } = await session.item('ack');
  expect(ack).toEqual({ cumulative: 1, exceptions: [{ seq: 2, status: 'busy' }] });
  session.send({ type: 'ack', ack: { cumulative: seq, exceptions: [] } });
  await closing;
  expect(bob.texts()).toEqual(['in time']);
});
