/** Where a program keeps its messages. `log`: in memory, and each commit writes what the database writes to its log. */
export type StoreKind = 'database' | 'log' | 'memory';

/** In bytes. */
export interface LogSizes {
  /** From here on the log is overwritten from its beginning. */
  readonly whole: number;
  /** What a commit writes, by the first of its changes. */
  readonly commits: Readonly<Record<string, number>>;
}

/** From the parent to one end; each is answered by one `Answer`. */
export type Order =
  /** Opens the program. `isRecording`: what it commits is kept for `replay`, and how much of the log it takes. */
  | {
      readonly type: 'open';
      readonly store: StoreKind;
      readonly isRecording: boolean;
      readonly sizes?: LogSizes | undefined;
    }
  /** Answered with when each commit began, and with what was recorded of the log. */
  | { readonly type: 'close' }
  /** Only the sender: one text at a time. */
  | { readonly type: 'one'; readonly trips: number }
  /** Only the sender: 256 texts are under way all the time. */
  | { readonly type: 'flight'; readonly warmUpMs: number; readonly measuredMs: number }
  /** What was recorded, into a new database without any network. */
  | { readonly type: 'replay' };

export type Figures = Readonly<Record<string, number>>;

/** Times are milliseconds of the machine's one monotonic clock. */
export interface Answer {
  readonly figures?: Figures;
  readonly sizes?: LogSizes;
  /** When each commit began. */
  readonly commits?: readonly number[];
  /** Of each text, when it was given to the program and when its ack had come. */
  readonly trips?: readonly (readonly [number, number])[];
}
