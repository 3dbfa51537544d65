import type { Command } from '@commander-js/extra-typings';
import { contactToJson } from '../../api/to-json/index.ts';
import { contactLines } from '../words/contact-words.ts';
import { knownNames } from '../lookup/contact-name.ts';
import type { CliContext } from '../context.ts';
import { PAGED_FLAGS, withHome } from '../home/open-home.ts';
import { pageOutput } from '../terminal/pager.ts';
import { addGlobalFlags } from '../settings/settings.ts';

const EXAMPLES = `Examples:
  sotto contacts
  sotto contacts bob carol
  sotto contacts --json | jq -r 'select(.unread > 0) | .name'

`;

export function define(command: Command, context: CliContext): void {
  command
    .description(
      'Shows everyone in the directory: connected or not, how far the key is trusted, what is unread, what waits, muted or not.',
    )
    .argument('[names...]', 'only these')
    .addHelpText('before', EXAMPLES)
    .action(async (names, _options, self) => {
      await withHome(self, context, 'offline', async (chat, settings) => {
        const { output } = context;
        const { json } = settings;
        pageOutput(settings, context);
        const wanted = new Set(await knownNames(chat, names));
        const all = await chat.contacts();
        const contacts = wanted.size === 0 ? all : all.filter(({ name }) => wanted.has(name));
        if (json) for (const contact of contacts) output.json({ ...contactToJson(contact) });
        else for (const { text, style } of contactLines(contacts, Date.now())) output.data(text, style);
        if (all.length === 0) output.note('nobody else is in the directory: sotto directory add NAME');
      });
    });
  addGlobalFlags(command, PAGED_FLAGS);
}
