/** What may happen in these worlds. */
export type CountName = (typeof COUNTED)[number];
/** How often it did. */
export type SeedCounts = Readonly<Record<CountName, number>>;

const COUNTED = [
  'messages',
  'connections',
  'cuts',
  /** Pairs of dials that were under way at the same time. */
  'crossings',
  /** Key exchanges, one for each side that took part. */
  'exchanges',
  /** Steps of a record key by itself, one for each side. */
  'steps',
  'crashes',
  'refusals',
  'rollbacks',
  'clockJumps',
  'cancelled',
  'expired',
  /** Messages that were queued once more. */
  'resent',
  /** Texts whose call failed, since the disk refused the turn. */
  'rejected',
  /** Contacts that were removed from a directory and came back. */
  'removals',
] as const;

export const NO_COUNTS: SeedCounts = counted(() => 0);

export function addCounts(a: SeedCounts, b: SeedCounts): SeedCounts {
  return counted((name) => a[name] + b[name]);
}

export function counted(countOf: (name: CountName) => number): SeedCounts {
  return Object.fromEntries(COUNTED.map((name) => [name, countOf(name)])) as SeedCounts;
}
