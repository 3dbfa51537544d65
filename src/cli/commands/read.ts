import { InvalidArgumentError, type Command } from '@commander-js/extra-typings';
import { oneKnownName } from '../lookup/contact-name.ts';
import { unreadWords } from '../words/contact-words.ts';
import type { CliContext } from '../context.ts';
import { HOME_FLAGS, withHome } from '../home/open-home.ts';
import { addGlobalFlags } from '../settings/settings.ts';
import { findContact } from './verify.ts';

const EXAMPLES = `Examples:
  sotto read bob                     everything that has come so far
  sotto read bob --up-to 1234        up to that position, as sotto history --json shows it

`;

export function define(command: Command, context: CliContext): void {
  command
    .description('Counts what NAME wrote as read. Nobody else is told. It never becomes unread again.')
    .argument('<name>', 'a contact')
    .option('--up-to <position>', 'only up to this position of the history (default: everything)', position)
    .addHelpText('before', EXAMPLES)
    .action(async (word, { upTo }, self) => {
      await withHome(self, context, 'offline', async (chat, { json }) => {
        const name = await oneKnownName(chat, word);
        await chat.markRead({ name, ...(upTo !== undefined && { upTo }) });
        const { unread = 0, readUpTo } = (await findContact(chat, name)) ?? {};
        if (json)
          context.output.json({
            type: 'read',
            name,
            unread,
            ...(readUpTo !== undefined && { read_up_to: readUpTo }),
          });
        else context.output.note(unread === 0 ? `${name}: all read` : `${name}: ${unreadWords(unread)}`);
      });
    });
  addGlobalFlags(command, HOME_FLAGS);
}

function position(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is not a position.');
}
