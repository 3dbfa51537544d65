/** What a part measured: `ok` is the verdict, `figures` are what the results file keeps, in this order. */
export interface Figures {
  readonly ok: boolean;
  readonly figures: Readonly<Record<string, number | string>>;
}

export interface LongOptions {
  /** 32 bits; the same seed gives the same run. */
  readonly seed: number;
  /** 1 is the full run; counts are multiplied by it. */
  readonly scale: number;
  readonly log: (line: string) => void;
}

/** One long run, a file of this folder that exports it as `part` and stands in parts.ts. */
export interface LongPart {
  readonly name: string;
  /** One sentence, for the table of results. */
  readonly description: string;
  run(options: LongOptions): Promise<Figures>;
}
