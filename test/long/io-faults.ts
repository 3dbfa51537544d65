import { sumOf } from '../durability/book.ts';
import { faultPoints, ioFaults } from '../durability/io-faults.ts';
import { hasStrace } from '../durability/strace.ts';
import type { LongPart } from './part.ts';

export const part: LongPart = {
  name: 'io-faults',
  description: 'EIO, ENOSPC and SIGKILL at each of the first 200 calls that write or sync the home (F5)',
  async run({ scale, log }) {
    if (!hasStrace) throw new Error('strace is needed');
    const all = faultPoints();
    const step = Math.max(1, Math.round(1 / scale));
    const { faults, notes, ...counts } = await ioFaults(
      all.filter((_, index) => index % step === 0),
      log,
    );
    for (const note of notes) log(note);
    const ok = sumOf(faults) + counts.crashed + counts.silent + counts.stuck === 0;
    return { ok, figures: { ...counts, ...faults } };
  },
};
