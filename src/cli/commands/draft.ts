import type { Command } from '@commander-js/extra-typings';
import { oneKnownName } from '../lookup/contact-name.ts';
import type { CliContext } from '../context.ts';
import { HOME_FLAGS, withHome } from '../home/open-home.ts';
import { checkText, readText } from '../terminal/read-text.ts';
import { usageError } from '../report-error.ts';
import { addGlobalFlags } from '../settings/settings.ts';
import { findContact } from './verify.ts';

const EXAMPLES = `Examples:
  sotto draft bob                    shows it
  sotto draft bob 'about Friday:'    keeps it; the loop offers it at /to bob
  fortune | sotto draft bob -
  sotto draft bob --clear

`;

export function define(command: Command, context: CliContext): void {
  command
    .description('Shows or keeps what you began to write to NAME. It is kept encrypted, and nobody is told.')
    .argument('<name>', 'a contact')
    .argument('[text]', 'the new draft; - reads it from stdin')
    .option('--clear', 'forget the draft')
    .addHelpText('before', EXAMPLES)
    .action(async (word, text, { clear }, self) => {
      if (clear === true && text !== undefined) throw usageError('--clear takes no text');
      const kept = clear === true ? '' : await wantedDraft(text, context);
      await withHome(self, context, 'offline', async (chat, { json }) => {
        const { output } = context;
        const name = await oneKnownName(chat, word);
        if (kept !== undefined) await chat.setDraft({ name, text: kept });
        const draft = (await findContact(chat, name))?.draft;
        if (json) output.json({ type: 'draft', name, ...(draft !== undefined && { text: draft }) });
        else if (kept !== undefined)
          output.note(
            draft === undefined ? `the draft for ${name} is gone` : `kept as the draft for ${name}`,
          );
        else if (draft === undefined) output.note(`there is no draft for ${name}`);
        else output.text(`${draft}\n`);
      });
    });
  addGlobalFlags(command, HOME_FLAGS);
}

/** Undefined when there is nothing to keep: then it is shown. An empty text, too, forgets it. */
async function wantedDraft(
  text: string | undefined,
  { stdio, signal }: CliContext,
): Promise<string | undefined> {
  if (text === '-') return readText(stdio.stdin, signal);
  return text === undefined || text === '' ? text : checkText(text);
}
