import { expect, test } from 'vitest';
import { BOTH, eventsOf, friends, pass, undelivered } from './friends.ts';

const DAY = 86_400_000;

test.each(['alice', 'bob'])(
  'what was lost and does not come again is said on both sides, also when %s dials',
  (dialler) => {
    const { world, alice, bob } = friends({ seed: 10 });
    alice.send('bob', 'in the copy');
    pass(world, 5_000);
    const copy = bob.disk.copy();
    for (let i = 0; i < 4; i++) alice.send('bob', `text ${i}`);
    pass(world, 5_000);
    alice.wallOffset += 8 * DAY;
    alice.send('bob', 'a week later');
    pass(world, 5_000);
    bob.restart(BOTH, { keys: bob.keys, ...copy.home, disk: copy });
    world.node(dialler).send(dialler === 'alice' ? 'bob' : 'alice', 'are you well?');
    pass(world, 20_000);
    expect(eventsOf(alice, 'messages-lost-by-peer')).toMatchObject([{ count: 5, resent: 1 }]);
    expect(eventsOf(bob, 'messages-missing')).toMatchObject([{ count: 4 }]);
    expect(bob.disk.store.received('alice').slice(0, 2)).toEqual(['in the copy', 'a week later']);
    expect([undelivered(alice), undelivered(bob)]).toEqual([0, 0]);
  },
);
