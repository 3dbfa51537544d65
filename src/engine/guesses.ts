import type { FailedGuessesView } from '../api/index.ts';
import { decodeUtf8, encodeUtf8, type Bytes, type Failure, type Instant, type Now } from '../base/index.ts';
import type { Mac } from '../crypto/index.ts';
import {
  chargeGuess,
  clearGuesses,
  correctGuessClock,
  forgetGuesses,
  GUESS_BUCKETS,
  guessBlockedUntil,
  guessFailures,
  keepNames,
  NO_GUESSES,
  type Directory,
  type DirectoryEntry,
  type GuessLedger,
} from '../directory/index.ts';
import type { EngineCore } from './core.ts';
import type { Link } from './link.ts';
import type { LinkId } from './types.ts';

// How often strangers may guess a password (spec/08 "Guessing"). The ledger of names is on the disk before PAKE2 leaves. The
// last minute is not: a stranger cannot bring about a restart, and what one would gain is a minute's share, once.

export const GUESSES_PER_ADDRESS_MAX = 10;
export const GUESSES_IN_TOTAL_MAX = 30;
const WINDOW_MS = 60_000;
/** Enrols of one name in a minute that take nothing of the shares above: each costs key exchanges and writes to the disk. */
export const GIVEN_BACK_MAX = 10;
/** Each holds keys and a place for five seconds. */
export const PAKES_WAITING_MAX = 16;
/** A person is told at these numbers of failures, and from the last one on whenever they have doubled. */
const TOLD_FIRST = 3;
const TOLD_THEN = 5;

type GuessesCore = Pick<EngineCore, 'options' | 'desk' | 'links' | 'emit'>;

export class Guesses {
  readonly #core: GuessesCore;
  readonly #buckets: Mac;
  #ledger: GuessLedger;
  /** What was admitted in the last minute: never more than the total. */
  #recent: readonly { readonly link: LinkId; readonly address: string; readonly at: Instant }[] = [];
  /** Who had a share of the last minute given back, and when. */
  #givenBack: readonly { readonly name: string; readonly at: Instant }[] = [];
  readonly #told = new Map<string, number>();

