import type { Command } from '@commander-js/extra-typings';
import type { CliContext } from '../context.ts';
import { PAGED_FLAGS, withHome } from '../home/open-home.ts';
import { pageOutput } from '../terminal/pager.ts';
import { addGlobalFlags } from '../settings/settings.ts';
import { cancelCommand } from './cancel.ts';
import { listOutbox } from './list.ts';
import { resendCommand } from './resend.ts';
import { retryCommand } from './retry.ts';

const EXAMPLES = `Examples:
  sotto outbox                        everything that is not delivered, and why
  sotto outbox --to bob --json
  sotto outbox cancel 9f31c2ab        withdraws it; the end of its id, as the list shows it
  sotto outbox cancel --to bob
  sotto outbox retry bob              dials now
  sotto outbox resend bob --since 30d

`;

export function define(command: Command, context: CliContext): void {
  command
    .description('Lists what is neither delivered nor given up, oldest first.')
    .enablePositionalOptions()
    .helpCommand(true)
    .option('--to <name>', 'only what goes to this contact')
    .addHelpText('before', EXAMPLES)
    .action(async ({ to }, self) =>
      withHome(self, context, 'offline', async (chat, settings) => {
        pageOutput(settings, context);
        await listOutbox(chat, to, settings, context);
      }),
    );
  addGlobalFlags(command, PAGED_FLAGS);
  for (const add of [cancelCommand, retryCommand, resendCommand]) add(command, context);
}
