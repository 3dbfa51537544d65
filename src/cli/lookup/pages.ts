import type { Chat, HistoryEntry, HistoryQuery, OutgoingView } from '../../api/index.ts';

/** Of messages with 32 KiB each these are 8 MiB. */
const PAGE = 250;

/** What waits, oldest first, a page at a time: memory stays as it is however much waits. */
export async function* outboxPages(chat: Chat, to?: string): AsyncGenerator<readonly OutgoingView[]> {
  let after = 0;
  for (;;) {
    const page = await chat.outbox({ after, limit: PAGE, ...(to !== undefined && { to }) });
    if (page.messages.length > 0) yield page.messages;
    if (page.next === undefined) return;
    after = page.next;
  }
}

/** Everything that fits, oldest first, after a position (default: all), a page at a time. */
export async function* historyPages(
  chat: Chat,
  query: Omit<HistoryQuery, 'before' | 'limit'> = {},
): AsyncGenerator<readonly HistoryEntry[]> {
  let after = query.after ?? 0;
  for (;;) {
    const page = await chat.history({ ...query, after, limit: PAGE });
    if (page.entries.length > 0) yield page.entries;
    if (page.newer === undefined) return;
    after = page.newer;
  }
}
