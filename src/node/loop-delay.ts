import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { StatusView } from '../api/index.ts';

/** How often the loop is looked at: ten times a second costs nothing, and a loop that stands still is found all the same. */
const EVERY_MS = 100;
const NS_PER_MS = 1_000_000;

/** How much later than it was due the event loop came round, since this was made. */
export class LoopDelay implements Disposable {
  readonly #histogram: ReturnType<typeof monitorEventLoopDelay> = monitorEventLoopDelay({
    resolution: EVERY_MS,
  });

  constructor() {
    this.#histogram.enable();
  }

  get view(): StatusView['loopDelayMs'] {
    const histogram = this.#histogram;
    if (histogram.count === 0) return { p50: 0, p99: 0, max: 0 };
    return {
      p50: delayOf(histogram.percentile(50)),
      p99: delayOf(histogram.percentile(99)),
      max: delayOf(histogram.max),
    };
  }

  [Symbol.dispose](): void {
    this.#histogram.disable();
  }
}

/** The histogram holds the time from one look to the next. Tenths of a millisecond. */
function delayOf(ns: number): number {
  return Math.max(0, Math.round((ns / NS_PER_MS - EVERY_MS) * 10) / 10);
}
