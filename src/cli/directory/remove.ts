import type { Command } from '@commander-js/extra-typings';
import type { CliContext } from '../context.ts';
import { addFileFlags, mustFindEntry, openFile } from './directory-file.ts';

export function removeCommand(parent: Command, context: CliContext): void {
  const command = parent.command('remove').summary('remove a person');
  command
    .description('Removes NAME’s entry, its password included. A running Sotto ends its session with NAME.')
    .argument('<name>', 'who')
    .addHelpText('before', 'Examples:\n  sotto directory remove bob\n\n')
    .action(async (name, _flags, self) => {
      const file = await openFile(self, context);
      const { tool, path, json } = file;
      await mustFindEntry(file, name);
      await tool.remove(path, name);
      if (json) return context.output.json({ type: 'removed', username: name.normalize('NFC') });
      context.output.note(`${name} is no longer in ${path}`, 'good');
    });
  addFileFlags(command);
}
