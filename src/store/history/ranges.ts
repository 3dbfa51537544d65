import type { Database } from '../database.ts';
import { readSetting, writeSetting } from './settings.ts';

// Positions grow with the time of storing only as long as no clock jumps, so that neither a binary search over positions nor an end
// of the scan at the first older message would be right; and an index by time would have to be sorted by position, a million
// rows for one page. The table `span` knows of each 1,024 positions the first and the last time: a thousand rows say where
// what was stored in some days can lie, after any number of jumps. Within these ranges each message's own time decides.
//
// Each message's own row costs its commit a page less when the times are taken in later, with its words; what is newer is looked
// through as a whole.

/** Inclusive, of positions. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

export interface Bounds {
  readonly after?: number;
  readonly before?: number;
  readonly sinceWall?: number;
  readonly untilWall?: number;
}

const BLOCK = 1_024;

/** Where everything lies that is within the bounds, in ascending order; other messages may lie there too. */
export function rangesWithin(database: Database, bounds: Bounds): readonly Range[] {
  const { after = 0, before = Number.MAX_SAFE_INTEGER, sinceWall, untilWall } = bounds;
  const whole = { first: Math.max(0, after) + 1, last: before - 1 };
  if (whole.first > whole.last) return [];
  if (sinceWall === undefined && untilWall === undefined) return [whole];
  const spanned = Number(readSetting(database, 'spanned') ?? 0);
  const blocks = database
    .prepare<{ block: number }>(
      'SELECT block FROM span WHERE newest >= ? AND oldest < ? AND block BETWEEN ? AND ? ORDER BY block',
    )
    .all(...timesOf(bounds), Math.floor(whole.first / BLOCK), Math.floor(whole.last / BLOCK));
  const known = joinBlocks(blocks.map(({ block }) => block));
  return [
    ...clip(known, { first: whole.first, last: Math.min(whole.last, spanned) }),
    ...clip([whole], { first: spanned + 1, last: whole.last }),
  ];
}

/** Takes in the times of messages, in the caller's transaction: of everything from the end of what was taken in until now. */
export function noteTimes(
  database: Database,
  messages: readonly { readonly position: number; readonly stored: number }[],
): void {
  const blocks = new Map<number, [number, number]>();
  for (const { position, stored } of messages) {
    const block = Math.floor(position / BLOCK);
    const [oldest, newest] = blocks.get(block) ?? [stored, stored];
    blocks.set(block, [Math.min(oldest, stored), Math.max(newest, stored)]);
  }
  const widen = database.prepare(
    `INSERT INTO span VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET oldest = min(oldest, excluded.oldest), newest = max(newest, excluded.newest)`,
  );
  for (const [block, times] of blocks) widen.run(block, ...times);
  const spanned = Number(readSetting(database, 'spanned') ?? 0);
  writeSetting(database, 'spanned', Math.max(spanned, messages.at(-1)?.position ?? 0));
}

/** The first time that is within, and the first that is no longer. */
export function timesOf({ sinceWall, untilWall }: Bounds): readonly [number, number] {
  return [sinceWall ?? Number.MIN_SAFE_INTEGER, untilWall ?? Number.MAX_SAFE_INTEGER];
}

function clip(ranges: readonly Range[], within: Range): readonly Range[] {
  return ranges
    .map(({ first, last }) => ({ first: Math.max(first, within.first), last: Math.min(last, within.last) }))
    .filter(({ first, last }) => first <= last);
}

function joinBlocks(blocks: readonly number[]): readonly Range[] {
  const ranges: Range[] = [];
  for (const block of blocks) {
    const [first, last] = [block * BLOCK, (block + 1) * BLOCK - 1];
    const former = ranges.at(-1);
    if (former?.last === first - 1) ranges[ranges.length - 1] = { first: former.first, last };
    else ranges.push({ first, last });
  }
  return ranges;
}
