import { expect, test } from 'vitest';
import { BOTH, eventsOf, friends, kill, pass, texts, undelivered, type Pair } from './friends.ts';

// A sender whose disk was put back (spec/05 “Rolled back”).

/** What one side calls delivered and the other has never got. */
const falselyDelivered = ({ alice, bob }: Pair): readonly string[] => {
  const got = new Set(eventsOf(bob, 'message-received').map(({ id }) => id));
  const delivered = eventsOf(alice, 'message-progress').filter(
    ({ progress }) => progress.state === 'delivered',
  );
  return delivered.map(({ id }) => id).filter((id) => !got.has(id));
};

test('an ack of the former numbering, which comes right behind the READY, settles nothing of the new one (DLV-09)', () => {
  const pair = friends({ seed: 64, latencyMs: [5, 30], isChunked: false });
  const { world, alice, bob } = pair;
  const numbered = (what: string, count: number) =>
    Array.from({ length: count }, (_, index) => ({ to: 'bob', text: `${what} ${index}` }));
  alice.send('bob', 'zero');
  pass(world, 1_000);
  const copy = alice.disk.copy();
  alice.sendAll(numbered('forgotten', 10));
  pass(world, 1_000);
  alice.restart(BOTH, { keys: alice.keys, ...copy.home, disk: copy });
  alice.sendAll(numbered('after', 12));
  world.run(100_000, () => falselyDelivered(pair).length > 0);
  expect(falselyDelivered(pair)).toEqual([]);
  expect(texts(bob).slice(11)).toEqual(numbered('after', 12).map(({ text }) => text));
  expect(undelivered(alice)).toBe(0);
});

test('nor does one that was under way on another session (DLV-09)', () => {
  const pair = friends({ seed: 65, latencyMs: [10, 10], isChunked: false });
  const { world, alice, bob } = pair;
  alice.send('bob', 'zero');
  pass(world, 1_000);
  const [slow] = world.pipes;
  slow!.delayMs = 3_000;
  alice.send('bob', 'one');
  // Bob has this and acks it; the ack stays under way for three seconds.
  alice.send('bob', 'two');
  const copy = alice.disk.copy();
  pass(world, 100);
  const unheard = ['three', 'four', 'five', 'six', 'seven'];
  for (const text of unheard) alice.send('bob', text);
  pass(world, 2_950);
  expect(texts(bob)).toEqual(['zero', 'one', 'two']);
  bob.restart(BOTH, bob.home, { isPowerLost: true });
  // The same home, started a second time somewhere else, goes on in the same numbering.
  const twin = world.join('alice', 7099, BOTH, { keys: alice.keys, ...copy.home, disk: copy });
  for (const text of ['3', '4', '5']) twin.send('bob', text);
  pass(world, 300);
  expect(texts(bob)).toEqual(['zero', 'one', 'two', '3', '4', '5']);
  kill(twin);
  pass(world, 300);
  // No third one, which would settle everything before the old ack comes.
  bob.isListening = false;
  world.onPipe = () => (alice.isListening = false);
  bob.send('alice', 'the second session');
  pass(world, 1_500);
  expect(alice.disk.changes.at(-1)).toMatchObject({ type: 'outbox-epoch' });
  const isWaiting = [...alice.ends.values()].some(({ pipe }) => pipe === slow);
  expect(isWaiting, 'the first session has not ended').toBe(true);
  pass(world, 5_000);
  expect(falselyDelivered(pair)).toEqual([]);
  world.onPipe = () => {};
  alice.isListening = true;
  bob.isListening = true;
  world.run(100_000, () => falselyDelivered(pair).length > 0);
  expect(falselyDelivered(pair)).toEqual([]);
  expect(texts(bob).slice(6)).toEqual(unheard);
  expect(undelivered(alice)).toBe(0);
});
