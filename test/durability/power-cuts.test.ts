import { describe, expect, test } from 'vitest';
import { NO_FAULTS } from './book.ts';
import { whyNoDisk, type FileSystem } from './loop-disk.ts';
import { powerCuts } from './power-cuts.ts';

const seed = Number(process.env['SOTTO_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

describe.each<FileSystem>(['ext4', 'xfs'])('%s', (fileSystem) => {
  const why = whyNoDisk(fileSystem);
  if (why !== undefined) console.warn(`left out: ${why}`);

  test.runIf(why === undefined)(
    'five power cuts lose nothing that was queued or delivered; nor does bare write and fsync (STO-02)',
    { timeout: 300_000 },
    async () => {
      const result = await powerCuts({ cuts: 5, fileSystem, seed });
      expect(result.faults, `seed ${seed}: ${result.notes.join('; ')}`).toEqual(NO_FAULTS);
      expect(result.control.lost).toBe(0);
      expect(result.control.written).toBeGreaterThan(0);
      expect(result.delivered).toBeGreaterThan(20);
    },
  );

  test.runIf(why === undefined)(
    'the same cuts find it when the database is only synchronous=NORMAL (STO-02)',
    { timeout: 300_000 },
    async () => {
      const bugs = ['synchronous=NORMAL'] as const;
      const result = await powerCuts({ cuts: 5, fileSystem, seed, kind: 'toy-person', bugs });
      expect(result.faults.forgotten, `seed ${seed}`).toBeGreaterThan(0);
      expect(result.control.lost).toBe(0);
    },
  );
});
