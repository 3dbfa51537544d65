/** Ids kept in memory at least; at most twice as many. */
const SEEN_IDS_MIN = 4_096;

/**
 * The ids of a peer's latest messages, each with its seq in the current epoch, or 0 for an earlier epoch's. They are kept in
 * two generations and the older one goes as a whole: taking single ids out of a large map costs more than all the rest.
 */
export class SeenIds {
  #newer = new Map<string, number>();
  #older = new Map<string, number>();
  /** No id that came, and is not kept here, is larger. */
  #horizon: string;
  #largestOfOlder: string;
  #largest: string;

  /** `largest`: the largest id that ever came; undefined when none did. */
  constructor(largest?: string) {
    this.#horizon = largest ?? '';
    this.#largestOfOlder = this.#horizon;
    this.#largest = this.#horizon;
  }

  /** Undefined when the id is not kept here. */
  seqOf(id: string): number | undefined {
    return this.#newer.get(id) ?? this.#older.get(id);
  }
  /** May an id that is not kept here have come all the same, long ago? Ids begin with the time (UUIDv7): a new one hardly ever. */
  mayHaveCome(id: string): boolean {
    return id <= this.#horizon;
  }

  add(id: string, seq: number): void {
    this.#newer.set(id, seq);
    if (id > this.#largest) this.#largest = id;
    if (this.#newer.size < SEEN_IDS_MIN) return;
    this.#horizon = this.#largestOfOlder;
    this.#largestOfOlder = this.#largest;
    this.#older = this.#newer;
    this.#newer = new Map();
  }

  /** The seqs of the epoch until now mean nothing any more. */
  beginEpoch(): void {
    for (const generation of [this.#newer, this.#older]) {
      for (const id of generation.keys()) generation.set(id, 0);
    }
  }
}
