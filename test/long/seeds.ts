import { addCounts, NO_COUNTS } from '../scenarios/seeds-counts.ts';
import type { SeedsResult } from '../scenarios/seeds.ts';
import type { SeedsJob } from '../scenarios/seeds-worker.ts';
import type { Figures, LongOptions, LongPart } from './part.ts';
import { onThreads } from './threads.ts';

export const part: LongPart = {
  name: 'seeds',
  description:
    '100,000 simulated worlds: crashes, refusing and restored disks, cuts, crossing dials, rekeys of both kinds, clock jumps',
  run,
};

const WORLDS = 100_000;
/** Worlds that a thread plays before it reports. */
const SLICE = 500;

/** Seed 1 plays the worlds 1 to 100,000, seed 2 the next 100,000. */
async function run({ seed, scale, log }: LongOptions): Promise<Figures> {
  const worlds = Math.max(1, Math.ceil(WORLDS * scale));
  const start = (seed - 1) * WORLDS + 1;
  const jobs: SeedsJob[] = [];
  for (let done = 0; done < worlds; done += SLICE)
    jobs.push({ first: start + done, count: Math.min(SLICE, worlds - done) });
  let counts = NO_COUNTS;
  let [slices, failed] = [0, 0];
  const take = (answer: unknown): void => {
    const result = answer as SeedsResult;
    counts = addCounts(counts, result.counts);
    failed += result.faults.length;
    for (const fault of result.faults) log(fault);
    if (++slices % 20 === 0) log(`${slices * SLICE} of ${worlds} worlds`);
  };
  await onThreads(new URL('../scenarios/seeds-worker.ts', import.meta.url), jobs, take);
  return {
    ok: failed === 0 && slices === jobs.length,
    figures: { worlds, first: start, failed, ...counts },
  };
}
