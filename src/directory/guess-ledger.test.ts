import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  chargeGuess,
  clearGuesses,
  correctGuessClock,
  forgetGuesses,
  GUESS_BLOCK_MAX_MS,
  guessBlockedUntil,
  guessBlockMs,
  guessFailures,
  keepNames,
  NO_GUESSES,
  type GuessLedger,
} from './guess-ledger.ts';

const NOW = 1_700_000_000_000;

/** All names of a test are in bucket 7, unless they begin with “other”. */
const bucketOf = (name: string): number => (name.startsWith('other') ? 8 : 7);

function charged(times: number, name?: string, ledger: GuessLedger = NO_GUESSES): GuessLedger {
  let next = ledger;
  for (let i = 0; i < times; i++) {
    next = chargeGuess(next, { bucket: bucketOf(name ?? ''), knownName: name, nowWall: NOW });
  }
  return next;
}

describe('how long a name waits', () => {
  test('nothing for five failures, then 2, 4, 8 … seconds, an hour at most (CRY-11)', () => {
    expect([0, 1, 5, 6, 7, 16, 17, 18, 1_000_000].map((n) => guessBlockMs(n) / 1000)).toEqual([
      0, 0, 0, 2, 4, 2048, 3600, 3600, 3600,
    ]);
  });

  test('from the last failure, to the millisecond', () => {
    const ledger = charged(6, 'bob');
    expect(guessBlockedUntil(ledger, 7, NOW)).toBe(NOW + 2_000);
    expect(guessBlockedUntil(ledger, 7, NOW + 1_999)).toBe(NOW + 2_000);
    expect(guessBlockedUntil(ledger, 7, NOW + 2_000)).toBeUndefined();
    expect(guessBlockedUntil(ledger, 8, NOW)).toBeUndefined();
  });

  test('whatever the clock does, nobody waits longer than an hour from now, and a corrected wait ends', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.integer({ min: -1e12, max: 1e12 }), (failures, jump) => {
        const now = NOW + jump;
        const ledger = correctGuessClock(charged(failures, 'bob'), 7, now);
        const until = guessBlockedUntil(ledger, 7, now) ?? now;
        expect(until - now).toBeLessThanOrEqual(GUESS_BLOCK_MAX_MS);
        expect(guessBlockedUntil(ledger, 7, now + GUESS_BLOCK_MAX_MS)).toBeUndefined();
      }),
    );
  });

  test('a clock that goes on as it should corrects nothing', () => {
    const ledger = charged(9, 'bob');
    expect(correctGuessClock(ledger, 7, NOW)).toBe(ledger);
    expect(correctGuessClock(NO_GUESSES, 7, 0)).toBe(NO_GUESSES);
  });
});

describe('what takes failures away', () => {
  test('success: the name’s own, and those of others in the bucket stay', () => {
    const ledger = forgetGuesses(charged(4, 'carol', charged(3, 'bob', charged(2))), 'bob', 7);
    expect(ledger.buckets.get(7)?.failures).toBe(6);
    expect([guessFailures(ledger, 'bob'), guessFailures(ledger, 'carol')]).toEqual([0, 4]);
    expect(forgetGuesses(ledger, 'bob', 7)).toBe(ledger);
    expect(forgetGuesses(charged(3, 'bob'), 'bob', 7)).toEqual(NO_GUESSES);
  });

  test('a person: all of the bucket, and nothing of another', () => {
    const ledger = clearGuesses(charged(2, 'other', charged(4, 'carol', charged(3))), 7, bucketOf);
    expect([...ledger.buckets.keys()]).toEqual([8]);
    expect([...ledger.names.keys()]).toEqual(['other']);
    expect(clearGuesses(ledger, 7, bucketOf)).toBe(ledger);
  });

  test('after a person cleared a bucket, the success of a name in it takes away no more than is there', () => {
    const cleared = clearGuesses(charged(4, 'carol'), 7, bucketOf);
    expect(forgetGuesses(charged(1, undefined, cleared), 'carol', 7).buckets.get(7)?.failures).toBe(1);
  });

  test('removal from the directory: the name, not its bucket', () => {
    const ledger = keepNames(charged(2, 'carol', charged(3, 'bob')), (name) => name === 'bob');
    expect([ledger.names, ledger.buckets.get(7)?.failures]).toEqual([new Map([['bob', 3]]), 5]);
    expect(keepNames(ledger, () => true)).toBe(ledger);
  });
});

test('a name is never charged more than its bucket, whatever happens in what order', () => {
  const names = ['bob', 'carol', 'other'] as const;
  const step = fc.record({
    act: fc.constantFrom('charge', 'stranger', 'success', 'person', 'leave'),
    name: fc.constantFrom(...names),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let ledger = NO_GUESSES;
      for (const { act, name } of steps) {
        if (act === 'charge') ledger = charged(1, name, ledger);
        if (act === 'stranger') ledger = charged(1, undefined, ledger);
        if (act === 'success') ledger = forgetGuesses(ledger, name, bucketOf(name));
        if (act === 'person') ledger = clearGuesses(ledger, bucketOf(name), bucketOf);
        if (act === 'leave') ledger = keepNames(ledger, (each) => each !== name);
      }
      for (const bucket of [7, 8]) {
        const own = names.filter((name) => bucketOf(name) === bucket);
        const sum = own.reduce((total, name) => total + guessFailures(ledger, name), 0);
        expect(ledger.buckets.get(bucket)?.failures ?? 0).toBeGreaterThanOrEqual(sum);
      }
    }),
  );
});
