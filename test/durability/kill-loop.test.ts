import { expect, test } from 'vitest';
import { NO_FAULTS } from './book.ts';
import { killLoop } from './kill-loop.ts';
import type { ToyBug } from './lines.ts';

const seed = Number(process.env['SOTTO_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

test(
  'killed 200 times, at random and at the n-th fsync or write, two peers lose, repeat and mix up nothing (STO-01, DLV-01, DLV-02, DLV-03, DLV-04)',
  { timeout: 600_000 },
  async () => {
    const result = await killLoop({ cycles: 200, lanes: 2, seed, isImpatient: true });
    expect(result.faults, `seed ${seed}: ${result.notes.join('; ')}`).toEqual(NO_FAULTS);
    expect(result.delivered).toBeGreaterThan(1_000);
  },
);

test(
  'the kill loop finds each mistake of a program made for it: ack before commit, event before commit, no dedupe (DLV-05, DLV-06)',
  { timeout: 300_000 },
  async () => {
    const find = async (bug: ToyBug, cycles: number) =>
      (await killLoop({ cycles, seed, kind: 'toy-person', bugs: [bug] })).faults;
    const [acked, told, repeated] = await Promise.all([
      find('ack before commit', 60),
      find('event before commit', 60),
      find('no dedupe', 20),
    ]);
    expect(acked.lost + acked.deliveredLost, `seed ${seed}`).toBeGreaterThan(0);
    expect(told.shownTwice, `seed ${seed}`).toBeGreaterThan(0);
    expect(repeated.duplicates, `seed ${seed}`).toBeGreaterThan(0);
  },
);
