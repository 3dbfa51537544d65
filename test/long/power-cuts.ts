import { addFaults, NO_FAULTS, sumOf } from '../durability/book.ts';
import { whyNoDisk } from '../durability/loop-disk.ts';
import { powerCuts } from '../durability/power-cuts.ts';
import type { LongPart } from './part.ts';

const CUTS = 500;
const CONTROL_CUTS = 5;

export const part: LongPart = {
  name: 'power-cuts',
  description:
    'the disk under both homes loses its power while both talk, 500 times each on ext4 and xfs; a bare write and fsync beside it (F4)',
  async run({ seed, scale, log }) {
    const cuts = Math.max(1, Math.round(CUTS * scale));
    let [faults, queued, delivered, ok] = [NO_FAULTS, 0, 0, true];
    const figures: Record<string, number | string> = {};
    for (const fileSystem of ['ext4', 'xfs'] as const) {
      const why = whyNoDisk(fileSystem);
      if (why !== undefined) {
        log(why);
        figures[`cuts of ${fileSystem}`] = 'left out: no such loop device here';
        continue;
      }
      const control = await powerCuts({
        cuts: CONTROL_CUTS,
        fileSystem,
        seed,
        kind: 'toy-person',
        bugs: ['synchronous=NORMAL'],
      });
      const result = await powerCuts({ cuts, fileSystem, seed, log });
      for (const note of result.notes) log(note);
      faults = addFaults(faults, result.faults);
      queued += result.queued;
      delivered += result.delivered;
      figures[`cuts of ${fileSystem}`] = result.cuts;
      figures[`${fileSystem}: bare fsync, written`] = result.control.written;
      figures[`${fileSystem}: bare fsync, lost`] = result.control.lost;
      figures[`${fileSystem}: lost by synchronous=NORMAL in ${CONTROL_CUTS} cuts`] = control.faults.lost;
      ok &&= result.control.lost === 0 && control.faults.lost > 0;
    }
    return { ok: ok && sumOf(faults) === 0, figures: { queued, delivered, ...faults, ...figures } };
  },
};
