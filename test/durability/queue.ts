import { until } from '../net/until.ts';
import type { Faults } from './book.ts';
import { Pair } from './pair.ts';

export interface QueueResult {
  readonly queued: number;
  readonly queueSeconds: number;
  readonly drainSeconds: number;
  /** Of the sender, MiB: how much it grew after a fifth was queued, and while everything went out. */
  readonly queueGrowthMiB: number;
  readonly drainGrowthMiB: number;
  readonly faults: Faults;
  readonly notes: readonly string[];
}

const BATCH = 250;
const MIB = 1_048_576;
const DRAIN_MS = 600_000;

/** Very many texts for a peer that is not there; then it comes (DLV-11). */
export async function queue(count: number): Promise<QueueResult> {
  await using pair = await Pair.open();
  const alice = await pair.start('alice');
  // Who has never met cannot be told apart from who has: they meet first.
  await pair.start('bob');
  pair.sayAll('alice', 1);
  await pair.drained('alice');
  await pair.program('bob').kill();
  const memory = async (): Promise<number> => (await alice.ask('memory')).rss / MIB;
  const started = performance.now();
  let [warm, most] = [0, 0];
  for (let said = 0; said < count; said += BATCH) {
    pair.sayAll('alice', Math.min(BATCH, count - said));
    await until('the batch is queued', () => pair.isIdle('alice'), DRAIN_MS);
    if (said % (BATCH * 8) !== 0) continue;
    const rss = await memory();
    if (said < count / 5) warm = Math.max(warm, rss);
    else most = Math.max(most, rss);
  }
  const queuedAt = performance.now();
  const queueGrowthMiB = Math.max(0, most - warm);
  await pair.start('bob');
  let drainMost = 0;
  await until(
    'everything is delivered',
    async () => {
      drainMost = Math.max(drainMost, await memory());
      return pair.isDrained('alice');
    },
    DRAIN_MS,
  );
  const drainedAt = performance.now();
  const faults = await pair.settle(DRAIN_MS);
  return {
    queued: pair.book.queued,
    queueSeconds: (queuedAt - started) / 1_000,
    drainSeconds: (drainedAt - queuedAt) / 1_000,
    queueGrowthMiB,
    drainGrowthMiB: Math.max(0, drainMost - Math.max(warm, most)),
    faults,
    notes: pair.book.notes,
  };
}
