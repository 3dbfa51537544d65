import type { Command } from '@commander-js/extra-typings';
import { MUTED_FOR_GOOD } from '../../api/index.ts';
import { untilToJson } from '../../api/to-json/index.ts';
import { oneKnownName } from '../lookup/contact-name.ts';
import { mutedWords } from '../words/contact-words.ts';
import type { CliContext } from '../context.ts';
import { parseUntil } from '../settings/duration.ts';
import { HOME_FLAGS, withHome } from '../home/open-home.ts';
import { addGlobalFlags } from '../settings/settings.ts';

const EXAMPLES = `Examples:
  sotto mute bob                     until sotto unmute bob
  sotto mute bob --until 8h
  sotto mute bob --until 2027-01-31

`;

export function define(command: Command, context: CliContext): void {
  command
    .description('Makes no noise for messages of NAME: they come, are kept and are shown as before.')
    .argument('<name>', 'a contact')
    .option('--until <time>', 'for how long, such as 8h or 2d, or until when (default: until it is unmuted)')
    .addHelpText('before', EXAMPLES)
    .action(async (word, { until }, self) => {
      const nowWall = Date.now();
      const untilWall = until === undefined ? MUTED_FOR_GOOD : parseUntil(until, '--until', nowWall);
      await withHome(self, context, 'offline', async (chat, { json }) => {
        const name = await oneKnownName(chat, word);
        await chat.mute({ name, untilWall });
        if (json) context.output.json({ type: 'muted', name, muted_until: untilToJson(untilWall) });
        else context.output.note(`${name} is ${mutedWords(untilWall, nowWall)}`);
      });
    });
  addGlobalFlags(command, HOME_FLAGS);
}
