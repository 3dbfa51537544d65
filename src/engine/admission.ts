import type { Instant } from '../base/index.ts';
import { networkOf, type Directory } from '../directory/index.ts';
import { Bucket, AddressBuckets } from './buckets.ts';
import type { LinkId } from './types.ts';

// Who may have a connection before anything is proven (spec/01, “Before the peer is proven”).

/** Accepted connections whose peer is not proven, at most. */
export const UNPROVEN_MAX = 64;
/** Of these, kept for addresses that we know. */
export const UNPROVEN_KEPT = 16;
/** Unproven connections of one address that hold a place there. */
export const UNPROVEN_OF_ADDRESS_MAX = 4;
/** Those of one address with the ones that have theirs back: else one address could hold the places of all others. */
export const UNPROVEN_OF_ADDRESS_IN_ALL = 16;
/** How often a stranger may take another's place: a flood would else be let in as a whole, one after the other. */
const EVICTIONS_PER_SECOND = 500;
const EVICTIONS_BURST = 50;
/** Answers to message 1 for addresses that we do not know: in a second, and at once. Each is a KEM and some Diffie-Hellmans. */
const ANSWERS_PER_SECOND = 50;
const ANSWERS_BURST = 16;
/** Messages 1 from such addresses that are looked at at all: one Diffie-Hellman tells whether a session's is junk. */
const LOOKS_PER_SECOND = 400;
const LOOKS_BURST = 40;

interface Unproven {
  readonly link: LinkId;
  readonly address: string;
  readonly isKnown: boolean;
  /** Counts among the few of its address. */
  holdsPlace: boolean;
  /** Message 1 has not been answered: it may have to make room. */
  isSilent: boolean;
}

export type Admitted =
  | { readonly isLetIn: false }
  /** `evicted` has lost its place to this one and is to be closed. */
  | { readonly isLetIn: true; readonly evicted: LinkId | undefined };

/** Of whom only so many may be there: those of one address, those of addresses that we do not know, everybody. */
type Crowd = 'neighbours' | 'strangers' | 'all';

const REFUSED: Admitted = { isLetIn: false };

/**
 * The places before the proof, and who gets them. Decides at once and keeps a few bytes for each address, so that whoever
 * is not let in costs next to nothing. No count here is one that strangers can use to lock out an address that we know.
 */
export class Admission {
  readonly #random: () => number;
  readonly #unproven = new Map<LinkId, Unproven>();
  /** Have lost their place and are not closed yet: what they had said by then is not answered. */
  readonly #evicted = new Set<LinkId>();
  readonly #accepts = new AddressBuckets();
  readonly #evictions = new Bucket(EVICTIONS_PER_SECOND, EVICTIONS_BURST);
  readonly #answers = new Bucket(ANSWERS_PER_SECOND, ANSWERS_BURST);
  readonly #looks = new Bucket(LOOKS_PER_SECOND, LOOKS_BURST);
  #listed: ReadonlySet<string> = new Set();
  /** Where each proven peer was last, by name. */
  readonly #seen = new Map<string, string>();

  /** `random` gives 0 <= fraction < 1. */
  constructor(directory: Directory, random: () => number) {
    this.#random = random;
    this.useDirectory(directory);
  }

  get unproven(): number {
    return this.#unproven.size;
  }

  useDirectory(directory: Directory): void {
    this.#listed = new Set(
      directory.entries.flatMap((entry) => entry.addresses.map(({ ip }) => networkOf(ip))),
    );
    for (const name of this.#seen.keys()) if (!directory.entry(name)) this.#seen.delete(name);
  }

