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
