/** Where an outgoing message stands, and what withdrawing it frees. */
export interface PlacedRow {
  readonly seq: number;
  readonly id: string;
  readonly isVoid: boolean;
  readonly cost: number;
}

/** Kept before it is looked which of them are committed by now. */
const ROWS_MIN = 1_024;

/**
 * What was queued lately and still waits, in order of seq: as long as the ledger may not show it. A text whose commit failed is
 * withdrawn before it was ever on the disk, however many were queued with it.
 */
export class RecentRows {
  #rows = new Map<string, PlacedRow>();
  #max = ROWS_MIN;

  /** Room is to be made (`forgetTo`) before the next one is added. */
  get isFull(): boolean {
    return this.#rows.size >= this.#max;
  }

  add(row: PlacedRow): void {
    // A message that is sent once more goes to the end.
    this.#rows.delete(row.id);
    this.#rows.set(row.id, row);
  }
  find(id: string): PlacedRow | undefined {
    return this.#rows.get(id);
  }
  /** It was withdrawn. */
  forget(id: string): void {
    this.#rows.delete(id);
  }
  /** Everything up to `seq` is committed. */
  forgetTo(seq: number): void {
    for (const row of this.#rows.values()) {
      if (row.seq > seq) break;
      this.#rows.delete(row.id);
    }
    this.#max = Math.max(ROWS_MIN, 2 * this.#rows.size);
  }
  /** Everything from `seq` on was withdrawn. */
  forgetFrom(seq: number): void {
    for (const row of this.#rows.values()) if (row.seq >= seq) this.#rows.delete(row.id);
  }
  /** A new numbering of what waits. Nothing was queued after these, so that the last of them is the last of all, `last`. */
  renumber(settled: number, last: number): void {
    const rows = [...this.#rows.values()].filter((row) => row.seq > settled);
    const first = last - rows.length + 1;
    this.#rows = new Map(rows.map((row, index) => [row.id, { ...row, seq: first + index }]));
  }
}
