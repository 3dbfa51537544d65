import type { Chat, HistoryEntry, OutgoingView } from '../../api/index.ts';
import { dayAndTime } from '../words/describe.ts';
import { endsOf, matchIds, shortId, unknownMessage } from '../lookup/message-id.ts';
import { historyPages, outboxPages } from '../lookup/pages.ts';

/** What a person wants to withdraw, and how it stands: it waits, or it is too late. */
export type Wanted =
  | { readonly type: 'waiting'; readonly message: Pick<OutgoingView, 'id' | 'to'> }
  | { readonly type: 'past'; readonly message: HistoryEntry };

/** In the order of the words, each once. Rejects with `usage` for what is no id or fits several, and with message-unknown. */
export async function findWanted(chat: Chat, words: readonly string[]): Promise<readonly Wanted[]> {
  const ends = endsOf(words);
  const waiting = await matchIds(ends, outboxPages(chat));
  const others = ends.filter((end) => !waiting.has(end));
  // Very much may have been said: it is looked through only for what does not wait.
  const past = others.length === 0 ? new Map<string, never>() : await matchIds(others, historyPages(chat));
  return ends.map((end) => {
    const open = waiting.get(end);
    if (open) return { type: 'waiting', message: open };
    const message = past.get(end);
    if (message) return { type: 'past', message };
    throw unknownMessage(end);
  });
}

/** Why it can no longer be withdrawn. */
export function tooLateWords({ id, with: peer, direction, outcome }: HistoryEntry): string {
  const at = outcome?.atWall === undefined ? '' : ` at ${dayAndTime(outcome.atWall)}`;
  const name = shortId(id);
  if (direction === 'in' || !outcome) return `not withdrawn: ${name} came from ${peer}`;
  switch (outcome.state) {
    case 'delivered':
      return `not withdrawn: ${name} was delivered to ${peer}${at}`;
    case 'cancelled':
      return `${name} to ${peer} was withdrawn already${at}`;
    case 'expired':
      return `${name} to ${peer} was given up already${at}, and never left`;
    case 'refused':
      return `not withdrawn: ${peer} refused ${name}${at}`;
    case 'failed':
      return `not withdrawn: ${name} to ${peer} has failed${at}`;
    case 'queued':
    case 'sent':
      return leftWords(id, peer);
  }
}

export function leftWords(id: HistoryEntry['id'], to: string): string {
  return `not withdrawn: ${shortId(id)} has left for ${to} already`;
}
