import type { Command } from '@commander-js/extra-typings';
import type { DirectoryEntryInput } from '../../api/index.ts';
import type { CliContext } from '../context.ts';
import { usageError } from '../report-error.ts';
import { parsePort } from '../settings/settings.ts';
import { addFileFlags, mustFindEntry, openFile, sayEntry, type DirectoryFile } from './directory-file.ts';
import { askPassword, passwordFromFlags, type PasswordFlags } from './password.ts';

interface SetFlags extends PasswordFlags {
  readonly name?: string | undefined;
  readonly ip?: string | undefined;
  readonly port?: string | undefined;
  readonly key?: string | undefined;
  readonly password?: true | undefined;
}

export function setCommand(parent: Command, context: CliContext): void {
  const command = parent.command('set').summary('change fields of an entry');
  command
    .description('Changes what is given of NAME’s entry and keeps everything else.')
    .argument('<name>', 'who')
    .option('--name <name>', 'another name')
    .option('--ip <address>', 'another address')
    .option('--port <number>', 'another port')
    .option('--key <base64>', 'NAME’s public key')
    .option('--password', 'ask for another password')
    .option('--password-file <file>', 'the password is the first line of this file; - is stdin')
    .option('--password-stdin', 'the password is the first line of stdin')
    .option('--generate', 'make a password and print it, once, on stdout')
    .addHelpText(
      'before',
      'Examples:\n  sotto directory set bob --ip 10.0.0.7\n  sotto directory set bob --password\n\n',
    )
    .action(async (name, flags, self) => set(name, flags, await openFile(self, context), context));
  addFileFlags(command);
}

async function set(name: string, flags: SetFlags, file: DirectoryFile, context: CliContext): Promise<void> {
  // An unknown name is refused before a password is asked for.
  await mustFindEntry(file, name);
  const given = await passwordFromFlags(flags, file, context);
  const asked =
    given ?? (flags.password === true ? await askPassword(`New password of ${name}`, context) : undefined);
  const fields: Partial<DirectoryEntryInput> = {
    ...(flags.name !== undefined && { username: flags.name }),
    ...(flags.ip !== undefined && { ip: flags.ip }),
    ...(flags.port !== undefined && { port: parsePort(flags.port, '--port') }),
    ...(flags.key !== undefined && { key: flags.key }),
    ...(asked !== undefined && { password: asked }),
  };
  if (Object.keys(fields).length === 0) {
    throw usageError(
      'there is nothing to change',
      'Give --ip, --port, --key, --name, --password, --password-file, --password-stdin or --generate.',
    );
  }
  await file.tool.set(file.path, name, fields);
  const made = flags.generate === true ? asked : undefined;
  await sayEntry(file, flags.name ?? name, { words: `${name} is changed in ${file.path}`, made }, context);
}
