import { describe, expect, test } from 'vitest';
import { agree } from './agreement.ts';
import { interact } from './interaction.ts';

const SEED = Number(process.env['SOTTO_SEED'] ?? Date.now() % 1_000_000);
const INTERACTIONS = 1_500;
const AGREEMENTS = 1_000;
const GROUPS = 20;

function eachSeed(group: number, count: number, act: (seed: number) => void): void {
  const size = count / GROUPS;
  for (let seed = SEED + group * size; seed < SEED + (group + 1) * size; seed++) {
    try {
      act(seed);
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`, {
        cause: error,
      });
    }
  }
}

describe(`an adversary who owns the network, ${INTERACTIONS} worlds from seed ${SEED} (CRY-04, CRY-05, CRY-06, CRY-08, CRY-10, CRY-16, NET-14, NET-18)`, () => {
  test.each(Array.from({ length: GROUPS }, (_, group) => group))(
    'alice and bob are never wrong about each other, and everything arrives in the end: part %i',
    (group) => {
      let delivered = 0;
      let tricks = 0;
      eachSeed(group, INTERACTIONS, (seed) => {
        const outcome = interact(seed);
        delivered += outcome.delivered;
        for (const times of outcome.tricks.values()) tricks += times;
      });
      expect(delivered, 'messages got through').toBeGreaterThan(INTERACTIONS / GROUPS);
      expect(tricks, 'tricks were played').toBeGreaterThan(INTERACTIONS / GROUPS);
    },
  );
});

test(`${AGREEMENTS} tangles of handshakes from seed ${SEED}: who believes in each other agrees on everything (CRY-04, CRY-05, CRY-06, CRY-18)`, () => {
  let agreed = 0;
  let refused = 0;
  for (let group = 0; group < GROUPS; group++)
    eachSeed(group, AGREEMENTS, (seed) => {
      const outcome = agree(seed);
      agreed += outcome.agreed;
      refused += outcome.refused;
    });
  expect(agreed).toBeGreaterThan(AGREEMENTS / 4);
  expect(refused).toBeGreaterThan(AGREEMENTS / 4);
});
