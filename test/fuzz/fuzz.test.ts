import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fuzz, FuzzCrash } from './fuzz.ts';
import { COUNTS, type FuzzTarget } from './target.ts';
import { targets } from './targets/index.ts';

const SEED = Number(process.env['SOTTO_SEED'] ?? Date.now() % 1_000_000);

const rejections: unknown[] = [];
const note = (reason: unknown): void => void rejections.push(reason);
beforeAll(() => void process.on('unhandledRejection', note));
afterAll(() => void process.off('unhandledRejection', note));

describe(`no input breaks a decoder, seed ${SEED} (FRM-01, FRM-06, JSN-01, JSN-03, JSN-05, JSN-06, CRY-02, ENV-01)`, () => {
  test.each(targets.map((target) => [target.name, target] as const))('%s', (_, target) => {
    const report = fuzz(target, { seed: SEED, count: COUNTS[target.cost].ci });
    expect(report.outcomes.size, 'the inputs are not all refused alike').toBeGreaterThan(1);
  });
});

test('and none of them left a promise behind (ENV-01)', async () => {
  await new Promise((resolve) => setImmediate(resolve));
  expect(rejections).toEqual([]);
});

describe('the control: a decoder with a bug is found, and what is told is enough to see it again', () => {
  const seeds = [Uint8Array.of(1, 2, 3, 4)];
  const buggy: FuzzTarget = {
    name: 'buggy',
    seeds,
    cost: 'cheap',
    run: (input) => {
      if (input.length > 6 && input[1] === 0xff) throw new RangeError('planted');
      return input.length > 6 ? 'long' : 'short';
    },
  };
  const crashOf = (seed: number): FuzzCrash => {
    try {
      fuzz(buggy, { seed, count: 20_000 });
    } catch (error) {
      if (error instanceof FuzzCrash) return error;
    }
    throw new Error('the planted bug was not found');
  };

  test('the same seed finds it in the same input', () => {
    const crash = crashOf(1);
    expect(crash.message).toMatch(/buggy at iteration \d+ of seed 1: RangeError: planted/);
    const [, hex = ''] = /--input ([0-9a-f]+)$/.exec(crash.message) ?? [];
    expect(crashOf(1).message).toContain(hex);
    expect(() => buggy.run(Buffer.from(hex, 'hex'))).toThrow('planted');
  });
});
