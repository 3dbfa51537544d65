/** A small generator (sfc32): the same seed, the same throws. */
export class SeededDice {
  readonly #state: Uint32Array;

  constructor(seed: number) {
    this.#state = Uint32Array.of(seed, seed ^ 0x9e37_79b9, 0x243f_6a88, 1);
    for (let i = 0; i < 15; i++) this.u32();
  }

  u32(): number {
    const state = this.#state;
    const [a = 0, b = 0, c = 0, counter = 0] = state;
    const sum = (a + b + counter) >>> 0;
    state[3] = counter + 1;
    state[0] = b ^ (b >>> 9);
    state[1] = c + (c << 3);
    state[2] = ((c << 21) | (c >>> 11)) + sum;
    return sum;
  }
  /** 0 ≤ result < limit ≤ 2^32. */
  below(limit: number): number {
    return Math.floor((this.u32() / 2 ** 32) * limit);
  }
  chance(probability: number): boolean {
    return this.u32() / 2 ** 32 < probability;
  }
  pick<Value>(from: readonly Value[]): Value {
    const picked = from[this.below(from.length)];
    if (from.length === 0) throw new RangeError('there is nothing to pick from');
    return picked as Value;
  }
  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.u32();
    return bytes;
  }
}
