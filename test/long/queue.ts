import { sumOf } from '../durability/book.ts';
import { queue } from '../durability/queue.ts';
import type { LongPart } from './part.ts';

const TEXTS = 100_000;
const GROWTH_MIB_MAX = 64;

export const part: LongPart = {
  name: 'queue',
  description: '100,000 texts for a peer that is away: flat memory, and in order when it comes (DLV-11)',
  async run({ scale, log }) {
    const { faults, notes, ...figures } = await queue(Math.max(1, Math.round(TEXTS * scale)));
    for (const note of notes) log(note);
    const isFlat = figures.queueGrowthMiB < GROWTH_MIB_MAX && figures.drainGrowthMiB < GROWTH_MIB_MAX;
    const rounded = Object.entries(figures).map(([name, value]) => [name, Math.round(value * 10) / 10]);
    return { ok: isFlat && sumOf(faults) === 0, figures: { ...Object.fromEntries(rounded), ...faults } };
  },
};
