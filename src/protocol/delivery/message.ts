import type { Bytes, Failure } from '../../base/index.ts';

/** What a message is, for life: the same on every session and in every epoch. */
export interface MessageContent {
  /** UUIDv7, lower case. */
  readonly id: string;
  /** `text` or, for a withdrawn message, `void`. */
  readonly type: string;
  readonly plaintext: Bytes;
  /** The sender's UTC clock when the text was written, ms. */
  readonly timestamp: number;
  readonly replyTo?: string;
}

/** A row of the outbox. */
export interface OutboxRow extends MessageContent {
  readonly seq: number;
  /** It is given up when it has not left by then (UTC ms). */
  readonly expiresWall?: number;
}

/** A row of the inbox: the next message in the sender's order. */
export interface InboxRow extends MessageContent {
  readonly seq: number;
  readonly receivedWall: number;
}

/** Why a peer will never take a message. */
export type RefusalStatus = 'refused' | 'unsupported';

/** Why a message goes out as a `void`. `erased`: a person deleted it; nothing of it is kept. */
export type VoidOutcome = 'cancelled' | 'expired' | 'failed' | 'erased';

/**
 * What one step asks the store to write, in one transaction with everything else of the turn. A store that gets the same
 * changes twice (the first commit may have worked in spite of an error) ends as if it had got them once: it passes over what
 * names another `epoch` than its own, a seq that is given out already, and a seq that is settled already.
 */
export type DeliveryChange =
  /** A new message at the end of this numbering; the first one of a contact also makes the epoch known. */
  | { readonly type: 'outbox-put'; readonly peer: string; readonly epoch: Bytes; readonly row: OutboxRow }
  /** Everything up to `seq` has left. Lower than before when what left early turned out not to count. */
  | { readonly type: 'outbox-sent'; readonly peer: string; readonly epoch: Bytes; readonly seq: number }
  /** An unsettled message becomes `{}`, with the same seq and id. */
  | {
      readonly type: 'outbox-void';
      readonly peer: string;
      readonly epoch: Bytes;
      readonly seq: number;
      readonly id: string;
      readonly outcome: VoidOutcome;
      readonly reason?: Failure;
      readonly atWall: number;
    }
  /** The same for all unsettled messages from `first` to `last`. */
  | {
      readonly type: 'outbox-void-range';
      readonly peer: string;
      readonly epoch: Bytes;
      readonly first: number;
      readonly last: number;
      readonly outcome: VoidOutcome;
      readonly reason?: Failure;
      readonly atWall: number;
    }
  /** Everything up to `seq` is settled: as delivered, but for those refused. `key` is the peer's that acked. */
  | {
      readonly type: 'outbox-settle';
      readonly peer: string;
      readonly epoch: Bytes;
      readonly seq: number;
      readonly id: string;
      readonly key: Bytes;
      readonly atWall: number;
      readonly refused: readonly { readonly seq: number; readonly reason: Failure }[];
    }
  /**
   * A new numbering in place of `former`: what is unsettled and no `void` gets the seqs from 1 in the same order, nothing else
   * keeps one; what had left counts as left. Of a contact without any numbering it is the first, whatever `former` says.
   */
  | { readonly type: 'outbox-epoch'; readonly peer: string; readonly former: Bytes; readonly epoch: Bytes }
  /** The cursor stands at this message then, as after `inbox-pass`. */
  | { readonly type: 'inbox-put'; readonly peer: string; readonly row: InboxRow }
  /**
   * The cursor without a message. When the epoch is another one than before, the seqs of what came until now mean nothing any
   * more, and refusals are forgotten.
   */
  | {
      readonly type: 'inbox-cursor';
      readonly peer: string;
      readonly epoch: Bytes;
      readonly stored: number;
      readonly storedId: string | undefined;
    }
  /** A seq that is finished without a message to show: withdrawn, known by its id already, or refused for good. */
  | {
      readonly type: 'inbox-pass';
      readonly peer: string;
      readonly seq: number;
      readonly id: string;
      readonly status?: RefusalStatus;
    };

/** What happens once the changes are on disk. */
export type DeliveryEffect =
  | { readonly type: 'received'; readonly row: InboxRow }
  /** `timestamp`: when it was written, for how long it took. */
  | { readonly type: 'delivered'; readonly id: string; readonly timestamp: number }
  | {
      readonly type: 'given-up';
      readonly id: string;
      readonly outcome: 'refused' | 'failed' | 'expired';
      readonly reason: Failure;
    }
  | { readonly type: 'missing'; readonly count: number }
  /** `isFromCopy`: it holds a message of ours, so that its numbering is new and its store is not. */
  | { readonly type: 'peer-restarted'; readonly isFromCopy: boolean }
  /** The peer lost messages that it had acked: `resent` go out once more, the other ones only when a person asks for it. */
  | { readonly type: 'lost-by-peer'; readonly count: number; readonly resent: number };

/** decide → commit → release: the changes are committed before any effect is performed. */
export interface Decision {
  readonly changes: readonly DeliveryChange[];
  readonly effects: readonly DeliveryEffect[];
}

/** The step that changes nothing. */
export const NOTHING: Decision = { changes: [], effects: [] };
