import type { Command } from '@commander-js/extra-typings';
import { entryToJson } from '../../api/to-json/index.ts';
import type { CliContext } from '../context.ts';
import { addFileFlags, mustFindEntry, openFile, type DirectoryFile } from './directory-file.ts';
import { addressOf } from './list.ts';

export function showCommand(parent: Command, context: CliContext): void {
  const command = parent.command('show').summary('show one entry');
  command
    .description('Shows NAME’s entry; the password only with --reveal.')
    .argument('<name>', 'who')
    .option('--reveal', 'show the password too')
    .addHelpText('before', 'Examples:\n  sotto directory show bob\n  sotto directory show bob --reveal\n\n')
    .action(async (name, flags, self) =>
      show(name, flags.reveal === true, await openFile(self, context), context),
    );
  addFileFlags(command);
}

async function show(
  name: string,
  reveal: boolean,
  file: DirectoryFile,
  { output }: CliContext,
): Promise<void> {
  const entry = await mustFindEntry(file, name);
  const { tool, path, json } = file;
  const password = reveal ? await tool.revealPassword(path, entry.username) : undefined;
  if (json) return output.json(entryToJson(entry, password));
  const addresses = [entry, ...(entry.furtherAddresses ?? [])].map((address) => addressOf(address));
  output.data(`username  ${entry.username}`);
  output.data(`address   ${addresses.join(', ')}`);
  output.data(`password  ${password ?? (entry.hasPassword ? 'set (--reveal shows it)' : 'none')}`);
  if (entry.key !== undefined) output.data(`key       ${entry.key}`);
  output.data(`line      ${entry.line} of ${path}`);
}
