import type { Chat, HistoryEntry } from '../../api/index.ts';
import { findByIds, unknownMessage, wholeId } from './message-id.ts';
import { historyPages } from './pages.ts';

/** The message of an id, or of the end of one. Rejects with `usage` for what is no id or the end of several, and with message-unknown. */
export async function findMessage(chat: Chat, word: string): Promise<HistoryEntry> {
  const id = wholeId(word);
  // Whose end several messages may have is looked for in all of them.
  const [found] =
    id === undefined ? await findByIds([word], historyPages(chat)) : (await chat.history({ id })).entries;
  if (found) return found;
  throw unknownMessage(word);
}
