import type { Failure } from '../../base/index.ts';
import type { AckException } from '../session/index.ts';
import type { DeliveryEffect, OutboxRow } from './message.ts';

type Status = AckException['status'];

/** Why the peer will not take it; undefined when it is delivered. */
export function refusalReason(status: Status | undefined): Failure | undefined {
  switch (status) {
    case 'refused':
      return {
        code: 'message-refused',
        message: 'The peer refused the message for good.',
        hint: 'It may be too long for it.',
      };
    case 'unsupported':
      return {
        code: 'message-unsupported',
        message: 'The peer’s program does not know this kind of message.',
        hint: 'Ask its person to update Sotto.',
      };
    case 'busy':
    case undefined:
      return undefined;
  }
}

export function settledEffect({ id, timestamp }: OutboxRow, reason: Failure | undefined): DeliveryEffect {
  if (!reason) return { type: 'delivered', id, timestamp };
  return { type: 'given-up', id, outcome: 'refused', reason };
}

/** The reason of each message that a person withdrew. */
export const CANCELLED: Failure = { code: 'cancelled', message: 'The message was withdrawn.' };

/** The reason of each message whose time was over. */
export const EXPIRED: Failure = {
  code: 'expired',
  message: 'The message had not left when its time was over.',
  hint: 'Send it again, with more time or with none set.',
};

export function tooManyBadEnvelopes(peer: string): Failure {
  return {
    code: 'bad-envelope',
    message: `${peer} could not open this message three times.`,
    hint: 'One of the two programs is damaged or of an unsuitable version.',
  };
}
