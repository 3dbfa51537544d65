import { expect, test } from 'vitest';
import { BOTH, eventsOf, friends, pass, withoutMessages } from './friends.ts';

test.each(['nothing', 'an older copy'])(
  'with %s, a peer that numbers anew says no more than that',
  (left) => {
    const { world, alice, bob } = friends({ seed: 14 });
    bob.send('alice', 'kept in the copy');
    alice.send('bob', 'one');
    pass(world, 5_000);
    const copy = alice.disk.copy();
    bob.send('alice', 'lost');
    alice.send('bob', 'forgotten');
    pass(world, 5_000);
    const isCopy = left !== 'nothing';
    const home = isCopy ? { keys: alice.keys, ...copy.home, disk: copy } : withoutMessages(alice);
    alice.restart(BOTH, home);
    // Both begin: what bob’s first record carries must not pass for something that alice had kept.
    bob.send('alice', 'early');
    alice.send('bob', 'two');
    pass(world, 60_000);
    const [event, ...more] = eventsOf(bob, 'peer-restarted');
    expect([event?.isFromCopy === true, more]).toEqual([isCopy, []]);
  },
);
