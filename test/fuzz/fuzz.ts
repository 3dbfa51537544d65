import { encodeHex, encodeUtf8, type Bytes } from '../../src/base/index.ts';
import { SeededDice } from './dice.ts';
import { COMMON_WORDS, mutate } from './mutate.ts';
import type { FuzzTarget } from './target.ts';

/** Inputs that led somewhere new are kept up to this many; then they replace earlier ones that were not seeds. */
const CORPUS_MAX = 2_000;
/** How often an outcome may add an input to the corpus: rare ways stay represented, common ones do not flood it. */
const KEPT_PER_OUTCOME = 8;

export interface FuzzReport {
  readonly target: string;
  readonly executions: number;
  /** What became of the inputs: outcome to count. */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly corpus: number;
  readonly seconds: number;
}

/** A decoder threw or broke its rule. The message has everything that is needed to see it again. */
export class FuzzCrash extends Error {
  constructor(
    place: { readonly target: string; readonly seed: number; readonly iteration: number },
    input: Bytes,
    cause: unknown,
  ) {
    const again = `node test/fuzz/run.ts --target ${place.target} --input ${encodeHex(input)}`;
    const what = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    super(`${place.target} at iteration ${place.iteration} of seed ${place.seed}: ${what}\nagain: ${again}`, {
      cause,
    });
    this.name = 'FuzzCrash';
  }
}

/** Runs the seeds, then `count` mutations of what led somewhere new. Throws a FuzzCrash. */
export function fuzz(
  target: FuzzTarget,
  options: { readonly seed: number; readonly count: number },
): FuzzReport {
  const { seed, count } = options;
  const started = performance.now();
  const dice = new SeededDice(seed);
  const corpus = [...target.seeds];
  const outcomes = new Map<string, number>();
  const words = [
    ...COMMON_WORDS,
    ...(target.words ?? []).map((word) => (typeof word === 'string' ? encodeUtf8(word) : word)),
  ];
  const lengthMax = target.lengthMax ?? 4_096;
  const execute = (input: Bytes, iteration: number): boolean => {
    let outcome: string;
    try {
      outcome = target.run(input);
    } catch (error) {
      throw new FuzzCrash({ target: target.name, seed, iteration }, input, error);
    }
    const before = outcomes.get(outcome) ?? 0;
    outcomes.set(outcome, before + 1);
    return before < KEPT_PER_OUTCOME;
  };
  for (const [index, input] of target.seeds.entries()) execute(input.slice(), index - target.seeds.length);
  for (let iteration = 0; iteration < count; iteration++) {
    const mutated = mutate(dice.pick(corpus), { dice, corpus, words, lengthMax });
    const input = target.isText === true && dice.chance(0.7) ? printable(mutated) : mutated;
    if (!execute(input.slice(), iteration)) continue;
    if (corpus.length < CORPUS_MAX) corpus.push(input);
    else corpus[target.seeds.length + dice.below(CORPUS_MAX - target.seeds.length)] = input;
  }
  const seconds = (performance.now() - started) / 1_000;
  return {
    target: target.name,
    executions: target.seeds.length + count,
    outcomes,
    corpus: corpus.length,
    seconds,
  };
}

function printable(bytes: Bytes): Bytes {
  return bytes.map((byte) => (byte < 0x20 || byte > 0x7e ? 0x20 + (byte % 95) : byte));
}
