import type { Command } from '@commander-js/extra-typings';
import { DEFAULT_PORT, type DirectoryEntryInput } from '../../api/index.ts';
import type { CliContext } from '../context.ts';
import { usageError } from '../report-error.ts';
import { parsePort } from '../settings/settings.ts';
import { addFileFlags, openFile, sayEntry, type DirectoryFile } from './directory-file.ts';
import { askPassword, passwordFromFlags, type PasswordFlags } from './password.ts';

interface AddFlags extends PasswordFlags {
  readonly ip?: string | undefined;
  readonly port?: string | undefined;
  readonly key?: string | undefined;
}

export function addCommand(parent: Command, context: CliContext): void {
  const command = parent.command('add').summary('add a person; creates the file when it is missing');
  command
    .description('Adds NAME. What is not given is asked for; the password is never shown.')
    .argument('<name>', 'how you and NAME call NAME')
    .option('--ip <address>', 'IPv4 or IPv6 address, or host name')
    .option('--port <number>', `NAME’s port (default ${DEFAULT_PORT})`)
    .option('--key <base64>', 'NAME’s public key, as NAME’s “sotto identity” shows it')
    .option('--password-file <file>', 'the password is the first line of this file; - is stdin')
    .option('--password-stdin', 'the password is the first line of stdin')
    .option('--generate', 'make a password and print it, once, on stdout')
    .addHelpText(
      'before',
      'Examples:\n  sotto directory add bob --ip 192.168.1.20\n  sotto directory add bob --ip bob.lan --port 7700 --generate\n\n',
    )
    .action(async (name, flags, self) => add(name, flags, await openFile(self, context), context));
  addFileFlags(command);
}

async function add(name: string, flags: AddFlags, file: DirectoryFile, context: CliContext): Promise<void> {
  const place = { ip: await askIp(name, flags, context), port: await askPort(name, flags, context) };
  const given = await passwordFromFlags(flags, file, context);
  const needsNone = flags.key !== undefined;
  const password = given ?? (needsNone ? '' : await askPassword(`Password of ${name}`, context));
  const entry: DirectoryEntryInput = { username: name, password, ...place };
  await file.tool.add(file.path, flags.key === undefined ? entry : { ...entry, key: flags.key });
  const made = flags.generate === true ? password : undefined;
  await sayEntry(file, name, { words: `${name} is in ${file.path}`, made }, context);
}

async function askIp(name: string, { ip }: AddFlags, { prompter }: CliContext): Promise<string> {
  if (ip !== undefined) return ip;
  if (prompter.canAsk) return prompter.ask(`Address of ${name} (IP or host name)`);
  throw usageError('there is no address', 'Give --ip ADDRESS.');
}

async function askPort(name: string, { port }: AddFlags, { prompter }: CliContext): Promise<number> {
  if (port !== undefined) return parsePort(port, '--port');
  if (!prompter.canAsk) return DEFAULT_PORT;
  const check = (text: string) => String(parsePort(text, 'this'));
  return Number(await prompter.ask(`Port of ${name}`, { fallback: String(DEFAULT_PORT), check }));
}
