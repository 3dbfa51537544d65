import type { Failure, PeerText } from '../base/index.ts';
import type { MessageId, OutgoingState } from './views.ts';

/** What happens. `type` says what, and so which fields there are; times (`…Wall`) are UTC ms. */
export type ChatEvent =
  /** A peer’s message, once it is on our disk; `replyTo` is the message that it answers. */
  | {
      readonly type: 'message-received';
      readonly id: MessageId;
      /** Its place in the history. */
      readonly position: number;
      readonly from: string;
      readonly text: PeerText;
      readonly writtenAtWall: number;
      readonly receivedAtWall: number;
      /** The sender's clock is more than 120 s ahead of ours: the time shown may be wrong. */
      readonly clockMark: boolean;
      readonly replyTo?: MessageId;
      /**
       * It was stored before this program began, and no screen is known to have shown it: it came while none was there, or the
       * program was stopped at that moment.
       */
      readonly isBelated?: true;
    }
  /** How a message of ours stands now. */
  | {
      readonly type: 'message-progress';
      readonly id: MessageId;
      readonly to: string;
      readonly progress: OutgoingState;
    }
  /** A session has begun; `firstContact`: it is the one in which the passwords were proven. */
  | { readonly type: 'contact-connected'; readonly name: string; readonly firstContact: boolean }
  /** A session has ended; with a `reason` when it broke. */
  | { readonly type: 'contact-disconnected'; readonly name: string; readonly reason?: Failure }
  /** Loud in every face: the contact proved the password with a key that is not the pinned one. */
  | {
      readonly type: 'key-pending';
      readonly name: string;
      readonly oldSafetyNumber?: string;
      readonly newSafetyNumber: string;
    }
  /** Somebody keeps trying to meet us under this name with wrong passwords; at 3, 5, 10, 20, 40 … failures. */
  | {
      readonly type: 'password-guesses';
      readonly name: string;
      readonly failures: number;
      /** Where the last of them came from: a literal address. */
      readonly address: string;
      /** No first contact under this name is heard until then (UTC ms). */
      readonly blockedUntilWall?: number;
    }
  /** A peer holds another key for us and waits for its person. */
  | {
      readonly type: 'own-key-pending';
      readonly name: string;
      readonly safetyNumber: string;
      readonly reason: Failure;
    }
  /** Messages the peer can no longer send: they are lost for us. */
  | { readonly type: 'messages-missing'; readonly from: string; readonly count: number }
  /** The peer has lost messages that it had acked. `resent` of them go out once more; the others only by `Chat.resend`. */
  | {
      readonly type: 'messages-lost-by-peer';
      readonly name: string;
      readonly count: number;
      readonly resent: number;
    }
  /** The peer's clock is more than 5 minutes from ours; said once a session. Positive: it is ahead. */
  | { readonly type: 'clock-skew'; readonly name: string; readonly skewMs: number }
  /**
   * The peer's numbering began again. `isFromCopy`: it still holds messages of ours, so it was restored or repaired and no longer
   * knows all that it had sent; without it nothing is known to be left there.
   */
  | { readonly type: 'peer-restarted'; readonly name: string; readonly isFromCopy?: true }
  /** The directory file was edited, and is in force from now on: the names of its entries. */
  | {
      readonly type: 'directory-changed';
      readonly added: readonly string[];
      readonly removed: readonly string[];
      readonly changed: readonly string[];
    }
  /** The last good directory stays in force. */
  | { readonly type: 'directory-rejected'; readonly problems: readonly Failure[] }
  /** Retention (`ChatOptions.keepMs`) has deleted messages that were older. */
  | { readonly type: 'messages-deleted'; readonly count: number; readonly keepMs: number }
  /** A stream that went on from a cursor: between that and here more happened than is remembered. Messages are complete. */
  | { readonly type: 'events-skipped' }
  /** The disk takes again what is to be kept: a trouble with it is over. */
  | { readonly type: 'disk-recovered' }
  /** Something of ours or of the world went wrong and is being handled: the listener died, a dial reached ourselves. */
  | { readonly type: 'trouble'; readonly reason: Failure; readonly name?: string };