  /** Whether `admit` would let in one more of this address. Thousands may ask in a second: it makes nothing. */
  mayEnter(address: string, now: Instant): boolean {
    if (!this.#accepts.has(address, now)) return false;
    const isKnown = this.#isKnown(address);
    const crowd = this.#fullCrowd(address, isKnown);
    if (crowd === undefined) return true;
    if (!isKnown && !this.#evictions.has(now)) return false;
    for (const each of this.#unproven.values()) if (each.isSilent && isOf(crowd, each, address)) return true;
    return false;
  }

  admit(link: LinkId, address: string, now: Instant): Admitted {
    if (!this.mayEnter(address, now)) return REFUSED;
    this.#accepts.take(address, now);
    const isKnown = this.#isKnown(address);
    const evicted = this.#evict(this.#fullCrowd(address, isKnown), address);
    if (evicted !== undefined && !isKnown) this.#evictions.take(now);
    this.#unproven.set(link, { link, address, isKnown, holdsPlace: true, isSilent: true });
    return { isLetIn: true, evicted };
  }

  /** Message 1 has come: whether it is looked at. Of the answers nothing is taken yet, so that junk does not use them up. */
  mayAnswer(link: LinkId, now: Instant): boolean {
    if (this.#evicted.has(link)) return false;
    const unproven = this.#unproven.get(link);
    return !unproven || unproven.isKnown || (this.#answers.has(now) && this.#looks.take(now));
  }
  /**
   * Message 1 was good and is answered: this connection makes room for nobody any more. `isKeyKnown`: it showed that the
   * dialler knows our static key (a session's does), and its address has its place back.
   */
  answered(link: LinkId, isKeyKnown: boolean, now: Instant): void {
    const unproven = this.#unproven.get(link);
    if (!unproven) return;
    unproven.isSilent = false;
    if (isKeyKnown) unproven.holdsPlace = false;
    if (!unproven.isKnown) this.#answers.take(now);
  }

  /** An honest dialler is not counted: what it took is given back. */
  proven(link: LinkId, name: string, address: string): void {
    this.#seen.set(name, address);
    const unproven = this.#unproven.get(link);
    if (!unproven) return;
    this.#unproven.delete(link);
    this.#accepts.giveBack(unproven.address);
    if (unproven.isKnown) return;
    this.#answers.giveBack();
    this.#looks.giveBack();
  }
  closed(link: LinkId): void {
    this.#unproven.delete(link);
    this.#evicted.delete(link);
  }

  /** The crowd in which one has to go before another of this address comes in; undefined while there is a place. */
  #fullCrowd(address: string, isKnown: boolean): Crowd | undefined {
    let ofAddress = 0;
    let neighbours = 0;
    let strangers = 0;
    for (const each of this.#unproven.values()) {
      if (each.address === address) ofAddress++;
      if (isOf('neighbours', each, address)) neighbours++;
      if (isOf('strangers', each, address)) strangers++;
    }
    if (neighbours >= UNPROVEN_OF_ADDRESS_MAX || ofAddress >= UNPROVEN_OF_ADDRESS_IN_ALL) return 'neighbours';
    if (!isKnown && strangers >= UNPROVEN_MAX - UNPROVEN_KEPT) return 'strangers';
    if (this.#unproven.size < UNPROVEN_MAX) return undefined;
    return isKnown ? 'all' : 'strangers';
  }

  #evict(crowd: Crowd | undefined, address: string): LinkId | undefined {
    if (crowd === undefined) return undefined;
    const silent = [...this.#unproven.values()].filter((each) => each.isSilent && isOf(crowd, each, address));
    const victim = silent[Math.floor(this.#random() * silent.length)]?.link;
    if (victim === undefined) return undefined;
    this.#unproven.delete(victim);
    this.#evicted.add(victim);
    return victim;
  }

  #isKnown(address: string): boolean {
    if (this.#listed.has(address)) return true;
    for (const seen of this.#seen.values()) if (seen === address) return true;
    return false;
  }
}

function isOf(crowd: Crowd, each: Unproven, address: string): boolean {
  if (crowd === 'neighbours') return each.holdsPlace && each.address === address;
  return crowd === 'all' || !each.isKnown;
}
