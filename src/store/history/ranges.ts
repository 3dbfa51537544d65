import type { Database } from '../database.ts';

// Positions grow with the time of storing only as long as no clock jumps, so that neither a binary search over positions nor an end
// of the scan at the first older message would be right; and an index by time would have to be sorted by position, a million
// rows for one page. The table `span` knows of each 1,024 positions the first and the last time: a thousand rows say where
// what was stored in some days can lie, after any number of jumps. Within these ranges each message's own time decides.

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
  const blocks = database
    .prepare<{ block: number }>(
      'SELECT block FROM span WHERE newest >= ? AND oldest < ? AND block BETWEEN ? AND ? ORDER BY block',
    )
    .all(...timesOf(bounds), Math.floor(whole.first / BLOCK), Math.floor(whole.last / BLOCK));
  return joinBlocks(blocks.map(({ block }) => block)).map(({ first, last }) => ({
    first: Math.max(first, whole.first),
    last: Math.min(last, whole.last),
  }));
}

/** The first time that is within, and the first that is no longer. */
export function timesOf({ sinceWall, untilWall }: Bounds): readonly [number, number] {
  return [sinceWall ?? Number.MIN_SAFE_INTEGER, untilWall ?? Number.MAX_SAFE_INTEGER];
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
