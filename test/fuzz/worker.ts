// One thread of a long fuzz: takes jobs, tells what became of them.
import { parentPort } from 'node:worker_threads';
import { fuzz } from './fuzz.ts';
import { targets } from './targets/index.ts';

export interface FuzzJob {
  readonly target: string;
  readonly seed: number;
  readonly count: number;
}

export interface FuzzJobResult {
  readonly job: FuzzJob;
  readonly executions: number;
  readonly seconds: number;
  readonly outcomes: readonly string[];
  readonly rejections: number;
  readonly crash: string | undefined;
}

let rejections = 0;
process.on('unhandledRejection', () => void (rejections += 1));

parentPort?.on('message', (job: FuzzJob) => parentPort?.postMessage(perform(job), []));

function perform(job: FuzzJob): FuzzJobResult {
  const target = targets.find(({ name }) => name === job.target);
  try {
    if (!target) throw new Error(`there is no target ${job.target}`);
    const { executions, seconds, outcomes } = fuzz(target, job);
    return { job, executions, seconds, outcomes: [...outcomes.keys()], rejections, crash: undefined };
  } catch (error) {
    const crash = error instanceof Error ? error.message : String(error);
    return { job, executions: 0, seconds: 0, outcomes: [], rejections, crash };
  }
}
