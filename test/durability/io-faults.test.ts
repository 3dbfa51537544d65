import { expect, test } from 'vitest';
import { NO_FAULTS } from './book.ts';
import { faultPoints, ioFaults } from './io-faults.ts';
import { hasStrace } from './strace.ts';

const STEP = 29;

if (!hasStrace) console.warn('left out: faults of single calls need strace');

test.runIf(hasStrace)(
  `EIO, ENOSPC and SIGKILL at every ${STEP}th of 600 calls of the disk: nothing is acked without being stored, nothing lost, and on it goes (STO-03, STO-04, DLV-02)`,
  { timeout: 300_000 },
  async () => {
    const points = faultPoints().filter((_, index) => index % STEP === 7);
    const result = await ioFaults(points);
    const { faults, notes, ...counts } = result;
    expect(faults, notes.join('; ')).toEqual(NO_FAULTS);
    expect(counts, notes.join('; ')).toMatchObject({ crashed: 0, silent: 0, stuck: 0 });
    expect(counts.points).toBe(points.length);
    expect(counts.killed).toBeGreaterThan(2);
    expect(counts.noticed + counts.notStarted).toBeGreaterThan(5);
  },
);
