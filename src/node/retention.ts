import { CodedError } from '../base/index.ts';
import { readClock } from './clock.ts';
import type { MessageDesk } from './message-desk.ts';

const EVERY_MS = 3_600_000;

/** Deletes what was stored longer ago than `keepMs`, now and then every hour, until the signal aborts. */
export function keepFor(keepMs: number, desk: Pick<MessageDesk, 'eraseKept'>, signal: AbortSignal): void {
  const erase = (): void => {
    desk.eraseKept({ beforeWall: readClock().wall - keepMs }).catch((error: unknown) => {
      // The disk refuses: it is tried again in an hour.
      if (!(error instanceof CodedError)) throw error;
    });
  };
  erase();
  const timer = setInterval(erase, EVERY_MS).unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}
