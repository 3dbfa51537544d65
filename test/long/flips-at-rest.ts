import { flips } from '../durability/flips.ts';
import { refill } from '../durability/refill.ts';
import type { LongPart } from './part.ts';

const FLIPS = 1_000;
const REFILLS = 60;

export const part: LongPart = {
  name: 'flips-at-rest',
  description:
    '1,000 flipped bits over database, WAL, key and recovery file: detected, harmless, or refilled by the peer (F7)',
  async run({ seed, scale, log }) {
    const { notes, ...found } = await flips(Math.max(1, Math.round(FLIPS * scale)), seed);
    const { notes: refillNotes, ...refilled } = await refill(Math.max(1, Math.round(REFILLS * scale)), seed);
    for (const note of [...notes, ...refillNotes]) log(note);
    const wrong = found.altered + found.gap + found.crashed + found.otherKey + found.notSetAside;
    const lost = refilled.notStarted + refilled.lost + refilled.altered + refilled.duplicates;
    const withPeer = Object.entries(refilled).map(
      ([name, count]) => [`with a peer: ${name}`, count] as const,
    );
    return { ok: wrong + lost === 0, figures: { ...found, ...Object.fromEntries(withPeer) } };
  },
};
