import { setTimeout as pause } from 'node:timers/promises';

/** For what hangs: a loaded machine of two cores is slow, and what was refused once is tried again seconds later. */
export const PATIENCE_MS = 60_000;
const LIFE_TRIES = 10;

/** Waits for a condition, not for a time: the value once it is neither undefined nor false; throws at the deadline. */
export async function until<Value>(
  what: string | (() => string),
  condition: () => Value | undefined | false | Promise<Value | undefined | false>,
  withinMs: number = PATIENCE_MS,
): Promise<Value> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > giveUpAt)
      throw new Error(`not within ${withinMs} ms: ${typeof what === 'string' ? what : what()}`);
    await pause(5);
  }
}

/**
 * For what can be seen only until a deadline of the other side passes: an attempt that took longer than `lifeMs` shows nothing,
 * whatever came of it, and is made anew.
 */
export async function withinLife(lifeMs: number, attempt: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const began = performance.now();
    const failure = await attempt().then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    if (!failure) return;
    if (performance.now() - began < lifeMs || tries === LIFE_TRIES) throw failure.error;
  }
}

/** Watches that something stays true for a time: for what must not happen at all, and where only time can tell. */
export async function staysTrue(what: string, condition: () => boolean, forMs: number): Promise<void> {
  const endsAt = performance.now() + forMs;
  while (performance.now() < endsAt) {
    if (!condition()) throw new Error(`no longer true: ${what}`);
    await pause(20);
  }
}
