import { expect, test } from 'vitest';
import { SeenIds } from './seen-ids.ts';

test('the latest 4,096 ids are always known, and no more than twice as many ever', () => {
  const seen = new SeenIds();
  const wrong: number[] = [];
  for (let seq = 1; seq <= 20_000; seq++) {
    seen.add(`id ${seq}`, seq);
    const isLatestKnown = seq < 4_096 || seen.seqOf(`id ${seq - 4_095}`) === seq - 4_095;
    if (!isLatestKnown || seen.seqOf(`id ${seq - 8_192}`) !== undefined) wrong.push(seq);
  }
  expect(wrong).toEqual([]);
});

test('after an epoch its ids are known still, but not at a seq', () => {
  const seen = new SeenIds();
  for (let seq = 1; seq <= 5_000; seq++) seen.add(`id ${seq}`, seq);
  seen.beginEpoch();
  expect([seen.seqOf('id 1'), seen.seqOf('id 5000'), seen.seqOf('id 5001')]).toEqual([0, 0, undefined]);
  seen.add('id 1', 7);
  expect(seen.seqOf('id 1')).toBe(7);
});

test('an id above all that were let go is certainly new; one below them may have come (DLV-10)', () => {
  const name = (n: number): string => n.toString().padStart(6, '0');
  const seen = new SeenIds(name(100));
  expect([seen.mayHaveCome(name(100)), seen.mayHaveCome(name(101))]).toEqual([true, false]);
  const wrong: number[] = [];
  for (let n = 101; n <= 20_000; n++) {
    seen.add(name(n), n);
    for (const earlier of [n - 4_095, n - 9_000]) {
      const isForgotten = earlier > 100 && seen.seqOf(name(earlier)) === undefined;
      if (isForgotten && !seen.mayHaveCome(name(earlier))) wrong.push(earlier);
    }
    if (seen.mayHaveCome(name(n + 1))) wrong.push(n + 1);
  }
  expect(wrong).toEqual([]);
});
