import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** Works through the jobs on at most two threads of a module that answers each message with one. */
export async function onThreads(
  module: URL,
  jobs: readonly unknown[],
  take: (answer: unknown) => void,
): Promise<void> {
  const left = [...jobs];
  const threads = Math.min(2, availableParallelism());
  await Promise.all(Array.from({ length: threads }, () => work(module, left, take)));
}

/** One thread works until no job is left. */
async function work(module: URL, left: unknown[], take: (answer: unknown) => void): Promise<void> {
  const worker = new Worker(module);
  try {
    await new Promise<void>((resolve, reject) => {
      const next = (): void => {
        const job = left.shift();
        if (job === undefined) resolve();
        else worker.postMessage(job, []);
      };
      worker.on('error', reject);
      worker.on('message', (answer: unknown) => {
        take(answer);
        next();
      });
      next();
    });
  } finally {
    await worker.terminate();
  }
}
