import type { Command } from '@commander-js/extra-typings';
import type { DirectoryEntryView } from '../../api/index.ts';
import { entryToJson } from '../../api/to-json/index.ts';
import type { CliContext } from '../context.ts';
import { addFileFlags, openFile, sayWarnings } from './directory-file.ts';

export function listCommand(parent: Command, context: CliContext): void {
  const command = parent.command('list').summary('list everyone');
  command
    .description('Lists everyone in the directory, in the file’s order, without passwords.')
    .addHelpText('before', 'Examples:\n  sotto directory list\n  sotto directory list --json\n\n')
    .action(async (_flags, self) => {
      const file = await openFile(self, context);
      const entries = await file.tool.list(file.path);
      const width = Math.max(0, ...entries.map((entry) => entry.username.length));
      for (const entry of entries) {
        if (file.json) context.output.json(entryToJson(entry));
        else context.output.data(`${entry.username.padEnd(width)}  ${addressOf(entry)}  ${secretsOf(entry)}`);
      }
      if (entries.length === 0)
        context.output.note(`${file.path} is empty; add people with: sotto directory add NAME`);
      await sayWarnings(file, context);
    });
  addFileFlags(command);
}

export function addressOf({ ip, port }: { readonly ip: string; readonly port: number }): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

function secretsOf({ hasPassword, key }: DirectoryEntryView): string {
  return [...(hasPassword ? ['password'] : []), ...(key === undefined ? [] : ['key'])].join(', ');
}
