import { setTimeout as pause } from 'node:timers/promises';

/** Generous: a loaded machine of two cores. What must be prompt says its own bound. */
export const PATIENCE_MS = 15_000;

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

/** Watches that something stays true for a time: for what must not happen at all, and where only time can tell. */
export async function staysTrue(what: string, condition: () => boolean, forMs: number): Promise<void> {
  const endsAt = performance.now() + forMs;
  while (performance.now() < endsAt) {
    if (!condition()) throw new Error(`no longer true: ${what}`);
    await pause(20);
  }
}
