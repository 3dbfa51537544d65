import type { Now } from '../base/index.ts';

/** The one place that reads a clock. */
export function readClock(): Now {
  return { monotonic: performance.now(), wall: Date.now() };
}
