import type { ChatEvent } from '../api/index.ts';
import type { Brand, Bytes, Failure } from '../base/index.ts';
import type { Directory, GuessLedger, TrustRecord } from '../directory/index.ts';
import type { DeliveryChange, Ledger } from '../protocol/delivery/index.ts';
import type { ConnectionPhase } from '../protocol/session/index.ts';

/** One TCP connection, as the shell and the engine both call it. */
export type LinkId = Brand<number, 'LinkId'>;

/** `address` is whom limits count as one (`networkOf`), `remote` the whole literal address, for people. */
export type EngineInput =
  | { readonly type: 'accepted'; readonly link: LinkId; readonly address: string; readonly remote: string }
  | { readonly type: 'connected'; readonly link: LinkId; readonly address: string; readonly remote: string }
  | { readonly type: 'dial-failed'; readonly link: LinkId; readonly failure: Failure }
  | { readonly type: 'bytes'; readonly link: LinkId; readonly bytes: Bytes }
  /** The peer half-closed. */
  | { readonly type: 'ended'; readonly link: LinkId }
  | { readonly type: 'lost'; readonly link: LinkId; readonly failure: Failure }
  /** The socket's buffer is full, or has drained. */
  | { readonly type: 'congested'; readonly link: LinkId; readonly on: boolean }
  | { readonly type: 'directory'; readonly directory: Directory }
  /** Everything this turn of the event loop brought in has been handled: pack records, dial, settle. */
  | { readonly type: 'turn-ended' }
  /**
   * The program or the machine stood still: suspended, stopped, a turn that took long (wall and monotonic clock moved apart by
   * seconds, or a deadline is that long over). To be given before whatever else the turn brings (spec/03 “A standstill”).
   */
  | { readonly type: 'resumed' }
  /** End every session gently; dial no more. */
  | { readonly type: 'shutdown' };

export type EngineOutput =
  /** Committed before any later output is performed. */
  | { readonly type: 'commit'; readonly changes: readonly Change[] }
  | { readonly type: 'dial'; readonly link: LinkId; readonly host: string; readonly port: number }
  | { readonly type: 'write'; readonly link: LinkId; readonly bytes: Bytes }
  | { readonly type: 'end'; readonly link: LinkId }
  /** Nothing more will be said on it; what was written before still leaves. */
  | {
      readonly type: 'release';
      readonly link: LinkId;
      readonly phase: ConnectionPhase;
      readonly failure: Failure | undefined;
    }
  | { readonly type: 'event'; readonly event: EngineEvent };

type Received = ChatEvent & { readonly type: 'message-received' };
/** What happened; where a message that came has its place, only the store knows, when it is committed. */
export type EngineEvent = Exclude<ChatEvent, Received> | Omit<Received, 'position'>;

export type Change =
  | DeliveryChange
  | { readonly type: 'trust'; readonly record: TrustRecord }
  /** The whole ledger, in place of the one before. */
  | { readonly type: 'guesses'; readonly guesses: GuessLedger }
  /** The contact has dialled us and proven itself: it need not be called merely to be reachable (spec/05). */
  | { readonly type: 'reached-us'; readonly peer: string; readonly atWall: number }
  /** A screen has shown this message, and everything that was stored before it. */
  | { readonly type: 'shown'; readonly peer: string; readonly id: string }
  /** What was begun to be written for this contact; empty: nothing. */
  | { readonly type: 'draft'; readonly peer: string; readonly text: string }
  /** A person has read everything of this contact up to this position; it never goes back. */
  | { readonly type: 'read'; readonly peer: string; readonly upTo: number }
  /** UTC ms; undefined: it is heard. */
  | { readonly type: 'muted'; readonly peer: string; readonly untilWall: number | undefined };

/** The only writer. Everything one turn of the event loop brought in is one transaction. */
export interface Store extends Ledger {
  /**
   * On the disk when it returns. Throws a CodedError (home-unusable, disk-full, database-damaged) when the disk refuses: nothing may be
   * released then. The caller gives the same changes again with the next commit.
   */
  commit(changes: readonly Change[]): void;
  /** Where in the history the last commit has put a message that came; undefined when it was not in it. */
  positionOf(peer: string, id: string): number | undefined;
}
