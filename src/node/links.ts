import type { Socket } from 'node:net';
import { CodedError, type Failure } from '../base/index.ts';
import { networkOf } from '../directory/index.ts';
import type { EngineInput, LinkId } from '../engine/index.ts';
import { dial, Stream } from '../net/index.ts';

/** Accepted connections whose peer is not proven, at most; then a random one of them makes room (spec/01). */
export const UNPROVEN_MAX = 64;

/** The sockets behind the engine's links: opened, written and released as it says; what they bring is enqueued. */
export class Links {
  readonly #enqueue: (input: EngineInput) => void;
  readonly #isProven: (link: LinkId) => boolean;
  readonly #random: () => number;
  readonly #streams = new Map<LinkId, Stream>();
  readonly #dials = new Map<LinkId, AbortController>();
  readonly #unproven = new Set<LinkId>();
  #next = 1;

  constructor(options: {
    readonly enqueue: (input: EngineInput) => void;
    readonly isProven: (link: LinkId) => boolean;
    /** 0 <= fraction < 1 */
    readonly random: () => number;
  }) {
    this.#enqueue = options.enqueue;
    this.#isProven = options.isProven;
    this.#random = options.random;
  }

  nextId(): LinkId {
    return this.#next++ as LinkId;
  }
  stream(link: LinkId): Stream | undefined {
    return this.#streams.get(link);
  }

  accept(socket: Socket): void {
    this.#makeRoom();
    const link = this.nextId();
    this.#unproven.add(link);
    this.#enqueue({ type: 'accepted', link, ...this.#attach(link, socket) });
  }

  dial(link: LinkId, host: string, port: number): void {
    const controller = new AbortController();
    this.#dials.set(link, controller);
    dial(host, port, controller.signal).then(
      (socket) => {
        this.#dials.delete(link);
        if (controller.signal.aborted) return void socket.destroy();
        this.#enqueue({ type: 'connected', link, ...this.#attach(link, socket) });
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
    this.#unproven.delete(link);
  }

  /** Every connection is given up, each side learns it as a loss. */
  loseAll(failure: Failure): void {
    for (const link of this.#streams.keys()) this.#enqueue({ type: 'lost', link, failure });
  }
  releaseAll(): void {
    for (const link of [...this.#streams.keys(), ...this.#dials.keys()]) this.release(link);
  }

  #attach(link: LinkId, socket: Socket): { readonly address: string; readonly remote: string } {
    const stream = new Stream(socket, {
      bytes: (bytes) => this.#enqueue({ type: 'bytes', link, bytes }),
      ended: () => this.#enqueue({ type: 'ended', link }),
      lost: (failure) => this.#enqueue({ type: 'lost', link, failure }),
      congested: (on) => this.#enqueue({ type: 'congested', link, on }),
    });
    this.#streams.set(link, stream);
    const remote = stream.remoteAddress;
    return { address: networkOf(remote), remote };
  }

  #makeRoom(): void {
    for (const link of this.#unproven) if (this.#isProven(link)) this.#unproven.delete(link);
    if (this.#unproven.size < UNPROVEN_MAX) return;
    const victim = [...this.#unproven][Math.floor(this.#random() * this.#unproven.size)];
    if (victim === undefined) return;
    this.#unproven.delete(victim);
    this.#enqueue({
      type: 'lost',
      link: victim,
      failure: { code: 'reset', message: 'Others wait to be heard.' },
    });
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof CodedError) return error.failure;
  return { code: 'unreachable', message: String(error) };
}
