import { expect, test } from 'vitest';
import type { Pipe } from '../../src/testing/index.ts';
import { countingPrimitives } from './counting-primitives.ts';
import { friends, texts } from './friends.ts';

// A session in which a key exchange begins as soon as it is open, and both sides write while it is under way.

/** Between the edges of what is written, every so many bytes are cut; 1 takes minutes. */
const STRIDE = Number(process.env['SOTTO_CUT_STRIDE'] ?? 50);
/** When the session opens and when its first key exchange is long done, ms. */
const [OPENS, IS_DONE] = [24, 55];

interface Outcome {
  readonly exchanges: number;
  readonly texts: readonly (readonly string[])[];
  readonly failures: readonly string[];
  /** How many bytes had arrived after each step between OPENS and IS_DONE, by direction. */
  readonly edges: readonly [readonly number[], readonly number[]];
}

function talk(spoil: (first: Pipe) => void): Outcome {
  const { primitives, counts } = countingPrimitives();
  const { world, alice, bob } = friends({
    seed: 3,
    latencyMs: [5, 5],
    isChunked: false,
    lingerMs: 2_000,
    rekey: { afterBytes: 2_000, symmetricRecords: 2 },
    primitives,
  });
  let first: Pipe | undefined;
  world.onPipe = (pipe) => {
    if (!first) spoil(pipe);
    first ??= pipe;
  };
  alice.send('bob', 'one');
  // REKEY1 is on its way until 30 ms, its answer until 35, the last KEYSWITCH until 40.
  for (const at of [27, 32, 37, 42]) {
    world.schedule.at(at, () => alice.send('bob', `alice at ${at}`));
    world.schedule.at(at, () => bob.send('alice', `bob at ${at}`));
  }
  const edges: readonly [Set<number>, Set<number>] = [new Set(), new Set()];
  const isOver = (): boolean => {
    if (first && world.now >= OPENS && world.now < IS_DONE)
      for (const direction of [0, 1] as const) edges[direction].add(first.arrived[direction]);
    return world.now > 1_000 && world.pipes.size === 0 && alice.engine.openLinks === 0;
  };
  world.run(120_000, isOver);
  return {
    exchanges: counts.exchanges,
    texts: [texts(bob), texts(alice)],
    failures: [...alice.failures, ...bob.failures].map((failure) => failure.code),
    edges: [[...edges[0]], [...edges[1]]],
  };
}

test('a cut anywhere in a key exchange under load, in both directions, loses nothing and repeats nothing (NET-18, CRY-20)', () => {
  const whole = talk(() => {});
  const expected = [
    ['one', 'alice at 27', 'alice at 32', 'alice at 37', 'alice at 42'],
    ['bob at 27', 'bob at 32', 'bob at 37', 'bob at 42'],
  ];
  expect(whole).toMatchObject({ texts: expected, failures: [] });
  expect(whole.exchanges).toBeGreaterThanOrEqual(2);
  let cuts = 0;
  for (const direction of [0, 1] as const) {
    for (const bytes of placesToCut(whole.edges[direction])) {
      const outcome = talk((pipe) => (pipe.cutAfterBytesFrom[direction] = bytes));
      cuts++;
      const label = `cut after ${bytes} bytes, direction ${direction}`;
      expect(outcome.texts, label).toEqual(expected);
      const violations = outcome.failures.filter((code) => code.startsWith('re') && code !== 'reset');
      expect(violations, label).toEqual([]);
    }
  }
  console.log(`figure rekey-cuts=${cuts} stride=${STRIDE}`);
  expect(cuts).toBeGreaterThan(300);
}, 600_000);

/** Every byte round the edges, and some between. */
function placesToCut(edges: readonly number[]): ReadonlySet<number> {
  const places = new Set<number>();
  const [from, to] = [Math.min(...edges), Math.max(...edges)];
  for (let bytes = from; bytes <= to; bytes += STRIDE) places.add(bytes);
  for (const edge of edges)
    for (let bytes = Math.max(from, edge - 3); bytes <= Math.min(to, edge + 3); bytes++) places.add(bytes);
  return places;
}
