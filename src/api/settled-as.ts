import { ERROR_CODES } from '../base/index.ts';
import type { HistoryEntry, OutgoingState } from './views.ts';

/** How a message that was sent stands for good; undefined as long as it waits, or when it came. */
export function settledAs({ outcome, storedAtWall }: HistoryEntry): OutgoingState | undefined {
  if (outcome === undefined || outcome.state === 'queued' || outcome.state === 'sent') return undefined;
  const { state, reason, atWall = storedAtWall } = outcome;
  if (state === 'delivered') return { state, tookMs: Math.max(0, atWall - storedAtWall) };
  const code = state === 'cancelled' || state === 'expired' ? state : 'message-refused';
  return { state, reason: reason ?? { code, message: ERROR_CODES[code] } };
}
