/** A socket, or a pair of streams: what JSON-RPC goes over, one object a line. */
export interface Channel {
  readonly input: AsyncIterable<Uint8Array | string>;
  readonly output: ChannelOutput;
  /** Nothing more is written; `left` when what was has left. */
  end(left: () => void): void;
  /** At once. */
  cut(): void;
  /** It no longer keeps the process alive. */
  unref?(): void;
}

/** What of a stream's `Writable` is needed. */
export interface ChannelOutput {
  /** `written` when these bytes have left, or cannot. */
  write(bytes: Uint8Array, written: (error?: Error | null) => void): unknown;
}
