/** Milliseconds on a clock that never jumps (monotonic). Only differences mean anything. */
export type Instant = number;

/** The time as a machine sees it: `monotonic` for deadlines, `wall` (UTC, ms since 1970) for what people read. */
export interface Now {
  readonly monotonic: Instant;
  readonly wall: number;
}

/** The shape of every state machine: bytes, time and randomness come in as arguments; effects come out as data. */
export interface Machine<Input, Output> {
  /** Performs no I/O. The caller performs the outputs in order. */
  handle(input: Input, now: Now): readonly Output[];
  /** The caller calls again no later than this. */
  deadline(): Instant | undefined;
}
