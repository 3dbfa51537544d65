import type { Instant } from '../base/index.ts';

/** Connections of one address: in a second, and at once (spec/01). */
const ACCEPTS_PER_SECOND = 20;
const ACCEPTS_BURST = 40;
/** Addresses that are remembered. An address that falls out begins anew: a full table locks out nobody. */
const ADDRESSES_MAX = 4_096;

/**
 * A token bucket in one number: the time at which it is full again. Each token moves it by an interval, and it may not be
 * further ahead than the burst allows.
 */
export class Bucket {
  readonly #intervalMs: number;
  readonly #aheadMaxMs: number;
  #fullAt: Instant = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number, burst: number) {
    this.#intervalMs = 1_000 / perSecond;
    this.#aheadMaxMs = (burst - 1) * this.#intervalMs;
  }

  has(now: Instant): boolean {
    return this.#fullAt - now <= this.#aheadMaxMs;
  }
  /** False when it is empty. */
  take(now: Instant): boolean {
    if (!this.has(now)) return false;
    this.#fullAt = Math.max(this.#fullAt, now) + this.#intervalMs;
    return true;
  }
  giveBack(): void {
    this.#fullAt -= this.#intervalMs;
  }
}

/** One bucket an address; the table is bounded, and whoever came longest ago falls out of it. */
export class AddressBuckets {
  readonly #buckets = new Map<string, Bucket>();

  get size(): number {
    return this.#buckets.size;
  }

  has(address: string, now: Instant): boolean {
    return this.#buckets.get(address)?.has(now) ?? true;
  }
  take(address: string, now: Instant): boolean {
    const bucket = this.#buckets.get(address) ?? new Bucket(ACCEPTS_PER_SECOND, ACCEPTS_BURST);
    // A map keeps the order of arrival: moved to its end, the first one is whoever came longest ago.
    this.#buckets.delete(address);
    this.#buckets.set(address, bucket);
    if (this.#buckets.size > ADDRESSES_MAX) this.#forgetOldest();
    return bucket.take(now);
  }
  giveBack(address: string): void {
    this.#buckets.get(address)?.giveBack();
  }

  #forgetOldest(): void {
    for (const oldest of this.#buckets.keys()) return void this.#buckets.delete(oldest);
  }
}
