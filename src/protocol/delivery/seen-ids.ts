/** Ids remembered at least against a second showing after the peer's numbering began again; at most twice as many. */
const SEEN_IDS_MIN = 4_096;

/**
 * The ids of a peer's latest messages, each with its seq in the current epoch, or 0 for an earlier epoch's. They are kept in
 * two generations and the older one goes as a whole: taking single ids out of a large map costs more than all the rest.
 */
export class SeenIds {
  #newer = new Map<string, number>();
  #older = new Map<string, number>();

  /** Undefined when the id was not seen, or long ago. */
  seqOf(id: string): number | undefined {
    return this.#newer.get(id) ?? this.#older.get(id);
  }

  add(id: string, seq: number): void {
    this.#newer.set(id, seq);
    if (this.#newer.size < SEEN_IDS_MIN) return;
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
