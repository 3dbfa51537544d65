import type { Bytes, Failure, Instant } from '../base/index.ts';
import type { LinkId } from '../engine/index.ts';
import type { SimulatedNode } from './simulated-node.ts';
import type { World } from './world.ts';

const RESET: Failure = { code: 'reset', message: 'The connection was reset.' };

/** One simulated TCP connection: ordered, delayed, cut into chunks at random, and cut for good on demand. */
export class Pipe {
  readonly ends: readonly [dialler: PipeEnd, listener: PipeEnd];
  /** The connection breaks once this many bytes of both directions have arrived. */
  cutAfterBytes: number = Number.POSITIVE_INFINITY;
  /** The same, for one direction: 0 is the dialler's. */
  readonly cutAfterBytesFrom: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  /** Bytes that arrived, by direction. */
  readonly arrived: [number, number] = [0, 0];
  isCut = false;
  /** Swallows everything from now on, and nobody is told: a half-open connection. */
  isSilent = false;
  /** Added to each chunk's way. */
  delayMs = 0;
  readonly world: World;

  constructor(world: World, dialler: Place, listener: Place) {
    this.world = world;
    this.ends = [new PipeEnd(this, 0, dialler), new PipeEnd(this, 1, listener)];
  }

  other(end: PipeEnd): PipeEnd {
    return this.ends[end.index === 0 ? 1 : 0];
  }

  /** Both sides learn of it; what was on its way is gone. */
  cut(): void {
    if (this.isCut) return;
    this.isCut = true;
    this.world.pipes.delete(this);
    for (const end of this.ends) this.world.schedule.after(this.world.latency(), () => end.lose());
  }

  get isSpent(): boolean {
    const [a, b] = this.arrived;
    const [aMax, bMax] = this.cutAfterBytesFrom;
    return a >= aMax || b >= bMax || a + b >= this.cutAfterBytes;
  }

  /** How many of these bytes still arrive before the cut. */
  admit(from: 0 | 1, length: number): number {
    const total = this.arrived[0] + this.arrived[1];
    const admitted = Math.min(
      length,
      this.cutAfterBytes - total,
      this.cutAfterBytesFrom[from] - this.arrived[from],
    );
    this.arrived[from] += admitted;
    return admitted;
  }
}

interface Place {
  readonly node: SimulatedNode;
  readonly link: LinkId;
}

/** One end of it, as a socket would be. */
export class PipeEnd {
  readonly pipe: Pipe;
  readonly index: 0 | 1;
  readonly #place: Place;
  #lastArrival: Instant = 0;
  #isEnded = false;
  #isReleased = false;

  constructor(pipe: Pipe, index: 0 | 1, place: Place) {
    this.pipe = pipe;
    this.index = index;
    this.#place = place;
    place.node.ends.set(place.link, this);
  }

  get name(): string {
    return this.#place.node.name;
  }
  write(bytes: Bytes): void {
    if (this.#isEnded || this.#isReleased) throw new Error('written after the end');
    for (const chunk of this.pipe.world.chunksOf(bytes)) this.#deliver((other) => other.receive(chunk));
  }
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#deliver((other) => other.#input({ type: 'ended', link: other.#place.link }));
  }
  release(): void {
    this.end();
    this.#isReleased = true;
    if (this.pipe.other(this).#isReleased) this.pipe.world.pipes.delete(this.pipe);
    this.#place.node.ends.delete(this.#place.link);
  }
  lose(): void {
    this.#input({ type: 'lost', link: this.#place.link, failure: RESET });
  }

  receive(chunk: Bytes): void {
    if (this.#isReleased) {
      this.pipe.cut(); // Data for a closed socket is answered by a reset.
      return;
    }
    const admitted = this.pipe.admit(this.index === 0 ? 1 : 0, chunk.length);
    if (admitted > 0) this.#input({ type: 'bytes', link: this.#place.link, bytes: chunk.slice(0, admitted) });
    if (this.pipe.isSpent) this.pipe.cut();
  }

  #input(input: Parameters<SimulatedNode['input']>[0]): void {
    if (!this.#isReleased) this.#place.node.input(input);
  }

  #deliver(act: (other: PipeEnd) => void): void {
    const { world } = this.pipe;
    this.#lastArrival = Math.max(this.#lastArrival, world.now + world.latency() + this.pipe.delayMs);
    world.schedule.at(this.#lastArrival, () => {
      if (this.pipe.isSilent || world.isPartitioned) this.pipe.isSilent = true;
      else if (!this.pipe.isCut) act(this.pipe.other(this));
    });
  }
}
