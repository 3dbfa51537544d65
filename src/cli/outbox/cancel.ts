import type { Command } from '@commander-js/extra-typings';
import type { Chat } from '../../api/index.ts';
import { outcomeStateToJson } from '../../api/to-json/index.ts';
import { knownNames } from '../lookup/contact-name.ts';
import type { CliContext } from '../context.ts';
import { plural } from '../words/describe.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { ID_WORDS, shortId } from '../lookup/message-id.ts';
import { HOME_FLAGS, withHome } from '../home/open-home.ts';
import { outboxPages } from '../lookup/pages.ts';
import { usageError } from '../report-error.ts';
import { addGlobalFlags, type Settings } from '../settings/settings.ts';
import { findWanted, leftWords, tooLateWords } from './withdrawal.ts';

const EXAMPLES = `Examples:
  sotto outbox cancel 9f31c2ab
  sotto outbox cancel --to bob
  sotto outbox cancel --all

`;

export function cancelCommand(parent: Command, context: CliContext): void {
  const command = parent.command('cancel').summary('withdraw what has not left');
  command
    .description('Withdraws texts that have not left yet.')
    .argument('[ids...]', ID_WORDS)
    .option('--to <name>', 'everything that waits for this contact')
    .option('--all', 'everything that waits')
    .addHelpText('before', EXAMPLES)
    .action(async (ids, { to, all }, self) => {
      if ([ids.length > 0, to !== undefined, all === true].filter(Boolean).length !== 1)
        throw usageError('what to withdraw is not clear', 'Give ids, or --to NAME, or --all.');
      await withHome(self, context, 'offline', async (chat, settings) => {
        if (ids.length > 0) return cancelSome(chat, ids, settings, context);
        const names = to === undefined ? undefined : await knownNames(chat, [to]);
        return cancelAll(chat, names, settings, context);
      });
    });
  addGlobalFlags(command, HOME_FLAGS);
}

async function cancelSome(
  chat: Chat,
  ids: readonly string[],
  settings: Settings,
  { output }: CliContext,
): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.done;
  for (const wanted of await findWanted(chat, ids)) {
    const { id } = wanted.message;
    const isCancelled = wanted.type === 'waiting' && (await chat.cancel(id));
    if (!isCancelled) exitCode = EXIT.failure;
    const to = wanted.type === 'past' ? wanted.message.with : wanted.message.to;
    const outcome = wanted.type === 'past' ? wanted.message.outcome : undefined;
    const state = outcome === undefined ? {} : outcomeStateToJson(outcome);
    if (settings.json) output.json({ type: 'cancelled', id, to, cancelled: isCancelled, ...state });
    else if (isCancelled) output.note(`withdrawn: ${shortId(id)} to ${to}`, 'good');
    else output.note(wanted.type === 'past' ? tooLateWords(wanted.message) : leftWords(id, to), 'bad');
  }
  return exitCode;
}

async function cancelAll(
  chat: Chat,
  names: readonly string[] | undefined,
  settings: Settings,
  { output }: CliContext,
): Promise<void> {
  let cancelled = 0;
  for (const name of names ?? (await chat.contacts()).map((contact) => contact.name))
    cancelled += await chat.cancelAll(name);
  // Somebody who is no longer in the directory has no name to withdraw by.
  if (names === undefined)
    for await (const page of outboxPages(chat))
      for (const { id, progress } of page)
        if (progress.state === 'queued' && (await chat.cancel(id))) cancelled += 1;
  const [name] = names ?? [];
  const left = (await chat.outbox({ limit: 1, ...(name !== undefined && { to: name }) })).total;
  if (settings.json) return output.json({ type: 'cancelled-all', count: cancelled, left });
  output.note(`withdrawn: ${plural(cancelled, 'text')}`, 'good');
  if (left > 0) output.note(`${plural(left, 'text')} had left already, and may arrive`);
}
