import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { staysTrue, until } from '../net/until.ts';
import { NO_FAULTS } from './book.ts';
import { LoopDisk, whyNoDisk } from './loop-disk.ts';
import { Pair } from './pair.ts';
import { Tmpfs, whyNoTmpfs } from './tmpfs.ts';

const noTmpfs = whyNoTmpfs();
const noDisk = whyNoDisk('ext4');
for (const why of [noTmpfs, noDisk]) if (why !== undefined) console.warn(`left out: ${why}`);

const codesOf = (pair: Pair, name: string, type: 'trouble' | 'not-queued') =>
  pair.reports.flatMap(({ name: who, report }) =>
    who === name && report.type === type ? [report.code] : [],
  );
const received = (pair: Pair, name: string, number: number, from: string) =>
  pair.reports.some(
    ({ name: who, report }) =>
      who === name && report.type === 'received' && report.from === from && report.number === number,
  );

test.runIf(noTmpfs === undefined)(
  'a full disk is told, nothing is acked or queued on it, reading and other contacts go on; with space, so does all (STO-03)',
  { timeout: 300_000 },
  async () => {
    using disk = new Tmpfs(16);
    await using pair = await Pair.open({ names: ['alice', 'bob', 'carol'], homes: { alice: disk.folder } });
    await pair.startAll();
    pair.sayAll('alice', 20);
    await pair.drained('alice');
    const [other] = pair.sayAll('bob', 1, 'carol');
    await until('carol has it', () => received(pair, 'carol', other!, 'bob'));
    disk.fill();
    // The first ones may still fit into what the files have already.
    await until('alice is refused', () => {
      if (pair.isIdle('alice')) pair.sayAll('alice', 16);
      return codesOf(pair, 'alice', 'not-queued').length > 0;
    });
    expect(new Set(codesOf(pair, 'alice', 'not-queued'))).toEqual(new Set(['disk-full']));
    expect(codesOf(pair, 'alice', 'trouble')).toContain('disk-full');
    const [unheard] = pair.sayAll('bob', 1, 'alice');
    const [heard] = pair.sayAll('bob', 1, 'carol');
    await until('carol has that too', () => received(pair, 'carol', heard!, 'bob'));
    await staysTrue('alice takes nothing', () => !received(pair, 'alice', unheard!, 'bob'), 500);
    expect((await pair.program('alice').ask('history')).entries.length).toBeGreaterThanOrEqual(20);
    expect((await pair.program('bob').ask('outbox')).total).toBe(1);
    disk.free();
    await until('alice has it', () => received(pair, 'alice', unheard!, 'bob'));
    const refused = pair.book.refused;
    pair.sayAll('alice', 3);
    expect(await pair.settle()).toEqual(NO_FAULTS);
    expect(pair.book.refused).toBe(refused);
  },
);

test.runIf(noDisk === undefined)(
  'a disk that turns read-only is told, and nothing is acked; the next start on it says so and ends; repaired, all is there (STO-05)',
  { timeout: 300_000 },
  async () => {
    using disk = new LoopDisk('ext4');
    await using pair = await Pair.open({ homes: { alice: disk.folder } });
    await pair.startAll();
    pair.sayAll('alice', 5);
    await pair.drained('alice');
    // As the kernel does it when a disk has failed.
    disk.remount('abort');
    pair.sayAll('alice', 1);
    await until('alice is refused', () => codesOf(pair, 'alice', 'not-queued').length === 1);
    expect(codesOf(pair, 'alice', 'not-queued')).toEqual(['home-unusable']);
    expect(codesOf(pair, 'alice', 'trouble')).toContain('home-unusable');
    const [unheard] = pair.sayAll('bob', 1);
    await staysTrue('alice takes nothing', () => !received(pair, 'alice', unheard!, 'bob'), 500);
    await pair.program('alice').kill();
    const again = await pair.start('alice', { mayFail: true });
    expect(again.reports).toMatchObject([{ type: 'failed', code: 'home-unusable' }]);
    await again.ended();
    disk.unmount();
    disk.mount();
    await pair.start('alice', { isInspected: true });
    expect(await pair.settle()).toEqual(NO_FAULTS);
    expect(received(pair, 'alice', unheard!, 'bob')).toBe(true);
  },
);

test(
  'a home that is removed while the program runs is told, nothing is acked any more, and the program stays (STO-05)',
  { timeout: 300_000 },
  async () => {
    await using pair = await Pair.open();
    await pair.startAll();
    pair.sayAll('alice', 5);
    await pair.drained('alice');
    rmSync(pair.home('alice'), { recursive: true });
    pair.sayAll('alice', 1);
    await until('alice is refused', () => codesOf(pair, 'alice', 'not-queued').length === 1);
    expect(codesOf(pair, 'alice', 'not-queued')).toEqual(['home-unusable']);
    expect(codesOf(pair, 'alice', 'trouble')).toContain('home-unusable');
    const [unheard] = pair.sayAll('bob', 1);
    await staysTrue(
      'alice takes nothing and is there',
      () => pair.isReady('alice') && !received(pair, 'alice', unheard!, 'bob'),
      1_500,
    );
    expect((await pair.program('bob').ask('outbox')).total).toBe(1);
  },
);
