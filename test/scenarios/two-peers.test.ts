import { expect, test } from 'vitest';
import { World } from '../../src/testing/index.ts';

test('two people talk: first contact, then both ways over one session', () => {
  const world = new World({ seed: 1 });
  world.start(['alice', 'bob']);
  const [alice, bob] = [world.node('alice'), world.node('bob')];
  alice.send('bob', 'hello');
  world.run(5_000);
  bob.send('alice', 'hi there');
  world.run(5_000);
  expect(bob.received).toEqual([{ from: 'alice', text: 'hello' }]);
  expect(alice.received).toEqual([{ from: 'bob', text: 'hi there' }]);
  expect(world.pipes.size).toBe(1);
});
