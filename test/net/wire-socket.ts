import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { concatBytes, type Bytes } from '../../src/base/index.ts';
import { encodeFrame, StreamReader } from '../../src/protocol/wire/index.ts';
import { starvedMs, workedMs } from './starved.ts';
import { PATIENCE_MS, until } from './until.ts';

/** A raw TCP connection that keeps everything it hears. */
export class WireSocket implements Disposable {
  readonly socket: Socket;
  /** Every byte goes out in a segment of its own. */
  isSliced = false;
  readonly #openedAt: number = performance.now();
  readonly #starvedBefore: number = starvedMs();
  readonly #workedBefore: number = workedMs();
  readonly #reader = new StreamReader();
  readonly #heard: Bytes[] = [];
  #endedAt: number | undefined;
  #starvedAtEnd = 0;
  #workedAtEnd = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Uint8Array) => {
      this.#heard.push(chunk);
      this.#reader.push(new Uint8Array(chunk));
    });
    const end = (): void => {
      if (this.#endedAt !== undefined) return;
      this.#endedAt = performance.now();
      this.#starvedAtEnd = starvedMs();
      this.#workedAtEnd = workedMs();
    };
    socket.on('end', end);
    socket.on('close', end);
    socket.on('error', end);
  }

  /** Every byte that ever arrived. */
  get heard(): Bytes {
    return concatBytes(...this.#heard);
  }
  get isEnded(): boolean {
    return this.#endedAt !== undefined;
  }
  /** How long the other side let it live, ms. */
  async ended(withinMs: number = PATIENCE_MS): Promise<number> {
    await until('the other side ends the connection', () => this.isEnded, withinMs);
    return (this.#endedAt ?? Number.NaN) - this.#openedAt;
  }

  /** So much of its life, now that it has ended, the machine kept both sides from working, ms. */
  get starvedMs(): number {
    return this.#starvedAtEnd - this.#starvedBefore;
  }

  /** So much of its life nothing was to be done in this process, where both sides are, ms. */
  get idleMs(): number {
    const livedMs = (this.#endedAt ?? Number.NaN) - this.#openedAt;
    return livedMs - this.starvedMs - (this.#workedAtEnd - this.#workedBefore);
  }

  write(...bytes: readonly Bytes[]): void {
    const whole = concatBytes(...bytes);
    const parts = this.isSliced ? Array.from(whole, (byte) => Uint8Array.of(byte)) : [whole];
    for (const part of parts) if (this.socket.writable) this.socket.write(part);
  }
  writeFrames(...bodies: readonly Bytes[]): void {
    this.write(...bodies.map((body) => encodeFrame(body)));
  }
  /** Exactly so many bytes, as the preface. */
  async take(length: number): Promise<Bytes> {
    return until(`${length} bytes`, () => this.#reader.take(length) ?? this.#orEnded());
  }
  async frame(): Promise<Bytes> {
    return until('a frame', () => {
      const frame = this.#reader.nextFrame();
      return frame.type === 'frame' ? new Uint8Array(frame.body) : this.#orEnded();
    });
  }
  /** RST instead of FIN. */
  reset(): void {
    this.socket.resetAndDestroy();
  }
  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #orEnded(): undefined {
    if (this.isEnded) throw new Error('the connection ended instead');
  }
}

let strangers = 0;
/** An address of loopback that nobody in this process has dialled from before. */
export function strangerAddress(): string {
  const number = ++strangers;
  return `127.1.${(number >> 8) & 255}.${number & 255}`;
}

/** From an address of its own unless another is given: the limits of an address are a test's business only if it says so. */
export async function dialRaw(
  port: number,
  { localAddress = strangerAddress() }: { readonly localAddress?: string } = {},
): Promise<WireSocket> {
  const socket = connect({ host: '127.0.0.1', port, localAddress });
  const wire = new WireSocket(socket);
  await until('a TCP connection', () => socket.readyState === 'open' || wire.isEnded);
  return wire;
}

export interface RawServer extends AsyncDisposable {
  readonly port: number;
  readonly wires: readonly WireSocket[];
}

/** A connection whose serving fails is dropped; what the test expects, it asserts on its own. */
export async function listenRaw(
  serve: (wire: WireSocket, index: number) => Promise<void>,
): Promise<RawServer> {
  const wires: WireSocket[] = [];
  const serving: Promise<void>[] = [];
  const server = createServer((socket) => {
    const wire = new WireSocket(socket);
    wires.push(wire);
    const served = serve(wire, wires.length - 1);
    serving.push(served);
    served.catch(() => {
      wire.socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    wires,
    [Symbol.asyncDispose]: async () => closeAll(server, wires, serving),
  };
}

async function closeAll(
  server: Server,
  wires: readonly WireSocket[],
  serving: readonly Promise<void>[],
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const wire of wires) wire.socket.destroy();
  await closed;
  await Promise.allSettled(serving);
}
