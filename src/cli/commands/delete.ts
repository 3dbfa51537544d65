import type { Command } from '@commander-js/extra-typings';
import type { Chat, EraseQuery, HistoryQuery, MessageId } from '../../api/index.ts';
import type { CliContext } from '../context.ts';
import { dayAndTime, plural } from '../words/describe.ts';
import { parseMoment } from '../settings/duration.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { findByIds, ID_WORDS, unknownMessage, wholeId } from '../lookup/message-id.ts';
import { HOME_FLAGS, withHome } from '../home/open-home.ts';
import { historyPages } from '../lookup/pages.ts';
import { pastName } from '../lookup/past-name.ts';
import { usageError } from '../report-error.ts';
import { addGlobalFlags, type Settings } from '../settings/settings.ts';

/** Counting further tells a person nothing. */
const COUNT_MAX = 10_000;

const EXAMPLES = `Examples:
  sotto delete 9f31c2ab              by the end of its id, as sotto history --ids shows it
  sotto delete --with bob            the whole conversation
  sotto delete --before 90d --yes
  sotto delete --with bob --before 2026-01-01

`;

export function define(command: Command, context: CliContext): void {
  command
    .description('Deletes messages here for good, from the file, too. What others have of them they keep.')
    .argument('[ids...]', ID_WORDS)
    .option('--with <name>', 'everything said with this contact')
    .option('--before <time>', 'everything stored before then: 90d (that long ago), 2026-11-01, or a time')
    .option('--yes', 'do not ask; without a terminal it must be given')
    .addHelpText('before', EXAMPLES)
    .action(async (ids, { with: peer, before, yes }, self) => {
      const hasRange = peer !== undefined || before !== undefined;
      if (ids.length > 0 === hasRange)
        throw usageError('what to delete is not clear', 'Give ids, or --with NAME, --before TIME or both.');
      const mayAsk = context.prompter.canAsk;
      if (yes !== true && !mayAsk)
        throw usageError(
          'deleting asks first, and there is no terminal',
          'Give --yes to delete without a question.',
        );
      const beforeWall = before === undefined ? undefined : parseMoment(before, '--before', Date.now());
      await withHome(self, context, 'offline', async (chat, settings) => {
        const what = ids.length > 0 ? await byIds(chat, ids) : await byRange(chat, peer, beforeWall);
        if (yes !== true && !(await context.prompter.confirm(`${what.question} ${THEIRS}`, false)))
          return sayNothing(settings, context);
        return erase(chat, what.queries, settings, context);
      });
    });
  addGlobalFlags(command, HOME_FLAGS);
}

const THEIRS = 'Others keep theirs.';

interface Deletion {
  readonly question: string;
  readonly queries: readonly EraseQuery[];
}

async function byIds(chat: Chat, words: readonly string[]): Promise<Deletion> {
  const whole = words.map((word) => wholeId(word));
  const ids: readonly MessageId[] = whole.every((id) => id !== undefined)
    ? whole
    : (await findByIds(words, historyPages(chat))).map(({ id }) => id);
  return {
    question: `Delete ${plural(ids.length, 'message')} here for good?`,
    queries: ids.map((id) => ({ id })),
  };
}

async function byRange(
  chat: Chat,
  word: string | undefined,
  beforeWall: number | undefined,
): Promise<Deletion> {
  const peer = word === undefined ? undefined : await pastName(chat, word);
  const count = await countUpTo(chat, {
    ...(peer !== undefined && { with: peer }),
    ...(beforeWall !== undefined && { untilWall: beforeWall }),
  });
  const many = count > COUNT_MAX ? `more than ${COUNT_MAX} messages` : plural(count, 'message');
  const who = peer === undefined ? 'with everybody' : `with ${peer}`;
  const when = beforeWall === undefined ? '' : ` from before ${dayAndTime(beforeWall)}`;
  return {
    question: `Delete ${many} ${who}${when} here for good?`,
    queries: [{ ...(peer !== undefined && { with: peer }), ...(beforeWall !== undefined && { beforeWall }) }],
  };
}

async function countUpTo(chat: Chat, query: HistoryQuery): Promise<number> {
  let count = 0;
  for await (const page of historyPages(chat, query)) {
    count += page.length;
    if (count > COUNT_MAX) break;
  }
  return count;
}

async function erase(
  chat: Chat,
  queries: readonly EraseQuery[],
  settings: Settings,
  { output }: CliContext,
): Promise<ExitCode> {
  let count = 0;
  let unknown: MessageId | undefined;
  for (const query of queries) {
    const erased = await chat.erase(query);
    if (erased === 0) unknown ??= query.id;
    count += erased;
  }
  if (unknown !== undefined && count === 0) throw unknownMessage(unknown);
  // What is gone is said, whatever there was not.
  if (settings.json) output.json({ type: 'deleted', count });
  else output.note(`deleted: ${plural(count, 'message')}`, 'good');
  if (unknown !== undefined) throw unknownMessage(unknown);
  return EXIT.done;
}

function sayNothing({ json }: Settings, { output }: CliContext): ExitCode {
  if (json) output.json({ type: 'deleted', count: 0 });
  else output.note('nothing is deleted');
  return EXIT.failure;
}
