import { expect } from 'vitest';
import { World, type SimulatedHome } from '../../src/testing/index.ts';

import { cheapEntropy, cheapPrimitives } from './cheap-primitives.ts';
import { undelivered, withoutMessages } from './friends.ts';

/** Where a connection ends is a matter of lengths and states: the keys may be cheap ones, of the same lengths. */
const CHEAP = { primitives: cheapPrimitives, entropy: cheapEntropy } as const;

export type Homes = ReadonlyMap<string, SimulatedHome>;

/** The homes of a pair that has met: pins confirmed on both sides. */
export function homesOfFriends(): Homes {
  const world = new World({ seed: 7, isChunked: false, ...CHEAP });
  world.start(['alice', 'bob']);
  world.node('alice').send('bob', 'first contact');
  world.run(200_000);
  world.node('alice').send('bob', 'first session');
  world.run(200_000);
  const homes = new Map(['alice', 'bob'].map((name) => [name, withoutMessages(world.node(name))]));
  for (const home of homes.values()) expect(home.records[0]?.pin?.confirmed).toBe(true);
  return homes;
}

/** Bytes of one undisturbed conversation, by direction. */
export function lengths(homes: Homes | undefined): readonly [number, number] {
  const world = conversation(homes, () => {});
  return world.measured;
}

/**
 * The first connection is cut after `cutAfter` bytes of one direction (0: the dialler's). Without a person both texts must
 * arrive once, and afterwards the other side's dial must work as well.
 */
export function cutAt(homes: Homes | undefined, direction: 0 | 1, cutAfter: number): void {
  const { world } = conversation(homes, (pipe) => (pipe.cutAfterBytesFrom[direction] = cutAfter));
  const [alice, bob] = [world.node('alice'), world.node('bob')];
  const label = `cut after ${cutAfter} bytes from ${direction === 0 ? 'the dialler' : 'the listener'}`;
  expect(
    bob.received.map((message) => message.text),
    label,
  ).toEqual(['there']);
  expect(
    alice.received.map((message) => message.text),
    label,
  ).toEqual(['back']);
  expect(
    alice.home.records[0]?.pin?.confirmed && bob.home.records[0]?.pin?.confirmed,
    `${label}: pins confirmed`,
  ).toBe(true);
}

type Pipe = Parameters<World['onPipe']>[0];

function conversation(
  homes: Homes | undefined,
  spoil: (first: Pipe) => void,
): { world: World; measured: readonly [number, number] } {
  const world = new World({ seed: 11, latencyMs: [5, 5], isChunked: false, ...CHEAP });
  let first: Pipe | undefined;
  world.onPipe = (pipe) => {
    if (!first) spoil(pipe);
    first ??= pipe;
  };
  world.start(
    ['alice', 'bob'],
    undefined,
    homes && ((name) => homes.get(name) ?? { keys: world.node(name).keys, records: [] }),
  );
  const [alice, bob] = [world.node('alice'), world.node('bob')];
  alice.send('bob', 'there');
  const isIdle = () => world.pipes.size === 0;
  world.run(120_000, () => bob.received.length === 1 && undelivered(alice) === 0);
  // Everything is torn down, so that the next text needs a session of its own, dialled by the other side.
  world.run(300_000, isIdle);
  bob.send('alice', 'back');
  world.run(600_000, () => alice.received.length === 1);
  world.run(100);
  return { world, measured: first?.arrived ?? [0, 0] };
}
