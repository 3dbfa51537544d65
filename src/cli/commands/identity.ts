import type { Command } from '@commander-js/extra-typings';
import { identityToJson } from '../../api/to-json/index.ts';
import type { CliContext } from '../context.ts';
import { addGlobalFlags, chatOptions, readSettings, type Settings } from '../settings/settings.ts';

export function define(command: Command, context: CliContext): void {
  command
    .description('Shows who you are here: your name, your public key, your home and directory.')
    .addHelpText('before', 'Examples:\n  sotto identity\n  sotto identity --json\n\n')
    .action(async (_options, self) => {
      const settings = readSettings(self, context.env);
      context.output.plain = settings.plain;
      await identity(settings, context);
    });
  addGlobalFlags(command, ['port', 'directory', 'as', 'home', 'plain', 'json']);
}

async function identity(settings: Settings, context: CliContext): Promise<void> {
  const { output, signal } = context;
  const services = await context.services();
  await using chat = await services.openChat(chatOptions(settings, context, 'offline'), { signal });
  if (settings.json) return output.json(identityToJson(chat.self));
  const { username, key, home, directory } = chat.self;
  output.data(`username   ${username}`);
  output.data(`key        ${key}`);
  output.data(`home       ${home}`);
  output.data(`directory  ${directory}`);
}
