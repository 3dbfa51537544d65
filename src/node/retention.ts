import type { ChatEvent, HistoryEntry } from '../api/index.ts';
import { CodedError, type Now } from '../base/index.ts';
import { readClock } from './clock.ts';
import type { MessageDesk } from './message-desk.ts';

const EVERY_MS = 3_600_000;
/** How much further than others have confirmed our clock may be before it is doubted. */
const DOUBT_MS = 86_400_000;

/**
 * Deletes what was stored longer ago than `keepMs`, now and then every hour. Our own clock is not believed alone: one that is a
 * year ahead would delete everything (CLK-03). Until a contact's clock has agreed with it, it counts as no later than a
 * day after the newest message that a contact wrote, and after as long as we have run since.
 */
export class Retention {
  readonly #keepMs: number;
  readonly #erase: MessageDesk['eraseKept'];
  readonly #publish: (event: ChatEvent) => void;
  /** How late it certainly was at some moment. */
  #known: Now | undefined;
  #isConfirmed = false;
  /** Whose clocks differ from ours, and who are about to be connected. */
  readonly #differing = new Set<string>();

  /** `newest`: the last messages that are kept, in any order. */
  constructor(options: {
    readonly keepMs: number;
    readonly erase: MessageDesk['eraseKept'];
    readonly publish: (event: ChatEvent) => void;
    readonly newest: readonly Pick<HistoryEntry, 'direction' | 'writtenAtWall' | 'storedAtWall'>[];
  }) {
    this.#keepMs = options.keepMs;
    this.#erase = options.erase;
    this.#publish = options.publish;
    for (const { direction, writtenAtWall, storedAtWall } of options.newest) {
      if (direction === 'out') continue;
      const wall = Math.max(this.#known?.wall ?? 0, Math.min(writtenAtWall, storedAtWall));
      this.#known = { wall, monotonic: readClock().monotonic };
    }
  }

  /** Until the signal aborts. */
  start(signal: AbortSignal): void {
    void this.#eraseOld();
    const timer = setInterval(() => void this.#eraseOld(), EVERY_MS).unref();
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  }

  /** A connected contact whose clock is not said to differ confirms ours. */
  heard(event: ChatEvent): void {
    if (event.type === 'clock-skew') this.#differing.add(event.name);
    if (event.type !== 'contact-connected' || this.#differing.delete(event.name)) return;
    this.#known = readClock();
    const isFirst = !this.#isConfirmed;
    this.#isConfirmed = true;
    if (isFirst) void this.#eraseOld();
  }

  async #eraseOld(): Promise<void> {
    const now = readClock();
    if (!this.#known) return;
    const latest = this.#known.wall + (now.monotonic - this.#known.monotonic) + DOUBT_MS;
    const beforeWall = Math.floor(Math.min(now.wall, latest)) - this.#keepMs;
    try {
      const count = await this.#erase({ beforeWall });
      if (count > 0) this.#publish({ type: 'messages-deleted', count, keepMs: this.#keepMs });
    } catch (error) {
      // The disk refuses: it is tried again in an hour.
      if (!(error instanceof CodedError)) throw error;
    }
  }
}
