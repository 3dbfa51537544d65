import { resolve } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { wipe } from '../../base/index.ts';
import type { CliContext } from '../context.ts';
import { shellWord } from '../words/describe.ts';
import { presentPassphrase, withTries } from '../home/passphrase.ts';
import { addGlobalFlags, readSettings, type Settings } from '../settings/settings.ts';

export function define(command: Command, context: CliContext): void {
  command
    .description(
      'Makes a new home out of a backup, on this or another machine. What contacts still keep of later messages they ' +
        'send once more. The new home is under no passphrase: set one anew with “sotto passphrase set”. Do not go on with ' +
        'the old home beside it: two of them with one key confuse your contacts.',
    )
    .argument('<file>', 'what “sotto backup” wrote')
    .addHelpText(
      'before',
      'Examples:\n  sotto restore sotto-2026-11-23\n  sotto restore sotto-2026-11-23 --home ~/sotto\n\n',
    )
    .action(async (file, _flags, self) => {
      const settings = readSettings(self, context.env);
      context.output.plain = settings.plain;
      await restore(resolve(file), settings, context);
    });
  addGlobalFlags(command, ['home', 'plain', 'json']);
}

async function restore(from: string, settings: Settings, context: CliContext): Promise<void> {
  const { home: tool } = await context.services();
  const { home, username } = await withTries(settings.passphrase, context, async () => {
    const passphrase = await presentPassphrase('Passphrase of the backup', settings.passphrase, context);
    try {
      return await tool.restore({
        from,
        passphrase,
        ...(settings.home !== undefined && { home: settings.home }),
      });
    } finally {
      wipe(passphrase);
    }
  });
  if (settings.json) return context.output.json({ type: 'restored', home, username });
  context.output.note(`The home of ${username} is restored in ${home}`, 'good');
  context.output.note(
    'What was said after the backup is not in it; contacts send again what they still keep of theirs.',
  );
  const where = settings.home === undefined ? '' : ` --home ${shellWord(settings.home)}`;
  context.output.note(`It is under no passphrase. To set one: sotto passphrase set${where}`);
}
