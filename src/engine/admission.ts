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
/** Answers to message 1 for addresses that we do not know: in a second, and at once. Each is a KEM and some Diffie-Hellmans. */
const ANSWERS_PER_SECOND = 50;
const ANSWERS_BURST = 16;

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

const REFUSED: Admitted = { isLetIn: false };

/**
 * The places before the proof, and who gets them. Decides at once and keeps a few bytes for each address, so that whoever
 * is not let in costs next to nothing. No count here is one that strangers can use to lock out an address that we know.
 */
export class Admission {
  readonly #random: () => number;
  readonly #unproven = new Map<LinkId, Unproven>();
  readonly #accepts = new AddressBuckets();
  readonly #answers = new Bucket(ANSWERS_PER_SECOND, ANSWERS_BURST);
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

  /** Whether `admit` would let in one more of this address. */
  mayEnter(address: string, now: Instant): boolean {
    return this.#accepts.has(address, now) && this.#rivals(address, this.#isKnown(address))?.length !== 0;
  }

  admit(link: LinkId, address: string, now: Instant): Admitted {
    const isKnown = this.#isKnown(address);
    const rivals = this.#rivals(address, isKnown);
    if (rivals?.length === 0 || !this.#accepts.take(address, now)) return REFUSED;
    const evicted = rivals?.[Math.floor(this.#random() * rivals.length)]?.link;
    if (evicted !== undefined) this.#unproven.delete(evicted);
    this.#unproven.set(link, { link, address, isKnown, holdsPlace: true, isSilent: true });
    return { isLetIn: true, evicted };
  }

  /** Whether there is time for one more handshake's costly half. Nothing is taken yet: junk must not use it up. */
  mayAnswer(link: LinkId, now: Instant): boolean {
    const unproven = this.#unproven.get(link);
    return unproven === undefined || unproven.isKnown || this.#answers.has(now);
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
    if (!unproven.isKnown) this.#answers.giveBack();
  }
  closed(link: LinkId): void {
    this.#unproven.delete(link);
  }

  /** Those of whom one has to go before another comes in; undefined while there is a place. */
  #rivals(address: string, isKnown: boolean): readonly Unproven[] | undefined {
    const all = [...this.#unproven.values()];
    const silent = (those: readonly Unproven[]): readonly Unproven[] => those.filter((each) => each.isSilent);
    const neighbours = all.filter((each) => each.holdsPlace && each.address === address);
    if (neighbours.length >= UNPROVEN_OF_ADDRESS_MAX) return silent(neighbours);
    const strangers = all.filter((each) => !each.isKnown);
    if (!isKnown && strangers.length >= UNPROVEN_MAX - UNPROVEN_KEPT) return silent(strangers);
    return all.length >= UNPROVEN_MAX ? silent(all) : undefined;
  }

  #isKnown(address: string): boolean {
    if (this.#listed.has(address)) return true;
    for (const seen of this.#seen.values()) if (seen === address) return true;
    return false;
  }
}
