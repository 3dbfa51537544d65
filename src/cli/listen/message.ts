import type { ChatEvent, EventCursor, HistoryEntry, MessageId } from '../../api/index.ts';
import type { PeerText } from '../../base/index.ts';

/** What is done with a message, wherever it was read: as an event, or ahead of it in the history. */
export interface Incoming {
  readonly from: string;
  readonly id: MessageId;
  readonly position: number;
  readonly text: PeerText;
  readonly writtenAtWall: number;
  readonly receivedAtWall: number;
  readonly replyTo?: MessageId;
}

export type Received = Extract<ChatEvent, { readonly type: 'message-received' }>;

/** What takes messages: false when nobody will see it any more, and it is to come again at the next start. */
export interface Sink {
  take(event: Received, cursor: EventCursor): Promise<boolean>;
}

/** Ids are their sender's: two may have the same. */
export function keyOf({ from, id }: Pick<Incoming, 'from' | 'id'>): string {
  return `${id} ${from}`;
}

/** Of an incoming one. */
export function fromHistory(entry: HistoryEntry): Incoming {
  const { id, position, text, writtenAtWall, storedAtWall, replyTo } = entry;
  return {
    from: entry.with,
    id,
    position,
    text,
    writtenAtWall,
    receivedAtWall: storedAtWall,
    ...(replyTo !== undefined && { replyTo }),
  };
}
