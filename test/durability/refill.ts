import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SeededDice } from '../fuzz/dice.ts';
import { until } from '../net/until.ts';
import { Pair } from './pair.ts';

export interface RefillResult {
  readonly flips: number;
  /** The program said that its home is damaged. */
  readonly detected: number;
  /** The peer sent once more what was missing. */
  readonly refilled: number;
  readonly notStarted: number;
  readonly lost: number;
  readonly altered: number;
  readonly duplicates: number;
  readonly notes: readonly string[];
}

const TEXTS = 60;
const PATIENCE_MS = 90_000;

/** One bit in the receiver's database or WAL between two lives; what it had acked comes back from its peer (STO-07). */
export async function refill(count: number, seed: number): Promise<RefillResult> {
  const dice = new SeededDice(seed);
  const counts = { flips: 0, detected: 0, refilled: 0, notStarted: 0, lost: 0, altered: 0, duplicates: 0 };
  const notes: string[] = [];
  for (let n = 0; n < count; n += 1) {
    await using pair = await Pair.open();
    await pair.startAll();
    for (let said = 0; said < TEXTS; said += 6) {
      pair.sayAll('alice', 6);
      await pair.drained('alice');
    }
    await pair.program('bob').kill();
    const where = flip(dice, pair.home('bob'));
    const bob = await pair.start('bob', { mayFail: true });
    counts.flips += 1;
    if (!bob.isReady) {
      counts.notStarted += 1;
      notes.push(
        `bob does not start: ${where} ${bob.reports.map((report) => JSON.stringify(report)).join()}`,
      );
      continue;
    }
    pair.sayAll('alice', 1);
    const isWhole = async (): Promise<boolean> =>
      (await bob.ask('history')).entries.filter(({ author }) => author === 'alice').length > TEXTS;
    await until('bob has everything', isWhole, PATIENCE_MS).catch(() => undefined);
    const isDamaged = pair.reports.some(
      ({ report }) => report.type === 'trouble' && report.code === 'home-damaged',
    );
    if (isDamaged) counts.detected += 1;
    if (pair.reports.some(({ report }) => report.type === 'taken-back')) counts.refilled += 1;
    const { lost, altered, duplicates } = pair.book.close({
      alice: (await pair.program('alice').ask('history')).entries,
      bob: (await bob.ask('history')).entries,
    });
    if (lost + altered + duplicates > 0) notes.push(where, ...pair.book.notes.slice(0, 3));
    counts.lost += lost;
    counts.altered += altered;
    counts.duplicates += duplicates;
  }
  return { ...counts, notes };
}

function flip(dice: SeededDice, home: string): string {
  const file = dice.pick(['sotto.db', 'sotto.db-wal']);
  const path = join(home, file);
  const offset = dice.below(statSync(path).size);
  const bytes = readFileSync(path);
  bytes[offset] = (bytes[offset] ?? 0) ^ (1 << dice.below(8));
  writeFileSync(path, bytes);
  return `${file} at ${offset}`;
}
