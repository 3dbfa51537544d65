import type { VoidOutcome } from '../protocol/delivery/index.ts';

/**
 * How an outgoing message stands, as the column `message.state` holds it; an incoming one has 0. A waiting one has left
 * when its seq is not above its contact's `sent`.
 */
export const MESSAGE_STATE = {
  waiting: 0,
  delivered: 1,
  refused: 2,
  failed: 3,
  cancelled: 4,
  expired: 5,
} as const;

export type MessageState = (typeof MESSAGE_STATE)[keyof typeof MESSAGE_STATE];

/** What becomes of a withdrawn message; an erased one is not kept at all. */
export function stateOfVoid(outcome: Exclude<VoidOutcome, 'erased'>): MessageState {
  return MESSAGE_STATE[outcome];
}
