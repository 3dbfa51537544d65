import { killLoop } from '../durability/kill-loop.ts';
import { sumOf } from '../durability/book.ts';
import type { LongPart } from './part.ts';

const CYCLES = 10_000;
const CONTROL_CYCLES = 200;

export const part: LongPart = {
  name: 'kill-loop',
  description:
    'kill -9 of sender, receiver or both, at random and at the n-th fsync or write, two real processes (F3)',
  async run({ seed, scale, log }) {
    const lanes = 2;
    const bugs = ['ack before commit', 'event before commit'] as const;
    const kind = 'toy-person';
    const cycles = Math.max(1, Math.round(CYCLES * scale));
    const controlCycles = Math.max(60, Math.round(CONTROL_CYCLES * scale));
    const sound = await killLoop({ cycles: controlCycles, seed, lanes, kind });
    const wrong = await killLoop({ cycles: controlCycles, seed, lanes, kind, bugs });
    const { faults, notes, kills, queued, delivered } = await killLoop({ cycles, seed, lanes, log });
    for (const note of notes) log(note);
    const found = wrong.faults.lost + wrong.faults.deliveredLost > 0 && wrong.faults.shownTwice > 0;
    return {
      ok: sumOf(faults) === 0 && sumOf(sound.faults) === 0 && found,
      figures: {
        cycles,
        ...kills,
        queued,
        delivered,
        ...faults,
        'control: faults without a mistake': sumOf(sound.faults),
        'control: faults with two mistakes': sumOf(wrong.faults),
      },
    };
  },
};
