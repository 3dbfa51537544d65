import { expect, test } from 'vitest';
import { NO_FAULTS } from './book.ts';
import { queue } from './queue.ts';

test(
  '2,000 texts for a peer that is away drain in order when it comes, and take no memory (DLV-11)',
  { timeout: 300_000 },
  async () => {
    const { faults, notes, ...result } = await queue(2_000);
    expect(faults, notes.join('; ')).toEqual(NO_FAULTS);
    expect(result.queued).toBe(2_001);
    expect(result.queueGrowthMiB).toBeLessThan(48);
    expect(result.drainGrowthMiB).toBeLessThan(48);
  },
);
