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
  /** It left on some session, so the peer may have it: it can no longer be withdrawn. */
  readonly wasSent: boolean;
  /** How often the peer closed with bad-envelope while this was the first it lacked. */
  readonly badEnvelopes: number;
}

/** A row of the inbox: the next message in the sender's order. */
export interface InboxRow extends MessageContent {
  readonly seq: number;
  readonly receivedWall: number;
}

export type RefusalStatus = 'refused' | 'unsupported';

/** What one step asks the store to write, in one transaction with everything else of the turn. */
export type DeliveryChange =
  | { readonly type: 'outbox-put'; readonly peer: string; readonly row: OutboxRow }
  | { readonly type: 'outbox-settle'; readonly peer: string; readonly seq: number; readonly id: string }
  | { readonly type: 'inbox-put'; readonly peer: string; readonly row: InboxRow }
  | {
      readonly type: 'inbox-cursor';
      readonly peer: string;
      readonly epoch: Bytes;
      readonly stored: number;
      readonly storedId: string | undefined;
    }
  | {
      readonly type: 'inbox-refusal';
      readonly peer: string;
      readonly seq: number;
      readonly status: RefusalStatus;
    };

/** What happens once the changes are on disk. */
export type DeliveryEffect =
  | { readonly type: 'received'; readonly row: InboxRow }
  | { readonly type: 'delivered'; readonly id: string }
  | {
      readonly type: 'given-up';
      readonly id: string;
      readonly outcome: 'refused' | 'failed';
      readonly reason: Failure;
    }
  | { readonly type: 'missing'; readonly count: number }
  | { readonly type: 'peer-restarted' };

/** decide → commit → release: the changes are committed before any effect is performed. */
export interface Decision {
  readonly changes: readonly DeliveryChange[];
  readonly effects: readonly DeliveryEffect[];
}

export const NOTHING: Decision = { changes: [], effects: [] };
