import { expect, it } from 'vitest';
import type { HistoryQuery } from '../../../src/api/index.ts';
import { Conversation } from './conversation.ts';

const MESSAGES = 20_000;
/** What is asked of a million, of a machine that does other things at the same time. */
const PAGE_MS = 10;
const SEARCH_MS = 100;

it('finds pages and words in a long history without reading it (STO-15)', () => {
  using talk = new Conversation();
  for (let n = 0; n < MESSAGES; n += 500) {
    talk.wall += 1_000;
    talk.receive('bob', ...Array.from({ length: 499 }, (_, i) => `the message ${n + i} 我们坐飞机`));
    talk.receive('carol', `the only one of ${n}`);
  }
  const queuedMs = fastest(() => talk.send('bob', 'one more'));
  talk.tidy();
  const time = (query: HistoryQuery): number => fastest(() => talk.history.page(query));
  for (const query of [
    {},
    { with: 'carol' },
    { with: 'bob' },
    { sinceWall: talk.wall },
    { untilWall: 1_003_000 },
  ])
    expect(time(query), JSON.stringify(query)).toBeLessThan(PAGE_MS);
  for (const search of ['t', 'the', 'mess', '飞机', '坐飞机', '7777', 'nothing'])
    for (const who of [{}, { with: 'carol' }])
      expect(time({ search, ...who }), search).toBeLessThan(SEARCH_MS);
  expect(queuedMs).toBeLessThan(PAGE_MS);
});

/** Of many times, that in which nothing else came between. */
function fastest(act: () => void): number {
  const times = Array.from({ length: 15 }, () => {
    const began = performance.now();
    act();
    return performance.now() - began;
  });
  return Math.min(...times);
}