  constructor(core: GuessesCore) {
    this.#core = core;
    const { primitives, keys, guesses, directory } = core.options;
    // Of the identity's secret, so that a restart does not deal the names to other buckets.
    this.#buckets = primitives.hmacSha256Key(
      primitives.hmacSha256(keys.secret, encodeUtf8('sotto guess buckets')),
    );
    this.#ledger = keepNames(guesses ?? NO_GUESSES, (name) => directory.entry(name) !== undefined);
  }

  /**
   * PAKE1 has come: may this side answer? If so the guess is charged, and committed before the answer leaves. Nothing here
   * depends on whether the name is known: a refusal looks the same for all.
   */
  admit(link: Link, userI: Bytes, now: Now): Failure | undefined {
    const waiting = this.#waiting();
    if (waiting.length >= PAKES_WAITING_MAX || waiting.some(({ address }) => address === link.address))
      return CROWDED;
    this.#recent = this.#recent.filter(({ at }) => now.monotonic - at < WINDOW_MS);
    const bucket = this.#bucketOf(userI);
    this.#use(correctGuessClock(this.#ledger, bucket, now.wall));
    const fromHere = this.#recent.filter(({ address }) => address === link.address).length;
    const isSpent =
      this.#recent.length >= GUESSES_IN_TOTAL_MAX ||
      fromHere >= GUESSES_PER_ADDRESS_MAX ||
      guessBlockedUntil(this.#ledger, bucket, now.wall) !== undefined;
    if (isSpent) return SPENT;
    this.#recent = [...this.#recent, { link: link.id, address: link.address, at: now.monotonic }];
    const name = decodeUtf8(userI) ?? '';
    link.claimedName = name;
    const knownName = this.#core.desk.directory.entry(name) ? name : undefined;
    this.#use(chargeGuess(this.#ledger, { bucket, knownName, nowWall: now.wall }));
    return undefined;
  }

  /** The name has proven its password on this link, in either role: all that was charged for it is given back. */
  proven(name: string, on: LinkId, now: Now): void {
    this.#told.delete(name);
    this.#giveBackShare(name, on, now.monotonic);
    this.#use(forgetGuesses(this.#ledger, name, this.#bucketOf(encodeUtf8(name))));
  }

  /** A person wants this name to be heard. */
  clear(name: string): void {
    const bucketOf = (each: string): number => this.#bucketOf(encodeUtf8(each));
    this.#told.delete(name);
    this.#use(clearGuesses(this.#ledger, bucketOf(name), bucketOf));
  }

  /** An inbound enrol has ended: if it proved nothing, the person may have to know (CRY-11). */
  closed(link: Link, now: Now): void {
    const name = link.claimedName;
    if (name === undefined || link.session) return;
    const open = this.#waiting().filter(({ claimedName }) => claimedName === name).length;
    const failures = guessFailures(this.#ledger, name) - open;
    const milestone = milestoneOf(failures);
    if (milestone <= (this.#told.get(name) ?? 0)) return;
    this.#told.set(name, milestone);
    const blockedUntilWall = this.view(name, now.wall)?.blockedUntilWall;
    this.#core.emit({
      type: 'event',
      event: {
        type: 'password-guesses',
        name,
        failures,
        address: link.remote,
        ...(blockedUntilWall === undefined ? {} : { blockedUntilWall }),
      },
    });
  }

  /** Another password or key is a person's act: what failed against the old one no longer counts. */
  useDirectory(before: Directory, after: Directory): void {
    for (const entry of after.entries) {
      const old = before.entry(entry.username);
      if (!old || !isSameSecret(old, entry)) this.clear(entry.username);
    }
    this.#use(keepNames(this.#ledger, (name) => after.entry(name) !== undefined));
  }

  /** Undefined when nothing speaks against this name. */
  view(name: string, nowWall: number): FailedGuessesView | undefined {
    const failures = guessFailures(this.#ledger, name);
    const blockedUntilWall = guessBlockedUntil(this.#ledger, this.#bucketOf(encodeUtf8(name)), nowWall);
    if (failures === 0 && blockedUntilWall === undefined) return undefined;
    return { failures, ...(blockedUntilWall === undefined ? {} : { blockedUntilWall }) };
  }

  /** Who knows the password, but enrols over and over, goes on to use up what strangers may. */
  #giveBackShare(name: string, on: LinkId, now: Instant): void {
    if (!this.#recent.some(({ link }) => link === on)) return;
    this.#givenBack = this.#givenBack.filter(({ at }) => now - at < WINDOW_MS);
    if (this.#givenBack.filter((each) => each.name === name).length >= GIVEN_BACK_MAX) return;
    this.#givenBack = [...this.#givenBack, { name, at: now }];
    this.#recent = this.#recent.filter(({ link }) => link !== on);
  }

  /** Inbound enrols that have had PAKE2 and have not proven anything yet. */
  #waiting(): readonly Link[] {
    return [...this.#core.links.values()].filter(
      ({ dialled, claimedName, connection }) =>
        !dialled && claimedName !== undefined && connection.phase === 'handshake',
    );
  }

  #bucketOf(name: Bytes): number {
    const [high = 0, low = 0] = this.#buckets.sign(name);
    return (high * 256 + low) % GUESS_BUCKETS;
  }

  #use(ledger: GuessLedger): void {
    if (ledger === this.#ledger) return;
    this.#ledger = ledger;
    this.#core.emit({ type: 'commit', changes: [{ type: 'guesses', guesses: ledger }] });
  }
}

const SPENT: Failure = { code: 'guess-budget', message: 'Too many guesses lately: this one is not heard.' };
const CROWDED: Failure = {
  code: 'too-many-connections',
  message: 'Another password proof of this address, or too many in all, are under way.',
};

/** 3, 5, 10, 20, 40 …: the last one that was reached. */
function milestoneOf(failures: number): number {
  if (failures < TOLD_THEN) return failures < TOLD_FIRST ? 0 : TOLD_FIRST;
  return TOLD_THEN * 2 ** Math.floor(Math.log2(failures / TOLD_THEN));
}

function isSameSecret(a: DirectoryEntry, b: DirectoryEntry): boolean {
  const isSameKey = a.key === undefined ? b.key === undefined : b.key && a.key.join() === b.key.join();
  return isSameKey === true && a.password.reveal() === b.password.reveal();
}
