/** Where an outgoing message stands, and what withdrawing it frees. */
export interface PlacedRow {
  readonly seq: number;
  readonly id: string;
  readonly isVoid: boolean;
  readonly cost: number;
}

/** More than one turn of the event loop queues for one contact; at most twice as many are kept. */
const ROWS_MIN = 1_024;

/**
 * What went to the tail lately, and the ledger may not show yet: a text whose commit failed is withdrawn before it was ever on
 * the disk.
 */
export class RecentRows {
  #newer = new Map<string, PlacedRow>();
  #older = new Map<string, PlacedRow>();

  add(row: PlacedRow): void {
    this.#newer.set(row.id, row);
    if (this.#newer.size < ROWS_MIN) return;
    this.#older = this.#newer;
    this.#newer = new Map();
  }
  find(id: string): PlacedRow | undefined {
    return this.#newer.get(id) ?? this.#older.get(id);
  }
  clear(): void {
    this.#newer.clear();
    this.#older.clear();
  }
}
