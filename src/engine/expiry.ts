import type { Instant, Now } from '../base/index.ts';
import { earlier, type EngineCore } from './core.ts';
import { applyDecision } from './effects.ts';

/** Wall clocks jump, and no timer of ours notices: an expiry is looked at again at least this often. */
const LOOK_AGAIN_MS = 60_000;

/** Gives up what did not leave in time (spec/05 “Expiry”). */
export class Expiry {
  readonly #core: EngineCore;
  #deadline: Instant | undefined;

  constructor(core: EngineCore) {
    this.#core = core;
  }

  /** Of the last look. */
  deadline(): Instant | undefined {
    return this.#deadline;
  }

  /** Some of what is over; the rest with the next turn, which follows at once. */
  giveUpDue(now: Now): void {
    this.#deadline = undefined;
    for (const peer of this.#core.peers.values()) {
      const at = peer.outbox.nextExpiryWall;
      if (at === undefined) continue;
      if (at <= now.wall) applyDecision(this.#core, peer, peer.outbox.expire(now.wall), now);
      const next = peer.outbox.nextExpiryWall;
      if (next === undefined) continue;
      const waitMs = Math.min(LOOK_AGAIN_MS, Math.max(0, next - now.wall));
      this.#deadline = earlier(this.#deadline, now.monotonic + waitMs);
    }
  }
}
