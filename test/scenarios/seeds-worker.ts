import { parentPort } from 'node:worker_threads';
import { runSeeds } from './seeds.ts';

export interface SeedsJob {
  readonly first: number;
  readonly count: number;
}

parentPort?.on('message', ({ first, count }: SeedsJob) =>
  parentPort?.postMessage(runSeeds(first, count), []),
);
