import { describe, expect, test } from 'vitest';
import { SeededDice } from '../fuzz/dice.ts';
import { allFlips, placeMessages, runFlip } from './bit-flips.ts';

const SEED = Number(process.env['SOTTO_SEED'] ?? Date.now() % 1_000_000);
const SAMPLE = 2_000;
const FLIPS = [...allFlips()];
const MESSAGES = [...placeMessages('enrol'), ...placeMessages('session')];

describe(`${SAMPLE} flipped bits of handshake messages, drawn from seed ${SEED}, are all refused in silence (CRY-03)`, () => {
  test('they are drawn from all bits of all messages', () => {
    expect(MESSAGES).toHaveLength(15);
    expect(FLIPS).toHaveLength(MESSAGES.reduce((sum, { length }) => sum + 8 * length, 0));
    expect(FLIPS.length).toBeGreaterThan(60_000);
  });

  test.each(MESSAGES.map((placed) => [placed.mode, placed.name, placed] as const))(
    '%s, %s',
    (mode, name, placed) => {
      const dice = new SeededDice(SEED);
      const flips = FLIPS.filter((flip) => flip.mode === mode && flip.name === name);
      // The longer messages get more of the sample, the short ones some at least.
      const count = Math.ceil((SAMPLE * flips.length) / FLIPS.length);
      for (let i = 0; i < Math.max(20, count); i++) {
        const flip = dice.pick(flips);
        const { fault, code } = runFlip(flip);
        if (fault !== undefined) throw new Error(`bit ${flip.bit} of ${placed.name} (${code}): ${fault}`);
      }
    },
  );
});

test('the control: a run in which no bit is turned counts as one that was not refused (CRY-03)', () => {
  for (const placed of MESSAGES)
    expect(runFlip({ ...placed, bit: 0 }, false).fault, `${placed.mode} ${placed.name}`).toBeDefined();
});
