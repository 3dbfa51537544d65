import { addCounts, NO_COUNTS, type SeedCounts } from './seeds-counts.ts';
import { Story } from './seeds-story.ts';

export interface SeedsResult {
  readonly counts: SeedCounts;
  /** One line for each world that went wrong, with the seed that plays it again. */
  readonly faults: readonly string[];
}

/** The worlds of these seeds, one after the other. */
export function runSeeds(first: number, count: number): SeedsResult {
  let counts = NO_COUNTS;
  const faults: string[] = [];
  for (let seed = first; seed < first + count; seed++) {
    const { fault, counts: more } = played(seed);
    counts = addCounts(counts, more);
    if (fault !== undefined)
      faults.push(
        `seed ${seed} (again: SOTTO_SEED=${seed} SOTTO_SEEDS=1 npx vitest run seeds.test): ${fault}`,
      );
  }
  return { counts, faults };
}

function played(seed: number): { readonly fault: string | undefined; readonly counts: SeedCounts } {
  const story = new Story(seed);
  try {
    return { fault: story.play(), counts: story.counts };
  } catch (error) {
    return {
      fault: error instanceof Error ? (error.stack ?? error.message) : String(error),
      counts: story.counts,
    };
  }
}
