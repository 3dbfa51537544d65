import { addFaults, sumOf } from '../durability/book.ts';
import { talkWithClock, talkWithStandstill } from '../durability/clocks.ts';
import type { LongPart } from './part.ts';

const STANDSTILLS_MS = [60_000, 300_000];
const RESUMED_MS_MAX = 15_000;

export const part: LongPart = {
  name: 'clocks',
  description:
    'one side stands still for one minute and for five; its clock jumps by years while both talk (CLK)',
  async run({ scale, log }) {
    const jumps = await talkWithClock(['+0', '+400d', '-30y', '+2d', '-1d', '+20y', '+0']);
    let { faults } = jumps;
    let slowest = 0;
    for (const ms of STANDSTILLS_MS) {
      const result = await talkWithStandstill(ms * scale);
      faults = addFaults(faults, result.faults);
      slowest = Math.max(slowest, result.resumedAfterMs);
      log(`stood still for ${(ms * scale) / 1_000} s, resumed after ${Math.round(result.resumedAfterMs)} ms`);
      for (const note of result.notes) log(note);
    }
    for (const note of jumps.notes) log(note);
    return {
      ok: sumOf(faults) === 0 && slowest < RESUMED_MS_MAX,
      figures: { standstills: STANDSTILLS_MS.length, 'slowest resume ms': Math.round(slowest), ...faults },
    };
  },
};
