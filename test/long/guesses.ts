import { attack } from '../scenarios/guess-attack.ts';
import type { LongPart } from './part.ts';

const TRIES = 10_000;
const DAYS = 2;
/** RELIABILITY's floor; the rules allow about forty on the first day and twenty-four on each later one. */
const A_DAY_MAX = 300;

export const part: LongPart = {
  name: 'guesses',
  description:
    'wrong passwords in the name of a pinned peer, over two days of virtual time (F15, CRY-11, CRY-12)',
  run: async ({ seed, scale, log }) => {
    const figures = attack({ seed, days: DAYS, tries: Math.max(100, Math.round(TRIES * scale)) });
    const { tries, heardFirstDay, heardLaterDays, tookMs, tookMsInPeace } = figures;
    log(`${tries} tries, ${heardFirstDay + heardLaterDays} heard`);
    const isUndelayed = tookMs.length > 0 && tookMs.join() === tookMsInPeace.join();
    return {
      ok: heardFirstDay <= A_DAY_MAX && heardLaterDays <= A_DAY_MAX && isUndelayed,
      figures: {
        tries,
        days: DAYS,
        heardFirstDay,
        heardSecondDay: heardLaterDays,
        honestTexts: tookMs.length,
        honestWorstMs: Math.max(...tookMs),
        honestWorstMsInPeace: Math.max(...tookMsInPeace),
      },
    };
  },
};
