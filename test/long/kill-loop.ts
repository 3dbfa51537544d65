import { killLoop } from '../durability/kill-loop.ts';
import { sumOf, type Faults } from '../durability/book.ts';
import type { ToyBug } from '../durability/lines.ts';
import type { LongPart } from './part.ts';

const CYCLES = 10_000;
const CONTROL_CYCLES = 200;

export const part: LongPart = {
  name: 'kill-loop',
  description:
    'kill -9 of sender, receiver or both, at random and at the n-th fsync or write, two real processes (F3)',
  async run({ seed, scale, log }) {
    const lanes = 2;
    const kind = 'toy-person';
    const cycles = Math.max(1, Math.round(CYCLES * scale));
    const controlCycles = Math.max(60, Math.round(CONTROL_CYCLES * scale));
    const sound = await killLoop({ cycles: controlCycles, seed, lanes, kind });
    const wrong = async (bug: ToyBug): Promise<Faults> =>
      (await killLoop({ cycles: controlCycles, seed, lanes, kind, bugs: [bug] })).faults;
    const acked = await wrong('ack before commit');
    const told = await wrong('event before commit');
    const repeated = await wrong('no dedupe');
    const { faults, notes, kills, queued, delivered } = await killLoop({ cycles, seed, lanes, log });
    for (const note of notes) log(note);
    const lost = acked.lost + acked.deliveredLost;
    const isFound = lost > 0 && told.shownTwice > 0 && repeated.duplicates > 0;
    return {
      ok: sumOf(faults) === 0 && sumOf(sound.faults) === 0 && isFound,
      figures: {
        cycles,
        ...kills,
        queued,
        delivered,
        ...faults,
        'control: faults without a mistake': sumOf(sound.faults),
        'control: lost by an ack before the commit': lost,
        'control: shown twice by an event before the commit': told.shownTwice,
        'control: duplicates without dedupe': repeated.duplicates,
      },
    };
  },
};
