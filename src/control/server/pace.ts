import { nextTurn } from './waiting.ts';

/** So long at a time: peers and the disk wait no longer for whatever local programs ask. */
const SLICE_MS = 10;

/** The time that all clients of one server have together before the event loop goes round. */
export class Pace {
  /** When the slice began that ends with this turn of the loop. */
  #beganAt: number | undefined;
  #over: Promise<void> = Promise.resolve();

  /** Resolves when there is time to work on a request: mostly at once. */
  async time(): Promise<void> {
    while (this.#beganAt !== undefined && performance.now() - this.#beganAt > SLICE_MS) await this.#over;
    if (this.#beganAt !== undefined) return;
    this.#beganAt = performance.now();
    this.#over = nextTurn().then(() => {
      this.#beganAt = undefined;
    });
  }
}
