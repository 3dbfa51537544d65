import type { Bytes } from '../../src/base/index.ts';

/**
 * One decoder under attack. `run` hands it one input and says in a word what became of it (a new word makes the input part
 * of the corpus); it throws when the decoder throws or when its answer breaks the rule that the target stands for.
 */
export interface FuzzTarget {
  readonly name: string;
  /** Inputs that are right, or nearly: what mutation starts from. */
  readonly seeds: readonly Bytes[];
  /** Pieces that mean something to this decoder. */
  readonly words?: readonly (Bytes | string)[];
  /** What one execution costs, which says how many there are. */
  readonly cost: keyof typeof COUNTS;
  /** Most mutations of it stay printable ASCII, so that they get beyond the first check. */
  readonly isText?: boolean;
  /** The longest input, bytes; default 4,096. */
  readonly lengthMax?: number;
  readonly run: (input: Bytes) => string;
}

/** Inputs of one target: in CI, and in the long run at scale 1. About 60,000, 15,000, 1,500 and 1,000 run in a second. */
export const COUNTS = {
  cheap: { ci: 20_000, long: 600_000 },
  middle: { ci: 5_000, long: 250_000 },
  handshake: { ci: 1_000, long: 200_000 },
  costly: { ci: 500, long: 100_000 },
} as const;

/** The rule that a target stands for was broken. */
export function must(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new Error(`broken rule: ${rule}`);
}
