import { InvalidArgumentError, type Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { EventCursor } from '../../api/index.ts';
import type { CliContext } from '../context.ts';
import { givenOptions } from '../settings/flags.ts';
import type { ExecOptions } from '../listen/exec.ts';
import { Listener } from '../listen/listener.ts';
import { usageError } from '../report-error.ts';
import { addGlobalFlags, chatOptions, readSettings, type Settings } from '../settings/settings.ts';

const JOBS_MAX = 64;
const RETRIES_MAX = 100;

const EXAMPLES = `Examples:
  sotto listen
  sotto listen --json | jq -r .text
  sotto listen --from bob --from carol
  sotto listen --exec 'tr a-z A-Z | sotto reply "$SOTTO_ID"'
  sotto listen --json --after "$(cat place)"

`;

const NOTES = `
Beside a Sotto that listens already it prints what that one receives; when that one ends, this one listens.

What comes while nobody looks is printed first by the next one that does. --from and --after leave it to that one: what they print
does not count as shown, and they begin now, or at a cursor. Each object of --json has a cursor. A script that keeps the one of the last
object it was done with, and gives it to --after the next time, misses nothing; only what it was not done with comes again.

--exec runs CMD with sh -c for each message. The text is its stdin, exactly (a socket: read it as stdin, not by way of /dev/stdin, and
write to >&2, not to /dev/stderr). The facts are in its environment: SOTTO_FROM, SOTTO_ID, SOTTO_POSITION, SOTTO_WRITTEN_AT,
SOTTO_RECEIVED_AT, SOTTO_REPLY_TO, SOTTO_CURSOR (empty when there is none, and with --jobs above 1); and SOTTO_HOME, SOTTO_AS and
SOTTO_DIRECTORY, so that a sotto in CMD finds this home. What CMD prints goes to stdout and stderr, for a terminal cleaned; with --json
all of it to stderr. How each ended is said on stderr. A message is done with when CMD has ended, well or not; one that failed is run
again only as --retries says, one that the system could not even begin until it can. At Ctrl-C CMD and what it has started get SIGTERM,
and are killed 5 s later, or at a second Ctrl-C. A message whose CMD was
stopped, by that or by a crash, comes again at the next start; with --jobs, those behind it may as well.`;

export function define(command: Command, context: CliContext): void {
  command
    .description('Prints every incoming message on stdout until it is stopped, or runs a command for each.')
    .option('--events', 'print everything that happens, not only messages')
    .option('--from <name>', 'only messages of NAME; may be repeated', collectNames)
    .option('--after <cursor>', 'begin behind the object of --json that had this cursor')
    .option('--exec <command>', 'run this for each message, with the text on its stdin')
    .option('--jobs <number>', 'how many at once (default 1: in order)', wholeNumber(1, JOBS_MAX))
    .option(
      '--retries <number>',
      'how often one that failed is run again (default 0)',
      wholeNumber(0, RETRIES_MAX),
    )
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES)
    .action(async ({ events, from = [], after, exec, jobs, retries }, self) => {
      const settings = readSettings(self, context.env);
      context.output.plain = settings.plain;
      const commands = execOptions({ exec, jobs, retries }, settings);
      if (after === '') throw usageError('--after is empty', 'Without it, listening begins now.');
      const listener = new Listener(
        {
          chat: chatOptions(settings, context, 'listen'),
          hostFlags: hostFlags(self),
          all: events === true,
          json: settings.json,
          from,
          ...(after !== undefined && { after: after as EventCursor }),
          ...(commands && { exec: commands }),
        },
        await context.services(),
        context,
      );
      await listener.run();
    });
  addGlobalFlags(command);
}

function execOptions(
  flags: {
    readonly exec: string | undefined;
    readonly jobs: number | undefined;
    readonly retries: number | undefined;
  },
  { json }: Settings,
): ExecOptions | undefined {
  const { exec, jobs, retries } = flags;
  if (exec === undefined && (jobs !== undefined || retries !== undefined))
    throw usageError(`${jobs === undefined ? '--retries' : '--jobs'} needs --exec`);
  if (exec?.trim() === '') throw usageError('--exec is empty');
  return exec === undefined ? undefined : { command: exec, jobs: jobs ?? 1, retries: retries ?? 0, json };
}

/** What only the program that listens can follow, where it was asked of this one. */
function hostFlags(command: CommandUnknownOpts): readonly string[] {
  const given = givenOptions(command);
  return ['bind', 'closed', 'keep', 'linger'].filter((flag) => flag in given).map((flag) => `--${flag}`);
}

function collectNames(text: string, previous: readonly string[] | undefined): readonly string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) throw new InvalidArgumentError('It is empty.');
  return [...(previous ?? []), ...names];
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw new InvalidArgumentError(`It is not a number from ${min} to ${max}.`);
  };
}
