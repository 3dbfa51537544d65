import type { SeedRange, SeedRangeResult } from '../fuzz/interaction-worker.ts';
import type { Figures, LongOptions, LongPart } from './part.ts';
import { onThreads } from './threads.ts';

export const part: LongPart = {
  name: 'interaction',
  description: 'worlds whose network belongs to an adversary, and tangles of handshakes that he carries',
  run,
};

const SEEDS = 100_000;
const RANGE = 500;

async function run({ seed, scale, log }: LongOptions): Promise<Figures> {
  const count = Math.ceil(SEEDS * scale);
  const first = seed * SEEDS * 10;
  const ranges = (['agreement', 'interaction'] as const).flatMap((kind) =>
    Array.from({ length: Math.ceil(count / RANGE) }, (_, index): SeedRange => {
      const from = first + index * RANGE;
      return { kind, from, count: Math.min(RANGE, first + count - from) };
    }),
  );
  const sums = { agreement: { good: 0, bad: 0 }, interaction: { good: 0, bad: 0 } };
  let [faults, rejections, settledMsMax, done] = [0, 0, 0, 0];
  const take = (answer: unknown): void => {
    const result = answer as SeedRangeResult;
    const sum = sums[result.range.kind];
    sum.good += result.good;
    sum.bad += result.bad;
    settledMsMax = Math.max(settledMsMax, result.settledMsMax);
    rejections = Math.max(rejections, result.rejections);
    faults += result.faults.length;
    for (const fault of result.faults) log(fault);
    if (++done % 20 === 0) log(`${done} of ${ranges.length} ranges`);
  };
  await onThreads(new URL('../fuzz/interaction-worker.ts', import.meta.url), ranges, take);
  return {
    ok: faults === 0 && rejections === 0,
    figures: {
      worlds: count,
      'messages shown': sums.interaction.good,
      tricks: sums.interaction.bad,
      'longest repair s': Math.round(settledMsMax / 1_000),
      tangles: count,
      agreed: sums.agreement.good,
      refused: sums.agreement.bad,
      faults,
      'unhandled rejections': rejections,
    },
  };
}
