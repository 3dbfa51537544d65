import type { Command } from '@commander-js/extra-typings';
import { knownNames } from '../lookup/contact-name.ts';
import type { CliContext } from '../context.ts';
import { plural } from '../words/describe.ts';
import { parseMoment } from '../settings/duration.ts';
import { keptWords } from '../words/kept.ts';
import { HOME_FLAGS, withHome } from '../home/open-home.ts';
import { addGlobalFlags } from '../settings/settings.ts';

export function resendCommand(parent: Command, context: CliContext): void {
  const command = parent.command('resend').summary('queue again what a contact has lost');
  command
    .description(
      'Queues once more what was delivered to NAME since then. What NAME still has it shows no second time.',
    )
    .argument('<name>', 'a contact that has lost messages')
    .requiredOption('--since <time>', 'how far back: 30d, 2026-11-01, or a time')
    .addHelpText(
      'before',
      'Examples:\n  sotto outbox resend bob --since 30d\n  sotto outbox resend bob --since 2026-11-01\n\n',
    )
    .action(async (name, { since }, self) => {
      const sinceWall = parseMoment(since, '--since', Date.now());
      await withHome(self, context, 'offline', async (chat, settings) => {
        const [to = name] = await knownNames(chat, [name]);
        const count = await chat.resend({ to, sinceWall });
        if (settings.json) context.output.json({ type: 'resent', to, count });
        else if (count === 0) context.output.note(`nothing was delivered to ${to} since then`);
        else context.output.note(`queued again for ${to}: ${plural(count, 'text')}, ${keptWords(chat.self)}`);
      });
    });
  addGlobalFlags(command, HOME_FLAGS);
}
