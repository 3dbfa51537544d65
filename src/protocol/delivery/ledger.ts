import type { Bytes } from '../../base/index.ts';
import type { OutboxRow, RefusalStatus } from './message.ts';

/**
 * What delivery reads of what was committed: synchronous, bounded answers. It never shows what is still to be committed; the
 * machines bear in mind what they have asked for themselves.
 */
export interface Ledger {
  /** Everybody who has a standing, whoever is in the directory now. */
  correspondents(): readonly string[];
  /** Where both directions of a pair stood at the last commit; undefined when neither has an epoch. */
  standing(peer: string): Standing | undefined;
  /**
   * Outgoing messages of this numbering with `after` < seq <= `upTo`, in order and without gaps, at most `limit`. Empty when
   * `epoch` is not the committed one. What was withdrawn or erased comes as a `void`.
   */
  outgoing(
    peer: string,
    range: { readonly epoch: Bytes; readonly after: number; readonly upTo: number; readonly limit: number },
  ): readonly OutboxRow[];
  /** Where an unsettled outgoing message stands, for withdrawing it. */
  findOutgoing(id: string): { readonly peer: string; readonly seq: number } | undefined;
  /** The seq an incoming message has in the peer's present epoch, 0 for an earlier epoch's; undefined when it never came. */
  seqOfIncoming(peer: string, id: string): number | undefined;
  /**
   * Messages that never left and whose time is over at `nowWall` (UTC ms), in order of seq; and when the next one's is, if any.
   */
  expiring(
    peer: string,
    nowWall: number,
    limit: number,
  ): { readonly rows: readonly OutboxRow[]; readonly nextWall: number | undefined };
  /**
   * The lowest seq of this numbering that may be sent once more to `key` by itself: acked by that very key, not before
   * `sinceWall`, kept in the store, at most `limit` of them. Undefined when there is none (spec/05 “Repair”).
   */
  repairableFrom(
    peer: string,
    key: Bytes,
    range: { readonly sinceWall: number; readonly limit: number },
  ): number | undefined;
}

/** A direction is undefined while it has no epoch. */
export interface Standing {
  readonly outbox: OutboxStanding | undefined;
  readonly inbox: InboxStanding | undefined;
}

/** Where the numbering of what goes to one peer stands on the disk. */
export interface OutboxStanding {
  readonly epoch: Bytes;
  /** The highest seq that was given to a message; 0 for none. */
  readonly assigned: number;
  /** The highest seq that left on some session. */
  readonly sent: number;
  /** The highest settled seq, and its message. */
  readonly settled: number;
  readonly settledId: string | undefined;
  /** Unsettled messages that were not withdrawn, and what they count (spec/05: plaintext and 512 bytes each). */
  readonly waiting: number;
  readonly waitingBytes: number;
  /** When the first of the unsettled ones expires, UTC ms. */
  readonly nextExpiryWall: number | undefined;
}

/** Where the numbering of what comes from one peer stands on the disk. */
export interface InboxStanding {
  readonly epoch: Bytes;
  readonly stored: number;
  readonly storedId: string | undefined;
  /** The largest id that ever came from this peer, as text: a larger one is certainly new. */
  readonly largestId: string | undefined;
  /** Of the present epoch, in order. */
  readonly refusals: readonly { readonly seq: number; readonly status: RefusalStatus }[];
}
