import { expect, test } from 'vitest';
import { countingPrimitives } from './counting-primitives.ts';
import { friends, texts, undelivered } from './friends.ts';

test('3,000 texts in both directions at once cross more than 50 key exchanges and come in order, on one connection (CRY-20)', () => {
  const { primitives, counts } = countingPrimitives();
  const { world, alice, bob } = friends({
    seed: 20,
    latencyMs: [0.5, 3],
    rekey: { afterBytes: 20_000, symmetricRecords: 3 },
    primitives,
  });
  let connections = 0;
  world.onPipe = () => connections++;
  const expected = { alice: [] as string[], bob: [] as string[] };
  alice.send('bob', 'hello');
  world.run(1_000, () => texts(bob).length === 1);
  const before = connections;
  for (let index = 0; index < 1_500; index++) {
    world.schedule.after(index / 2, () => alice.send('bob', `to bob ${index} ${'x'.repeat(index % 600)}`));
    world.schedule.after(index / 2, () => bob.send('alice', `to alice ${index} ${'y'.repeat(index % 500)}`));
    expected.bob.push(`to bob ${index} ${'x'.repeat(index % 600)}`);
    expected.alice.push(`to alice ${index} ${'y'.repeat(index % 500)}`);
  }
  world.run(1_000);
  world.run(40_000, () => undelivered(alice) + undelivered(bob) === 0);
  expect(texts(bob).slice(1)).toEqual(expected.bob);
  expect(texts(alice)).toEqual(expected.alice);
  expect([before, connections]).toEqual([1, 1]);
  expect([...alice.failures, ...bob.failures]).toEqual([]);
  console.log(`figure exchanges=${counts.exchanges / 2} steps=${counts.steps}`);
  expect(counts.exchanges / 2).toBeGreaterThan(50);
});

test('a conversation of three hours on one connection takes new keys twice, with the program’s own limits', () => {
  const { primitives, counts } = countingPrimitives();
  const { world, alice, bob } = friends({ seed: 21, lingerMs: 10 * 3_600_000, primitives });
  let connections = 0;
  world.onPipe = () => connections++;
  for (let index = 0; index < 118; index++) {
    world.schedule.at(index * 90_000, () =>
      (index % 2 ? bob : alice).send(index % 2 ? 'alice' : 'bob', `${index}`),
    );
  }
  world.run(117.5 * 90_000);
  expect([texts(bob).length, texts(alice).length]).toEqual([59, 59]);
  expect(connections).toBe(1);
  expect(counts).toEqual({ exchanges: 4, steps: 0 });
});
