import { usageError } from '../report-error.ts';
import type { CliContext } from '../context.ts';
import type { DirectoryFile } from './directory-file.ts';

export interface PasswordFlags {
  readonly passwordFile?: string | undefined;
  readonly passwordStdin?: true | undefined;
  readonly generate?: true | undefined;
}

/** The password that the flags name, never one from the command line itself; undefined when they name none. */
export async function passwordFromFlags(
  flags: PasswordFlags,
  { tool }: DirectoryFile,
  context: CliContext,
): Promise<string | undefined> {
  const given = [flags.passwordFile, flags.passwordStdin, flags.generate].filter(
    (flag) => flag !== undefined,
  );
  if (given.length > 1)
    throw usageError('--password-file, --password-stdin and --generate exclude each other');
  if (flags.passwordFile === '-') return passwordFromStdin(context);
  if (flags.passwordFile !== undefined) return tool.readPasswordFile(flags.passwordFile);
  if (flags.passwordStdin === true) return passwordFromStdin(context);
  return flags.generate === true ? tool.generatePassword() : undefined;
}

/** Guesses are not limited in number yet, and whoever guesses a password before the first contact is that person. */
const SHORT_PASSWORD = 12;

export function warnOfShortPassword(password: string, { output }: Pick<CliContext, 'output'>): void {
  if (password !== '' && password.length < SHORT_PASSWORD)
    output.note('· that password is short: others may guess it before the first contact');
}

async function passwordFromStdin({ prompter, signal }: CliContext): Promise<string> {
  const line = await prompter.lines.next(signal);
  if (line === undefined || line === '') throw usageError('stdin has no password', 'It is the first line.');
  return line;
}

/** Asks twice, hidden, until both are the same. Rejects with usage where nobody can answer. */
export async function askPassword(question: string, { prompter, output }: CliContext): Promise<string> {
  if (!prompter.canAsk) {
    throw usageError('there is no password', 'Give --password-file FILE, --password-stdin or --generate.');
  }
  for (;;) {
    const first = await prompter.secret(question);
    if (first === '') continue;
    if ((await prompter.secret('The same again')) === first) {
      warnOfShortPassword(first, { output });
      return first;
    }
    output.note('The two are not the same.');
  }
}
