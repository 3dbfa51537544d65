import type { Command } from '@commander-js/extra-typings';
import type { CliContext } from '../context.ts';
import { addGlobalFlags, chatOptions, readSettings, type Settings } from '../settings/settings.ts';

export function define(command: Command, context: CliContext): void {
  command
    .description(
      'Ends the Sotto that runs in the background, and returns when its home is free. Where none runs it says so, and that is no ' +
        'failure. One that a person sits in front of is not ended.',
    )
    .addHelpText('before', 'Examples:\n  sotto down\n  sotto down && sotto up --closed\n\n')
    .action(async (_options, self) => {
      const settings = readSettings(self, context.env);
      context.output.plain = settings.plain;
      await down(settings, context);
    });
  addGlobalFlags(command, ['port', 'directory', 'as', 'home', 'plain', 'json']);
}

async function down(settings: Settings, context: CliContext): Promise<void> {
  const { output, signal } = context;
  const services = await context.services();
  const stopped = await services.node.end(chatOptions(settings, context, 'offline'), { signal });
  if (settings.json) return output.json({ type: 'down', stopped });
  output.note(
    stopped ? 'Sotto has ended; what waits goes out when it next runs' : 'no Sotto runs on this home',
  );
}
