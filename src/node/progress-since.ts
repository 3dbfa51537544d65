import { settledAs, type Chat, type ChatEvent, type MessageId } from '../api/index.ts';

type Progress = ChatEvent & { readonly type: 'message-progress' };

const PAGE = 1_000;

/** What became of these texts (each with whom it was sent to) while nobody told of it, as far as something did. */
export async function progressSince(
  sent: ReadonlyMap<MessageId, string>,
  chat: Pick<Chat, 'history' | 'outbox'>,
): Promise<readonly Progress[]> {
  const found: Progress[] = [];
  for (const to of new Set(sent.values())) {
    const { messages } = await chat.outbox({ to, limit: PAGE });
    const { entries } = await chat.history({ with: to, limit: PAGE });
    for (const { id, progress } of messages)
      if (sent.has(id)) found.push({ type: 'message-progress', id, to, progress });
    for (const entry of entries) {
      const progress = sent.has(entry.id) ? settledAs(entry) : undefined;
      if (progress) found.push({ type: 'message-progress', id: entry.id, to, progress });
    }
  }
  return found;
}
