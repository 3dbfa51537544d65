import type { Command } from '@commander-js/extra-typings';
import { entryToJson } from '../../api/to-json/index.ts';
import { CodedError } from '../../base/index.ts';
import { closest } from '../closest.ts';
import type { CliContext } from '../context.ts';
import { addFileFlags, openFile, type DirectoryFile } from './directory-file.ts';
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
  { tool, path, json }: DirectoryFile,
  { output }: CliContext,
): Promise<void> {
  const entries = await tool.list(path);
  const entry = entries.find(({ username }) => username === name.normalize('NFC'));
  if (entry === undefined)
    throw unknownName(
      name,
      entries.map(({ username }) => username),
    );
  const password = reveal ? await tool.revealPassword(path, entry.username) : undefined;
  if (json) return output.json(entryToJson(entry, password));
  const addresses = [entry, ...(entry.furtherAddresses ?? [])].map((address) => addressOf(address));
  output.data(`username  ${entry.username}`);
  output.data(`address   ${addresses.join(', ')}`);
  output.data(`password  ${password ?? (entry.hasPassword ? 'set (--reveal shows it)' : 'none')}`);
  if (entry.key !== undefined) output.data(`key       ${entry.key}`);
  output.data(`line      ${entry.line} of ${path}`);
}

function unknownName(name: string, names: readonly string[]): CodedError {
  const meant = closest(name, names);
  return new CodedError({
    code: 'contact-unknown',
    message: `the directory has no “${name}”`,
    hint: meant === undefined ? '“sotto directory list” shows who is there.' : `Did you mean ${meant}?`,
  });
}
