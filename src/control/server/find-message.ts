import type { Chat, HistoryEntry, MessageId } from '../../api/index.ts';
import { CodedError } from '../../base/index.ts';

const PAGE = 200;

/** The message of this id, looked for from the newest on. Rejects with message-unknown. */
export async function findMessage(chat: Chat, id: MessageId): Promise<HistoryEntry> {
  let before: number | undefined;
  do {
    const page = await chat.history({ limit: PAGE, ...(before !== undefined && { before }) });
    const found = page.entries.find((entry) => entry.id === id);
    if (found) return found;
    before = page.older;
  } while (before !== undefined);
  throw new CodedError({ code: 'message-unknown', message: 'there is no message of this id' });
}
