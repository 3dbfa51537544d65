import { CodedError } from '../../base/index.ts';
import type { MessageId } from '../../api/index.ts';
import { usageError } from '../report-error.ts';

const WHOLE_LENGTH = 36;
const SHORT_LENGTH = 8;
const END_LENGTH_MIN = 6;

/** How ids are given, for the help of every command that takes some. */
export const ID_WORDS: string = `whole ids, or at least their last ${END_LENGTH_MIN} characters; lists show the last ${SHORT_LENGTH}`;
/** The same of a command that takes one. */
export const ONE_ID_WORDS: string = ID_WORDS.replace('whole ids', 'the whole id').replace('their', 'its');

/** Ids that were made at about the same time begin alike, so people see the end of one. */
export function shortId(id: MessageId): string {
  return id.slice(-SHORT_LENGTH);
}

/**
 * The messages that a person names: by whole ids, or by their ends of at least 6 characters. Rejects with `usage` for what is no
 * id or fits several, and with message-unknown.
 */
export async function findByIds<T extends { readonly id: MessageId }>(
  words: readonly string[],
  pages: AsyncIterable<readonly T[]>,
): Promise<readonly T[]> {
  const found = await matchIds(words, pages);
  return endsOf(words).map((end) => {
    const message = found.get(end);
    if (message) return message;
    throw unknownMessage(end);
  });
}

/** As `findByIds`, of those that there are: by what a person gave, in lower case. */
export async function matchIds<T extends { readonly id: MessageId }>(
  words: readonly string[],
  pages: AsyncIterable<readonly T[]>,
): Promise<ReadonlyMap<string, T>> {
  const ends = endsOf(words);
  const found = new Map<string, T>();
  for await (const page of pages)
    for (const message of page)
      for (const end of ends) {
        if (!message.id.endsWith(end)) continue;
        const other = found.get(end);
        if (other && other.id !== message.id)
          throw usageError(`more than one message ends in ${end}`, `They are ${other.id} and ${message.id}.`);
        found.set(end, message);
      }
  return found;
}

/** What a person gave, in lower case, each once. Throws `usage` for what is no id. */
export function endsOf(words: readonly string[]): readonly string[] {
  return [...new Set(words.map(checkEnd))];
}

/** The id itself when a person gave all of it. */
export function wholeId(word: string): MessageId | undefined {
  const end = checkEnd(word);
  return end.length === WHOLE_LENGTH ? (end as MessageId) : undefined;
}

export function unknownMessage(end: string): CodedError {
  return new CodedError({ code: 'message-unknown', message: `there is no message ${end}` });
}

function checkEnd(word: string): string {
  const end = word.trim().toLowerCase();
  if (/^[\da-f-]+$/.test(end) && end.length >= END_LENGTH_MIN && end.length <= WHOLE_LENGTH) return end;
  throw usageError(`“${word}” is no message’s id`, `Give ${ID_WORDS}.`);
}
