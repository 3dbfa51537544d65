// One thread of the long interaction runs: takes ranges of seeds, tells what became of them.
import { parentPort } from 'node:worker_threads';
import { agree } from './agreement.ts';
import { interact } from './interaction.ts';

export interface SeedRange {
  readonly kind: 'interaction' | 'agreement';
  readonly from: number;
  readonly count: number;
}

export interface SeedRangeResult {
  readonly range: SeedRange;
  /** Interaction: messages shown; agreement: handshakes that both sides completed. */
  readonly good: number;
  /** Interaction: tricks; agreement: machines that refused. */
  readonly bad: number;
  readonly settledMsMax: number;
  readonly rejections: number;
  readonly faults: readonly string[];
}

let rejections = 0;
process.on('unhandledRejection', () => void (rejections += 1));

parentPort?.on('message', (range: SeedRange) => parentPort?.postMessage(perform(range), []));

function perform(range: SeedRange): SeedRangeResult {
  let [good, bad, settledMsMax] = [0, 0, 0];
  const faults: string[] = [];
  for (let seed = range.from; seed < range.from + range.count; seed++) {
    try {
      if (range.kind === 'agreement') {
        const { agreed, refused } = agree(seed);
        [good, bad] = [good + agreed, bad + refused];
      } else {
        const { delivered, tricks, settledMs } = interact(seed);
        good += delivered;
        for (const times of tricks.values()) bad += times;
        settledMsMax = Math.max(settledMsMax, settledMs);
      }
    } catch (error) {
      faults.push(`${range.kind} seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  return { range, good, bad, settledMsMax, rejections, faults };
}
