// How often somebody proved not to know a password, and how long that name therefore waits (spec/08 "Guessing"). Pure: from
// a ledger to the next one. The store keeps it, so that a restart gives nobody a new start.
//
// Every name is counted in one of 4,096 buckets, known or not: were unknown names alone to share buckets, a name that is
// blocked without having been tried would be an unknown one. Of a name in the directory it is also noted how many of its
// bucket's failures were its own: its success takes those away and no others, so that a contact cannot clear the way to
// another contact who happens to share the bucket.

export const GUESS_BUCKETS = 4_096;
/** Failures that cost nothing: people mistype, and connections break off. */
export const FREE_GUESSES = 5;
/** No name waits longer, so that the one it belongs to is never shut out for good. */
export const GUESS_BLOCK_MAX_MS = 3_600_000;

export interface GuessBucket {
  /** Guesses that were begun and not proven right. */
  readonly failures: number;
  /** When the last of them was begun (UTC ms). */
  readonly lastWall: number;
}

export interface GuessLedger {
  /** By number, 0..4095; one without failures is not listed. */
  readonly buckets: ReadonlyMap<number, GuessBucket>;
  /** Names of the directory: how many failures of their bucket are their own. */
  readonly names: ReadonlyMap<string, number>;
}

export const NO_GUESSES: GuessLedger = { buckets: new Map(), names: new Map() };

/** After this many failures a bucket waits so long, from the last one. */
export function guessBlockMs(failures: number): number {
  const beyond = failures - FREE_GUESSES;
  return beyond <= 0 ? 0 : Math.min(GUESS_BLOCK_MAX_MS, 1000 * 2 ** Math.min(beyond, 20));
}

/** Until when this bucket is blocked (UTC ms); undefined when it is not. */
export function guessBlockedUntil(ledger: GuessLedger, bucket: number, nowWall: number): number | undefined {
  const found = ledger.buckets.get(bucket);
  if (!found) return undefined;
  const until = Math.min(found.lastWall, nowWall) + guessBlockMs(found.failures);
  return until > nowWall ? until : undefined;
}

/**
 * A clock that was set back would prolong the wait by as much: the last failure is then taken to be now. The very same
 * ledger when there is nothing to correct.
 */
export function correctGuessClock(ledger: GuessLedger, bucket: number, nowWall: number): GuessLedger {
  const found = ledger.buckets.get(bucket);
  if (!found || found.lastWall <= nowWall) return ledger;
  return withBucket(ledger, bucket, { ...found, lastWall: nowWall });
}

/** A guess begins: it counts as failed until it is proven right. `knownName`: the name, if it is in the directory. */
export function chargeGuess(
  ledger: GuessLedger,
  guess: { readonly bucket: number; readonly knownName: string | undefined; readonly nowWall: number },
): GuessLedger {
  const { bucket, knownName, nowWall } = guess;
  const failures = (ledger.buckets.get(bucket)?.failures ?? 0) + 1;
  const charged = withBucket(ledger, bucket, { failures, lastWall: nowWall });
  if (knownName === undefined) return charged;
  return { ...charged, names: new Map(ledger.names).set(knownName, guessFailures(ledger, knownName) + 1) };
}

/** The name has proven its password: its own failures are forgotten. The very same ledger when there were none. */
export function forgetGuesses(ledger: GuessLedger, name: string, bucket: number): GuessLedger {
  const own = ledger.names.get(name);
  if (own === undefined) return ledger;
  const found = ledger.buckets.get(bucket);
  const left = (found?.failures ?? 0) - own;
  const cleared = withBucket(ledger, bucket, found && left > 0 ? { ...found, failures: left } : undefined);
  return { ...cleared, names: without(ledger.names, name) };
}

/**
 * A person wants this name to be heard: the whole bucket is cleared, whoever filled it. The very same ledger when there was
 * nothing to clear.
 */
export function clearGuesses(
  ledger: GuessLedger,
  bucket: number,
  bucketOf: (name: string) => number,
): GuessLedger {
  if (!ledger.buckets.has(bucket)) return ledger;
  const names = new Map([...ledger.names].filter(([name]) => bucketOf(name) !== bucket));
  return { ...withBucket(ledger, bucket, undefined), names };
}

/** Names that have left the directory are no longer counted apart; their buckets stay as they are. */
export function keepNames(ledger: GuessLedger, isKnown: (name: string) => boolean): GuessLedger {
  if ([...ledger.names.keys()].every(isKnown)) return ledger;
  return { ...ledger, names: new Map([...ledger.names].filter(([name]) => isKnown(name))) };
}

export function guessFailures(ledger: GuessLedger, name: string): number {
  return ledger.names.get(name) ?? 0;
}

function withBucket(ledger: GuessLedger, bucket: number, value: GuessBucket | undefined): GuessLedger {
  const buckets = new Map(ledger.buckets);
  if (value) buckets.set(bucket, value);
  else buckets.delete(bucket);
  return { ...ledger, buckets };
}

function without<Value>(map: ReadonlyMap<string, Value>, key: string): ReadonlyMap<string, Value> {
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}
