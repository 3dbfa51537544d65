import type { Socket } from 'node:net';
import type { Bytes, Failure } from '../base/index.ts';

/** What a connected socket tells its owner. At most one of `ended`, then at most one `lost`; nothing after `release`. */
export interface StreamEvents {
  bytes(bytes: Bytes): void;
  /** The peer half-closed. */
  ended(): void;
  lost(failure: Failure): void;
  congested(on: boolean): void;
}

/** A released socket whose peer does not read has this long to take what was written. */
const RELEASE_MS = 5_000;

/** One TCP connection: bytes and ends, no protocol. */
export class Stream {
  readonly #socket: Socket;
  #isReleased = false;

  constructor(socket: Socket, events: StreamEvents) {
    this.#socket = socket;
    socket.setNoDelay(true);
    const unlessReleased = (act: () => void): void => {
      if (!this.#isReleased) act();
    };
    socket.on('data', (chunk: Uint8Array) => unlessReleased(() => events.bytes(chunk)));
    socket.on('end', () => unlessReleased(() => events.ended()));
    socket.on('drain', () => unlessReleased(() => events.congested(false)));
    socket.on('error', () => unlessReleased(() => events.lost(RESET)));
    socket.on('close', () => unlessReleased(() => events.lost(RESET)));
    this.#congested = () => events.congested(true);
    socket.resume();
  }
  readonly #congested: () => void;

  /** Waits for `flush`: what one turn writes leaves in one piece, because a call of the system costs more than a handshake’s hash. */
  write(bytes: Bytes): void {
    if (!this.#socket.writable) return;
    if (this.#socket.writableCorked === 0) this.#socket.cork();
    if (!this.#socket.write(bytes)) this.#congested();
  }
  flush(): void {
    this.#socket.uncork();
  }
  /** At most one more piece is taken from the system until `resume`. */
  pause(): void {
    this.#socket.pause();
  }
  resume(): void {
    this.#socket.resume();
  }
  /** Half-close after what was written. */
  end(): void {
    if (this.#socket.writable) this.#socket.end();
  }
  /** Nothing more is of interest: what was written still leaves, then the socket goes. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.flush();
    if (this.#socket.writableLength === 0 && !this.#socket.writableEnded) {
      this.#socket.destroy();
      return;
    }
    const timer = setTimeout(() => this.#socket.destroy(), RELEASE_MS);
    this.#socket.once('close', () => clearTimeout(timer));
    this.#socket.destroySoon();
  }
}

const RESET: Failure = { code: 'reset', message: 'The connection was reset.' };

/** Undefined: the peer has gone already. */
export function remoteAddressOf({ remoteAddress }: Socket): string | undefined {
  return remoteAddress === undefined ? undefined : canonicalRemote(remoteAddress);
}

/** One spelling for one address: `::ffff:1.2.3.4` is 1.2.3.4 (NET-17). */
export function canonicalRemote(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}

/** A reset, as cheap as an end can be: no stream, no waiting, and nothing that stays behind in the system. */
export function drop(socket: Socket): void {
  socket.on('error', ignore);
  socket.resetAndDestroy();
}

function ignore(): void {
  // Nobody is interested in a socket that is dropped.
}
