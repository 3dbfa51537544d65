import { describe, expect, test } from 'vitest';
import type { Bytes } from '../../src/base/index.ts';
import type { Pipe, World } from '../../src/testing/index.ts';
import { friends, strangers, texts, undelivered, type Pair } from '../scenarios/friends.ts';

// Terrapin's trick: whole encrypted frames are taken out of the stream, or come twice, or change places, without any bit
// of them being touched. Each frame is one write here, so a frame is a chunk.

const TEXTS = ['one', 'two', 'three'];

type Trick = 'drop' | 'repeat' | 'swap';
type Direction = 0 | 1;

/** What passes in one direction of the first connection goes through `edit`, which says what its receiver gets. */
function tap(
  world: World,
  direction: Direction,
  edit: (chunk: Bytes, index: number) => readonly Bytes[],
): () => Pipe {
  let first: Pipe | undefined;
  world.onPipe = (pipe) => {
    if (first) return;
    first = pipe;
    const end = pipe.ends[direction === 0 ? 1 : 0];
    const receive = end.receive.bind(end);
    let index = 0;
    end.receive = (chunk) => edit(chunk, index++).forEach((each) => receive(each));
  };
  return () => first!;
}

function talk({ world, alice, bob }: Pair): void {
  for (const [index, text] of TEXTS.entries()) {
    world.schedule.at(1_000 * index, () => alice.send('bob', text));
    world.schedule.at(1_000 * index + 500, () => bob.send('alice', text));
  }
}

function countFrames(start: typeof friends, direction: Direction): number {
  const pair = start({ seed: 5, latencyMs: [5, 5], isChunked: false });
  let count = 0;
  tap(pair.world, direction, (chunk) => {
    count += 1;
    return [chunk];
  });
  talk(pair);
  pair.world.run(10_000);
  return count;
}

function play(start: typeof friends, direction: Direction, trick: Trick, at: number): void {
  const pair = start({ seed: 5, latencyMs: [5, 5], isChunked: false });
  const { world, alice, bob } = pair;
  let held: Bytes | undefined;
  let isPlayed = false;
  tap(world, direction, (chunk, index) => {
    if (index === at) {
      if (trick !== 'swap') isPlayed = true;
      if (trick === 'drop') return [];
      if (trick === 'repeat') return [chunk, chunk.slice()];
      held = chunk;
      return [];
    }
    if (index !== at + 1 || !held) return [chunk];
    isPlayed = true;
    return [chunk, held];
  });
  talk(pair);
  world.run(3_600_000, () => world.now > 3_000 && undelivered(alice) + undelivered(bob) === 0);
  const label = `${trick} frame ${at} from ${direction === 0 ? 'the dialler' : 'the listener'}`;
  expect([texts(bob), texts(alice)], label).toEqual([TEXTS, TEXTS]);
  if (!isPlayed) return;
  world.run(61_000);
  const codes = [...alice.failures, ...bob.failures].map(({ code }) => code);
  expect(codes.length, `${label}: the connection did not go on as if nothing were`).toBeGreaterThan(0);
}

describe.each([
  ['first contact', strangers],
  ['a session', friends],
] as const)('whole frames are lost, repeated or swapped in %s (CRY-07, CRY-16)', (_, start) => {
  test.each(['drop', 'repeat', 'swap'] as const)(
    '%s: the connection ends there, and every text arrives once and in order',
    (trick) => {
      for (const direction of [0, 1] as const) {
        const frames = countFrames(start, direction);
        expect(frames).toBeGreaterThan(3);
        // The last one has nothing behind it that could tell that it is missing, or to change places with.
        for (let at = 0; at < frames - 1; at++) play(start, direction, trick, at);
      }
    },
  );
});
