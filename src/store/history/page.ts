import type { HistoryPage, HistoryQuery } from '../../api/index.ts';
import { CodedError } from '../../base/index.ts';
import { toEntry } from './entry.ts';
import type { MessageRow, Selection, Slice, Steps } from './selection.ts';
import { parseSearch } from './words.ts';

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 1_000;
const SEARCH_LENGTH_MAX = 1_000;

export interface PageSource {
  readonly peerOf: (name: string) => number | undefined;
  /** Ours first, else oldest first. */
  readonly ofId: (id: string) => readonly MessageRow[];
  readonly select: (selection: Selection, slice: Slice) => Steps<readonly MessageRow[]>;
}

/** Throws usage when the query is out of its ranges. */
export function* readPage(query: HistoryQuery, { peerOf, ofId, select }: PageSource): Steps<HistoryPage> {
  check(query);
  const { id, with: name, limit = LIMIT_DEFAULT, after, before, ...rest } = query;
  if (id !== undefined) {
    const found = ofId(id).find((row) => fits(row, query));
    return { entries: found ? [toEntry(found)] : [] };
  }
  const peer = name === undefined ? undefined : peerOf(name);
  if (name !== undefined && peer === undefined) return { entries: [] };
  const selection: Selection = peer === undefined ? rest : { ...rest, peer };
  const isForward = after !== undefined;
  const bounds = { ...(isForward && { after }), ...(before !== undefined && { before }) };
  const found = yield* select(
    { ...selection, ...bounds },
    { order: isForward ? 'ASC' : 'DESC', limit: limit + 1 },
  );
  const page = found.slice(0, limit);
  if (!isForward) page.reverse();
  const first =
    page[0]?.position ?? (isForward ? Math.min(after + 1, Number.MAX_SAFE_INTEGER) : (before ?? 0));
  const last = page.at(-1)?.position ?? (isForward ? after : Math.max((before ?? 1) - 1, 0));
  const isMore = found.length > limit;
  const has = function* (beyond: Selection): Steps<boolean> {
    const order = beyond.after === undefined ? 'DESC' : 'ASC';
    return (yield* select({ ...selection, ...beyond }, { order, limit: 1 })).length > 0;
  };
  const isOlder = isForward ? yield* has({ before: first }) : isMore;
  const isNewer = isForward ? isMore : before !== undefined && (yield* has({ after: last }));
  return {
    entries: page.map(toEntry),
    ...(isOlder && { older: first }),
    ...(isNewer && { newer: last }),
  };
}

function fits(
  { username, position, stored }: MessageRow,
  {
    with: name = username,
    after = -Infinity,
    before = Infinity,
    sinceWall = -Infinity,
    untilWall = Infinity,
  }: HistoryQuery,
): boolean {
  const isWithin = position > after && position < before && stored >= sinceWall && stored < untilWall;
  return username === name && isWithin;
}

function check({
  id,
  limit = LIMIT_DEFAULT,
  after,
  before,
  search,
  sinceWall,
  untilWall,
}: HistoryQuery): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX)
    throw misuse(`a page has 1 to ${LIMIT_MAX} messages`);
  if (after !== undefined && before !== undefined)
    throw misuse('a page lies before or after a position, not both');
  for (const number of [after, before, sinceWall, untilWall])
    if (number !== undefined && !Number.isSafeInteger(number))
      throw misuse('positions and times are whole numbers');
  if (id !== undefined && search !== undefined)
    throw misuse('a message is named by its id or searched for, not both');
  if (search !== undefined) checkSearch(search);
}

function checkSearch(search: string): void {
  if (search.length > SEARCH_LENGTH_MAX) throw misuse(`a search has at most ${SEARCH_LENGTH_MAX} characters`);
  if (parseSearch(search).terms.length === 0)
    throw misuse(
      'there is no word to search for',
      'A search takes words, or how they begin, numbers and emoji; other signs are not searched.',
    );
}

function misuse(message: string, hint?: string): CodedError {
  return new CodedError({ code: 'usage', message, ...(hint !== undefined && { hint }) });
}
