import type { LongPart } from './part.ts';

/** Every part by its name, in the order of a full run. Each is loaded when it is run. */
export const parts: Readonly<Record<string, () => Promise<{ readonly part: LongPart }>>> = {
  'bit-flips': () => import('./bit-flips.ts'),
  guesses: () => import('./guesses.ts'),
  seeds: () => import('./seeds.ts'),
  fuzz: () => import('./fuzz.ts'),
  'planted-bugs': () => import('./planted-bugs.ts'),
  interaction: () => import('./interaction.ts'),
  namespaces: () => import('./namespaces.ts'),
  flood: () => import('./flood.ts'),
  'kill-loop': () => import('./kill-loop.ts'),
  'power-cuts': () => import('./power-cuts.ts'),
  'io-faults': () => import('./io-faults.ts'),
  'flips-at-rest': () => import('./flips-at-rest.ts'),
  queue: () => import('./queue.ts'),
  clocks: () => import('./clocks.ts'),
};
