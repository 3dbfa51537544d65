import type { Chat, HistoryEntry } from '../api/index.ts';
import { findByIds, unknownMessage, wholeId } from './message-id.ts';
import { historyPages, newestPages } from './pages.ts';

/** The message of an id, or of the end of one. Rejects with `usage` for what is no id or the end of several, and with message-unknown. */
export async function findMessage(chat: Chat, word: string): Promise<HistoryEntry> {
  const id = wholeId(word);
  // Whose end several messages may have is looked for in all of them; an id has one, and mostly a new one.
  const [found] = id === undefined ? await findByIds([word], historyPages(chat)) : [];
  if (found) return found;
  for await (const page of newestPages(chat)) for (const entry of page) if (entry.id === id) return entry;
  throw unknownMessage(word);
}
