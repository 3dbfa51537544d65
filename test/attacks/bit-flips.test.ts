import { expect, test } from 'vitest';
import { SeededDice } from '../fuzz/dice.ts';
import { allFlips, runFlip } from './bit-flips.ts';

const SAMPLE = 2_000;

test(`${SAMPLE} flipped bits of handshake messages, drawn at random, are all refused in silence (CRY-03)`, () => {
  const seed = Number(process.env['SOTTO_SEED'] ?? Date.now() % 1_000_000);
  const dice = new SeededDice(seed);
  const flips = [...allFlips()];
  const names = new Set<string>();
  for (let i = 0; i < SAMPLE; i++) {
    const flip = dice.pick(flips);
    names.add(`${flip.mode} ${flip.name}`);
    const { fault, code } = runFlip(flip);
    const label = `SOTTO_SEED=${seed}: ${flip.mode} ${flip.name} bit ${flip.bit} (${code})`;
    if (fault !== undefined) throw new Error(`${label}: ${fault}`);
  }
  expect(flips.length).toBeGreaterThan(60_000);
  expect(names.size, 'every message of both modes was among them').toBe(15);
});

test('the control: a run in which no bit is turned counts as one that was not refused (CRY-03)', () => {
  for (const flip of allFlips()) {
    if (flip.bit > 0) continue;
    expect(runFlip(flip, false).fault, `${flip.mode} ${flip.name}`).toBeDefined();
  }
});
