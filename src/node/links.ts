import type { Socket } from 'node:net';
import { CodedError, type Bytes, type Failure } from '../base/index.ts';
import { networkOf } from '../directory/index.ts';
import type { Engine, EngineInput, LinkId } from '../engine/index.ts';
import { dial, drop, remoteAddressOf, Stream } from '../net/index.ts';
import { readClock } from './clock.ts';

/** The sockets behind the engine's links: opened, written and released as it says; what they bring is enqueued. */
export class Links {
  readonly #enqueue: (input: EngineInput) => void;
  readonly #engine: () => Pick<Engine, 'mayEnter' | 'admit' | 'isProven'>;
  readonly #streams = new Map<LinkId, Stream>();
  readonly #written = new Set<Stream>();
  readonly #dials = new Map<LinkId, AbortController>();
  /** Streams that brought something this turn, and are read on when it has been judged. */
  readonly #paused = new Set<LinkId>();
  #next = 1;

  constructor(options: {
    readonly enqueue: (input: EngineInput) => void;
    /** Asked late: the engine takes its link ids from here. */
    readonly engine: () => Pick<Engine, 'mayEnter' | 'admit' | 'isProven'>;
  }) {
    this.#enqueue = options.enqueue;
    this.#engine = options.engine;
  }

  nextId(): LinkId {
    return this.#next++ as LinkId;
  }
  write(link: LinkId, bytes: Bytes): void {
    const stream = this.#streams.get(link);
    if (!stream) return;
    stream.write(bytes);
    this.#written.add(stream);
  }
  /** Half-closes after what was written. */
  end(link: LinkId): void {
    this.#streams.get(link)?.end();
  }
  /** Everything of this turn is written: it leaves. */
  flush(): void {
    for (const stream of this.#written) stream.flush();
    this.#written.clear();
  }

  /** Asked before there is a socket: most of a flood ends here. */
  isRefused(remote: string): boolean {
    return !this.#engine().mayEnter(networkOf(remote), readClock().monotonic);
  }
  /** Whoever is not let in is dropped at once: nothing is kept of it, and nothing said. */
  accept(socket: Socket): void {
    const remote = remoteAddressOf(socket);
    if (remote === undefined) return drop(socket);
    const link = this.nextId();
    const address = networkOf(remote);
    const admitted = this.#engine().admit(link, address, readClock().monotonic);
    if (!admitted.isLetIn) return drop(socket);
    if (admitted.evicted !== undefined) this.#evict(admitted.evicted);
    this.#enqueue({ type: 'accepted', link, address, remote });
    this.#attach(link, socket);
  }

  dial(link: LinkId, host: string, port: number): void {
    const controller = new AbortController();
    this.#dials.set(link, controller);
    dial(host, port, controller.signal).then(
      (socket) => {
        this.#dials.delete(link);
        if (controller.signal.aborted) return void socket.destroy();
        const remote = remoteAddressOf(socket) ?? '';
        this.#enqueue({ type: 'connected', link, address: networkOf(remote), remote });
        this.#attach(link, socket);
      },
      (error: unknown) => {
        this.#dials.delete(link);
        if (!controller.signal.aborted)
          this.#enqueue({ type: 'dial-failed', link, failure: failureOf(error) });
      },
    );
  }

  release(link: LinkId): void {
    this.#dials.get(link)?.abort();
    this.#dials.delete(link);
    this.#streams.get(link)?.release();
    this.#streams.delete(link);
    this.#paused.delete(link);
  }

  /** What unproven peers have sent is judged: they are read on. Until then one piece of each is all that is held. */
  readOn(): void {
    for (const link of this.#paused) this.#streams.get(link)?.resume();
    this.#paused.clear();
  }

  /** Every connection is given up, each side learns it as a loss. */
  loseAll(failure: Failure): void {
    for (const link of this.#streams.keys()) this.#enqueue({ type: 'lost', link, failure });
  }
  releaseAll(): void {
    for (const link of [...this.#streams.keys(), ...this.#dials.keys()]) this.release(link);
  }

  #attach(link: LinkId, socket: Socket): void {
    const stream = new Stream(socket, {
      bytes: (bytes) => {
        this.#enqueue({ type: 'bytes', link, bytes });
        if (!this.#engine().isProven(link)) this.#pause(link);
      },
      ended: () => this.#enqueue({ type: 'ended', link }),
      lost: (failure) => this.#enqueue({ type: 'lost', link, failure }),
      congested: (on) => this.#enqueue({ type: 'congested', link, on }),
    });
    this.#streams.set(link, stream);
  }

  #pause(link: LinkId): void {
    this.#streams.get(link)?.pause();
    this.#paused.add(link);
  }

  #evict(link: LinkId): void {
    this.release(link);
    this.#enqueue({
      type: 'lost',
      link,
      failure: { code: 'too-many-connections', message: 'Others wait to be heard.' },
    });
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof CodedError) return error.failure;
  return { code: 'unreachable', message: String(error) };
}
