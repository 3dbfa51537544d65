import type { RekeyLimits } from '../../src/protocol/session/index.ts';

/** Key exchanges by bytes or time, and steps of the record key every few records; a tenth of the worlds has the program's own. */
export function rekeyLimits(draw: () => number): Partial<RekeyLimits> {
  if (draw() < 0.1) return {};
  return {
    afterMs: draw() < 0.5 ? 5_000 + draw() * 40_000 : 3_600_000,
    afterBytes: Math.floor(1_000 + draw() * 30_000),
    symmetricRecords: 1 + Math.floor(draw() * 12),
  };
}

export function pick<Value>(draw: () => number, values: readonly [Value, ...Value[]]): Value {
  return values[Math.floor(draw() * values.length)] ?? values[0];
}

/** What a world is made of, drawn before it has dice of its own. */
export function drawsOf(seed: number): () => number {
  let state = (seed ^ 0x9e37_79b9) >>> 0;
  return () => {
    // mulberry32, public domain.
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
