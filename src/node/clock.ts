import type { Instant, Now } from '../base/index.ts';

/** The one place that reads a clock. */
export function readClock(): Now {
  return { monotonic: performance.now(), wall: Date.now() };
}

/** How often the clock is to be looked at while a standstill would matter. */
export const LOOK_EVERY_MS = 4_000;
/** What a busy machine and a clock that is set right do not reach. */
const STANDSTILL_MS = 5_000;

/**
 * Notices that the machine slept (its wall clock went on, the other one did not) or that the program was stopped (nobody
 * looked for long), from one look to the next (CLK-04, CLK-05).
 */
export class StandstillWatch {
  #last: Now | undefined;

  /** Whether there was a standstill since the last look. Also true when the wall clock was set. */
  look(now: Now): boolean {
    const last = this.#last;
    this.#last = now;
    if (last === undefined) return false;
    const passed: Instant = now.monotonic - last.monotonic;
    const jumped = Math.abs(now.wall - last.wall - passed);
    return jumped > STANDSTILL_MS || passed > LOOK_EVERY_MS + STANDSTILL_MS;
  }
  /** Nobody looks for a while. */
  forget(): void {
    this.#last = undefined;
  }
}
