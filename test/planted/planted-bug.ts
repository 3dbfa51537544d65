/** A mistake that somebody could make, and the test that must notice it (F21). */
export interface PlantedBug {
  readonly name: string;
  readonly edits: readonly Edit[];
  readonly test: { readonly file: string; readonly name: string };
}

export interface Edit {
  readonly file: string;
  /** Occurs once in the file. */
  readonly find: string;
  readonly replace: string;
}
