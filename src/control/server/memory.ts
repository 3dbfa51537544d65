import { HELD_BYTES_MAX, HELD_BYTES_SMALL } from '../limits.ts';

export interface Holder {
  cut(): void;
}

/** What requests and answers of all clients take, together: when it is too much, who holds most goes. */
export class Memory {
  readonly #held = new Map<Holder, number>();
  #total = 0;

  /** `bytes`: all that this one holds now. */
  holds(holder: Holder, bytes: number): void {
    this.#set(holder, bytes);
    // What little takes is bounded by the number of clients.
    if (bytes <= HELD_BYTES_SMALL) return;
    while (this.#total > HELD_BYTES_MAX) {
      const most = this.#most(holder);
      if (!most) return;
      this.#set(most, 0);
      most.cut();
    }
  }

  #set(holder: Holder, bytes: number): void {
    this.#total += bytes - (this.#held.get(holder) ?? 0);
    if (bytes === 0) this.#held.delete(holder);
    else this.#held.set(holder, bytes);
  }

  /** Who asks at this moment is spared: a page of its own may be all that there is. */
  #most(spared: Holder): Holder | undefined {
    let most: Holder | undefined;
    let mostBytes = HELD_BYTES_SMALL;
    for (const [holder, bytes] of this.#held) {
      if (holder === spared || bytes <= mostBytes) continue;
      most = holder;
      mostBytes = bytes;
    }
    return most;
  }
}
