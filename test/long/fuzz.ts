import { COUNTS } from '../fuzz/target.ts';
import { targets } from '../fuzz/targets/index.ts';
import type { FuzzJob, FuzzJobResult } from '../fuzz/worker.ts';
import type { Figures, LongOptions, LongPart } from './part.ts';
import { onThreads } from './threads.ts';

export const part: LongPart = {
  name: 'fuzz',
  description: 'more than 10 million mutated inputs to every decoder and both roles of both handshakes',
  run,
};

/** Each slice begins again with the seeds and another stream of dice, so that threads share the work evenly. */
const SLICE = { cheap: 100_000, middle: 50_000, handshake: 10_000, costly: 10_000 } as const;

async function run({ seed, scale, log }: LongOptions): Promise<Figures> {
  const jobs = targets.flatMap(({ name, cost }) =>
    sliced(name, { count: Math.ceil(COUNTS[cost].long * scale), seed, size: SLICE[cost] }),
  );
  // The costly ones first: the end is then not one thread with a long job.
  jobs.sort((a, b) => costOf(b.target) - costOf(a.target));
  const totals = new Map<string, { executions: number; seconds: number; outcomes: Set<string> }>();
  let crashes = 0;
  let rejections = 0;
  let done = 0;
  const take = (answer: unknown): void => {
    const result = answer as FuzzJobResult;
    const total = totals.get(result.job.target) ?? { executions: 0, seconds: 0, outcomes: new Set() };
    totals.set(result.job.target, total);
    total.executions += result.executions;
    total.seconds += result.seconds;
    for (const outcome of result.outcomes) total.outcomes.add(outcome);
    rejections = Math.max(rejections, result.rejections);
    if (result.crash !== undefined) {
      crashes += 1;
      log(`CRASH ${result.crash}`);
    }
    if (++done % 25 === 0) log(`${done} of ${jobs.length} slices`);
  };
  await onThreads(new URL('../fuzz/worker.ts', import.meta.url), jobs, take);
  for (const [name, { executions, seconds, outcomes }] of totals)
    log(`${name}: ${executions} inputs, ${Math.round(executions / seconds)}/s, ${outcomes.size} outcomes`);
  const inputs = [...totals.values()].reduce((sum, { executions }) => sum + executions, 0);
  return {
    ok: crashes === 0 && rejections === 0,
    figures: {
      inputs,
      targets: targets.length,
      crashes,
      'unhandled rejections': rejections,
      ...byKind(totals),
    },
  };
}

function sliced(
  target: string,
  { count, seed, size }: { readonly count: number; readonly seed: number; readonly size: number },
): FuzzJob[] {
  const slices = Math.ceil(count / size);
  return Array.from({ length: slices }, (_, index) => ({
    target,
    seed: (seed * 1_000 + index) >>> 0,
    count: Math.ceil(count / slices),
  }));
}

function costOf(name: string): number {
  return { cheap: 0, middle: 1, costly: 2, handshake: 3 }[
    targets.find((target) => target.name === name)?.cost ?? 'cheap'
  ];
}

/** Inputs to the roles of the handshakes, which are the costly ones. */
function byKind(
  totals: ReadonlyMap<string, { readonly executions: number }>,
): Readonly<Record<string, number>> {
  const roles = targets.filter(({ cost }) => cost === 'handshake').map(({ name }) => name);
  return Object.fromEntries(roles.map((name) => [name, totals.get(name)?.executions ?? 0]));
}
