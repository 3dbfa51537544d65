import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { DirectoryTool } from '../../api/index.ts';
import type { CliContext } from '../context.ts';
import { addGlobalFlags, defaultDirectory, readSettings } from '../settings.ts';

/** The file that a command works on, and the tool that does it. */
export interface DirectoryFile {
  readonly path: string;
  readonly tool: DirectoryTool;
  readonly json: boolean;
}

/** The flags of every directory command; `json` for those that have something to show. */
export function addFileFlags(command: CommandUnknownOpts, json: 'json' | 'no-json'): void {
  addGlobalFlags(command, json === 'json' ? ['directory', 'plain', 'json'] : ['directory', 'plain']);
}

export async function openFile(command: CommandUnknownOpts, context: CliContext): Promise<DirectoryFile> {
  const { directory, plain, json } = readSettings(command, context.env);
  context.output.plain = plain;
  const { directory: tool } = await context.services();
  return { path: directory ?? defaultDirectory(context.env), tool, json };
}

/** Says on stderr what is unsafe about the file. */
export async function sayWarnings({ path, tool }: DirectoryFile, { output }: CliContext): Promise<void> {
  const { warnings } = await tool.check(path);
  for (const warning of warnings) output.failure(warning);
}
