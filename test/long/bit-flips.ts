import { allFlips, runFlip } from '../attacks/bit-flips.ts';
import { SeededDice } from '../fuzz/dice.ts';
import type { Figures, LongOptions, LongPart } from './part.ts';

export const part: LongPart = {
  name: 'bit-flips',
  description: 'every bit of every handshake message and READY of both modes, turned once on its way',
  run,
};

async function run({ seed, scale, log }: LongOptions): Promise<Figures> {
  const dice = new SeededDice(seed);
  const flips = [...allFlips()].filter(() => scale >= 1 || dice.chance(scale));
  const codes = new Map<string, number>();
  let refused = 0;
  for (const [index, flip] of flips.entries()) {
    const { fault, code } = runFlip(flip);
    if (fault === undefined) refused += 1;
    else log(`${flip.mode} ${flip.name} bit ${flip.bit}: ${fault} (${code})`);
    codes.set(code, (codes.get(code) ?? 0) + 1);
    if ((index + 1) % 5_000 === 0) log(`${index + 1} of ${flips.length}`);
  }
  const byCode = [...codes].toSorted((a, b) => b[1] - a[1]).map(([code, count]) => `${code} ${count}`);
  return {
    ok: refused === flips.length && refused > 0,
    figures: { flips: flips.length, refused, ends: byCode.join(', ') },
  };
}
