import { resolve } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { wipe } from '../../base/index.ts';
import type { CliContext } from '../context.ts';
import { newPassphrase, type NewPassphraseFlags } from '../home/passphrase.ts';
import { addGlobalFlags, chatOptions, readSettings, type Settings } from '../settings/settings.ts';

export function define(command: Command, context: CliContext): void {
  command
    .description(
      'Writes a copy of your home (your key, contacts, messages) to the new file FILE, under a passphrase of its own. ' +
        'Also beside a running Sotto, which stands still for that long: one or two seconds for 200,000 messages. ' +
        'The directory file is not in it.',
    )
    .argument('<file>', 'a file that does not exist yet')
    .option(
      '--new-passphrase-file <file>',
      'what is to open the copy is the first line of this file; - is stdin',
    )
    .option('--new-passphrase-fd <number>', 'or the next line of this open file descriptor')
    .addHelpText('before', 'Examples:\n  sotto backup /media/stick/sotto-2026-11-23\n\n')
    .action(async (file, flags, self) => {
      const settings = readSettings(self, context.env);
      context.output.plain = settings.plain;
      await backup(resolve(file), flags, settings, context);
    });
  addGlobalFlags(command, ['port', 'directory', 'as', 'home', 'plain', 'json']);
}

async function backup(
  path: string,
  flags: NewPassphraseFlags,
  settings: Settings,
  context: CliContext,
): Promise<void> {
  const services = await context.services();
  await using chat = await services.openChat(chatOptions(settings, context, 'offline'), {
    signal: context.signal,
  });
  const passphrase = await newPassphrase('Passphrase for the copy', flags, context);
  try {
    await chat.backup({ path, passphrase });
  } finally {
    wipe(passphrase);
  }
  if (settings.json) return context.output.json({ type: 'backup', file: path });
  context.output.note(`${path} is written. Restore it with: sotto restore FILE`, 'good');
}
