import { expect, test } from 'vitest';
import { nativePrimitives } from '../../src/primitives/index.ts';
import { directoryFor, World, type SimulatedNode } from '../../src/testing/index.ts';

const PEOPLE = [
  { username: 'alice', port: 7001 },
  { username: 'bob', port: 7002 },
];

/** Alice and Bob have met; then Alice comes back with the same password and another key. */
function aliceComesBack(seed: number): { world: World; alice: SimulatedNode; bob: SimulatedNode } {
  const world = new World({ seed });
  world.start(['alice', 'bob']);
  const [alice, bob] = [world.node('alice'), world.node('bob')];
  for (const text of ['first contact', 'first session']) {
    alice.send('bob', text);
    world.run(200_000);
  }
  expect(bob.home.records[0]?.pin?.confirmed).toBe(true);
  const secret = world.entropy.bytes(32);
  const keys = { secret, publicKey: nativePrimitives.x25519PublicKey(secret) };
  alice.restart(directoryFor(PEOPLE), { keys, records: [] });
  return { world, alice, bob };
}

test('a changed key never connects silently: nothing gets through until a person names its number (CRY-08, P4)', () => {
  const { world, alice, bob } = aliceComesBack(31);
  const before = bob.received.length;
  const pinned = bob.home.records[0]?.pin?.key;
  alice.send('bob', 'I am Alice, with a new machine');
  world.run(60_000);
  bob.send('alice', 'for the Alice I know');
  world.run(60_000);
  expect(bob.received.length).toBe(before);
  expect(alice.received).toEqual([]);
  expect(bob.home.records[0]?.pin?.key).toEqual(pinned);
  expect(bob.events.filter((event) => event.type === 'key-pending')).toHaveLength(1);
  expect(alice.events.some((event) => event.type === 'own-key-pending')).toBe(true);

  const wrong = bob.engine.commands.approveKey('alice', '0'.repeat(60), bob.time);
  expect(wrong.ok ? '' : wrong.failure.code).toBe('fingerprint-mismatch');
  const safety = bob.engine.commands.safety('alice');
  const number = safety.ok ? (safety.value.pending?.safetyNumber ?? '') : '';
  expect(bob.engine.commands.approveKey('alice', number, bob.time).ok).toBe(true);
  bob.endTurn();
  world.run(600_000, () => bob.received.length > before && alice.received.length > 0);
  expect(bob.received.at(-1)?.text).toBe('I am Alice, with a new machine');
  expect(alice.received.map((message) => message.text)).toEqual(['for the Alice I know']);
});
