import type { HistoryEntry, OutgoingState } from '../../api/index.ts';
import { PeerText, type Failure } from '../../base/index.ts';
import { idFromBytes } from '../../protocol/envelope/index.ts';
import { MESSAGE_STATE, type MessageState } from '../message-state.ts';
import type { MessageRow } from './selection.ts';

export function toEntry(row: MessageRow): HistoryEntry {
  return {
    position: row.position,
    id: idFromBytes(row.id),
    with: row.username,
    direction: row.direction === 0 ? 'in' : 'out',
    text: new PeerText(row.text),
    writtenAtWall: row.written,
    storedAtWall: row.stored,
    ...(row.reply_to !== null && { replyTo: idFromBytes(row.reply_to) }),
    ...(row.direction === 1 && { outcome: outcomeOf(row) }),
  };
}

export function isWaiting({ direction, state }: Pick<MessageRow, 'direction' | 'state'>): boolean {
  return direction === 1 && state === MESSAGE_STATE.waiting;
}

const NAMES = new Map<number, Exclude<keyof typeof MESSAGE_STATE, 'waiting'>>(
  (Object.entries(MESSAGE_STATE) as [keyof typeof MESSAGE_STATE, MessageState][]).flatMap(([name, state]) =>
    name === 'waiting' ? [] : [[state, name]],
  ),
);

function outcomeOf(row: MessageRow): NonNullable<HistoryEntry['outcome']> {
  const { reason, settled } = row;
  return {
    state: NAMES.get(row.state) ?? stateOfWaiting(row),
    ...(reason !== null && { reason: JSON.parse(reason) as Failure }),
    // Of one that is queued again it says when it was delivered first: the present state is not from then.
    ...(settled !== null && !isWaiting(row) && { atWall: settled }),
  };
}

function stateOfWaiting({ seq, sent }: MessageRow): OutgoingState['state'] {
  return seq <= sent ? 'sent' : 'queued';
}
