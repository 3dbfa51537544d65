import type { Instant } from '../base/index.ts';

interface Entry {
  readonly at: Instant;
  readonly order: number;
  readonly act: () => void;
}

/** More at one moment is a loop without end. */
const AT_ONCE_MAX = 100_000;

/** Virtual time: what is to happen, in order of time and then of arrival. A binary heap. */
export class Schedule {
  now: Instant = 0;
  #order = 0;
  /** How much has happened at this very moment. */
  #atOnce = 0;
  readonly #heap: Entry[] = [];

  get isEmpty(): boolean {
    return this.#heap.length === 0;
  }

  at(at: Instant, act: () => void): void {
    this.#heap.push({ at, order: this.#order++, act });
    this.#rise(this.#heap.length - 1);
  }
  after(ms: number, act: () => void): void {
    this.at(this.now + ms, act);
  }

  /** Runs the next entry that is due no later than `limit`; false when there is none. */
  runNext(limit: Instant): boolean {
    const next = this.#heap[0];
    if (!next || next.at > limit) return false;
    const last = this.#heap.pop();
    if (last && last !== next) {
      this.#heap[0] = last;
      this.#sink(0);
    }
    this.#atOnce = next.at > this.now ? 0 : this.#atOnce + 1;
    if (this.#atOnce > AT_ONCE_MAX)
      throw new Error('time stands still: somebody asks for another turn for ever');
    this.now = Math.max(this.now, next.at);
    next.act();
    return true;
  }

  #rise(index: number): void {
    for (let child = index; child > 0;) {
      const parent = (child - 1) >> 1;
      if (!this.#isBefore(child, parent)) return;
      this.#swap(child, parent);
      child = parent;
    }
  }
  #sink(index: number): void {
    for (let parent = index; ;) {
      const left = 2 * parent + 1;
      let first = parent;
      if (this.#isBefore(left, first)) first = left;
      if (this.#isBefore(left + 1, first)) first = left + 1;
      if (first === parent) return;
      this.#swap(parent, first);
      parent = first;
    }
  }
  #isBefore(a: number, b: number): boolean {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (!x || !y) return false;
    return x.at < y.at || (x.at === y.at && x.order < y.order);
  }
  #swap(a: number, b: number): void {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (x && y) [this.#heap[a], this.#heap[b]] = [y, x];
  }
}
