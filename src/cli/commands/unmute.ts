import type { Command } from '@commander-js/extra-typings';
import { oneKnownName } from '../lookup/contact-name.ts';
import type { CliContext } from '../context.ts';
import { HOME_FLAGS, withHome } from '../home/open-home.ts';
import { addGlobalFlags } from '../settings/settings.ts';

export function define(command: Command, context: CliContext): void {
  command
    .description('Makes noise again for messages of NAME.')
    .argument('<name>', 'a contact')
    .addHelpText('before', 'Examples:\n  sotto unmute bob\n\n')
    .action(async (word, _options, self) => {
      await withHome(self, context, 'offline', async (chat, { json }) => {
        const name = await oneKnownName(chat, word);
        await chat.mute({ name, untilWall: 0 });
        if (json) context.output.json({ type: 'unmuted', name });
        else context.output.note(`${name} is not muted`);
      });
    });
  addGlobalFlags(command, HOME_FLAGS);
}
