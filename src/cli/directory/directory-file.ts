import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { DirectoryEntryView, DirectoryTool } from '../../api/index.ts';
import { entryToJson } from '../../api/to-json/index.ts';
import { CodedError } from '../../base/index.ts';
import { closest } from '../words/closest.ts';
import type { CliContext } from '../context.ts';
import { addGlobalFlags, defaultDirectory, readSettings } from '../settings/settings.ts';

/** The file that a command works on, and the tool that does it. */
export interface DirectoryFile {
  readonly path: string;
  readonly tool: DirectoryTool;
  readonly json: boolean;
}

/** The flags of every directory command. */
export function addFileFlags(command: CommandUnknownOpts): void {
  addGlobalFlags(command, ['directory', 'plain', 'json']);
}

export async function openFile(command: CommandUnknownOpts, context: CliContext): Promise<DirectoryFile> {
  const { directory, plain, json } = readSettings(command, context.env);
  context.output.plain = plain;
  const { directory: tool } = await context.services();
  return { path: directory ?? defaultDirectory(context.env), tool, json };
}

/** One entry as it is now; undefined when somebody has just removed it. */
export async function findEntry(
  { path, tool }: DirectoryFile,
  name: string,
): Promise<DirectoryEntryView | undefined> {
  return (await tool.list(path)).find(({ username }) => username === name.normalize('NFC'));
}

/** Rejects with contact-unknown, and the name that was probably meant. */
export async function mustFindEntry(
  { path, tool }: DirectoryFile,
  name: string,
): Promise<DirectoryEntryView> {
  const entries = await tool.list(path);
  const entry = entries.find(({ username }) => username === name.normalize('NFC'));
  if (entry) return entry;
  const meant = closest(
    name,
    entries.map(({ username }) => username),
  );
  throw new CodedError({
    code: 'contact-unknown',
    message: `the directory has no “${name}”`,
    hint: meant === undefined ? '“sotto directory list” shows who is there.' : `Did you mean ${meant}?`,
  });
}

/** What became of an entry: for scripts the whole of it, with the password that was just made; for people what was done. */
export async function sayEntry(
  file: DirectoryFile,
  name: string,
  said: { readonly words: string; readonly made: string | undefined },
  { output }: CliContext,
): Promise<void> {
  if (file.json) {
    const entry = await findEntry(file, name);
    if (entry) output.json(entryToJson(entry, said.made));
    return;
  }
  if (said.made !== undefined) output.data(said.made);
  output.note(said.words, 'good');
}

/** Says on stderr what is unsafe about the file. */
export async function sayWarnings({ path, tool }: DirectoryFile, { output }: CliContext): Promise<void> {
  const { warnings } = await tool.check(path);
  for (const warning of warnings) output.failure(warning);
}
