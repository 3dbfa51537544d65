import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { concatBytes, type Bytes } from '../../src/base/index.ts';
import { FRAME_HEADER_LENGTH, PREFACE_LENGTH } from '../../src/protocol/wire/index.ts';

/** One connection through a proxy, with every byte of both directions. */
export interface Recording {
  readonly fromDialler: Bytes;
  readonly fromListener: Bytes;
  readonly isOpen: boolean;
}

export interface RecordingProxy extends AsyncDisposable {
  readonly port: number;
  readonly recordings: readonly Recording[];
  /** How many connections run through it now. */
  readonly openCount: number;
  /** Where later connections lead. */
  target: number;
}

/** A man in the middle who only listens, or who resets the first connection after so many bytes of both directions. */
export async function openRecordingProxy(
  target: number,
  { cutFirstAfter = Number.POSITIVE_INFINITY }: { readonly cutFirstAfter?: number } = {},
): Promise<RecordingProxy> {
  const pairs: Pair[] = [];
  const proxy = { target };
  const server = createServer({ allowHalfOpen: true }, (dialler) => {
    const listener = connect({ host: '127.0.0.1', port: proxy.target, allowHalfOpen: true });
    pairs.push(new Pair(dialler, listener, pairs.length === 0 ? cutFirstAfter : Number.POSITIVE_INFINITY));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    recordings: pairs,
    get openCount() {
      return pairs.filter((pair) => pair.isOpen).length;
    },
    get target() {
      return proxy.target;
    },
    set target(port) {
      proxy.target = port;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const pair of pairs) pair.cut();
      await closed;
    },
  };
}

class Pair implements Recording {
  readonly #dialler: Socket;
  readonly #listener: Socket;
  readonly #fromDialler: Bytes[] = [];
  readonly #fromListener: Bytes[] = [];

  #allowance: number;

  constructor(dialler: Socket, listener: Socket, cutAfter: number) {
    this.#allowance = cutAfter;
    this.#dialler = dialler;
    this.#listener = listener;
    this.#carry(dialler, listener, this.#fromDialler);
    this.#carry(listener, dialler, this.#fromListener);
  }
  get fromDialler(): Bytes {
    return concatBytes(...this.#fromDialler);
  }
  get fromListener(): Bytes {
    return concatBytes(...this.#fromListener);
  }
  get isOpen(): boolean {
    return !this.#dialler.destroyed && !this.#listener.destroyed;
  }
  #reset(): void {
    this.#dialler.resetAndDestroy();
    this.#listener.resetAndDestroy();
  }
  cut(): void {
    this.#dialler.destroy();
    this.#listener.destroy();
  }

  #carry(from: Socket, to: Socket, record: Bytes[]): void {
    from.setNoDelay(true);
    from.on('data', (chunk: Uint8Array) => {
      const carried = chunk.subarray(0, this.#allowance);
      this.#allowance -= carried.length;
      record.push(new Uint8Array(carried));
      if (to.writable) to.write(carried);
      if (this.#allowance === 0) this.#reset();
    });
    from.on('end', () => to.end());
    from.on('error', () => this.cut());
    from.on('close', () => (from.errored ? this.cut() : to.end()));
  }
}

/** The bodies' lengths of a stream of frames; the last one is undefined when the stream ends inside a frame. */
export function frameLengths(stream: Bytes, from: 'dialler' | 'listener'): readonly (number | undefined)[] {
  const lengths: (number | undefined)[] = [];
  let offset = from === 'dialler' ? PREFACE_LENGTH : 0;
  while (offset < stream.length) {
    const length = ((stream[offset] ?? 0) << 8) | (stream[offset + 1] ?? 0);
    offset += FRAME_HEADER_LENGTH + length;
    lengths.push(offset <= stream.length ? length : undefined);
  }
  return lengths;
}
