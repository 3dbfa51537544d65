import type { Command } from '@commander-js/extra-typings';
import type { CliContext } from '../context.ts';
import { addFileFlags, openFile } from './directory-file.ts';

export function initCommand(parent: Command, context: CliContext): void {
  const command = parent.command('init').summary('create an empty directory file');
  command
    .description('Creates an empty list of people that only you can read, and never replaces a file.')
    .addHelpText('before', 'Examples:\n  sotto directory init --directory ./people.json\n\n')
    .action(async (_flags, self) => {
      const { tool, path, json } = await openFile(self, context);
      await tool.init(path);
      if (json) return context.output.json({ type: 'directory-created', directory: path });
      context.output.note(`${path} is created; add people with: sotto directory add NAME`, 'good');
    });
  addFileFlags(command);
}
