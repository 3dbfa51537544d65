import type { Command } from '@commander-js/extra-typings';
import { checkToJson } from '../../api/to-json/index.ts';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { addFileFlags, openFile, type DirectoryFile } from './directory-file.ts';

export function checkCommand(parent: Command, context: CliContext): void {
  const command = parent.command('check').summary('name every mistake of the file');
  command
    .description('Names every mistake with its line, entry and field; exit 2 if there are any.')
    .option('--strict', 'what is unsafe about the file counts as a mistake')
    .addHelpText(
      'before',
      'Examples:\n  sotto directory check\n  sotto directory check --directory ./people.json --json\n\n',
    )
    .action(async (flags, self) => check(flags.strict === true, await openFile(self, context), context));
  addFileFlags(command);
}

async function check(
  strict: boolean,
  { tool, path, json }: DirectoryFile,
  context: CliContext,
): Promise<void> {
  const { output } = context;
  const report = await tool.check(path);
  const { entries, problems, warnings } = report;
  const isRefused = strict && warnings.length > 0;
  if (problems.length > 0 || isRefused) context.exitCode = EXIT.usage;
  if (json) return output.json(checkToJson(path, report));
  for (const { message, hint } of problems) {
    output.data(`${path}: ${message}`, 'bad');
    if (hint !== undefined) output.data(`  ${hint}`);
  }
  for (const warning of warnings) output.failure(warning);
  if (problems.length > 0) return;
  const count = entries === 1 ? '1 entry' : `${entries} entries`;
  output.data(`${path}: ${count}, ${isRefused ? 'unsafe' : 'no mistakes'}`, isRefused ? 'bad' : 'good');
}
