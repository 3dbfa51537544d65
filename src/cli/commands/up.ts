import { Option, type Command } from '@commander-js/extra-typings';
import type { Services, StartedNode, StartNode, StatusView } from '../../api/index.ts';
import { CodedError, wipe } from '../../base/index.ts';
import type { CliContext } from '../context.ts';
import { NODE_FLAGS, nodeArgs } from '../home/node-args.ts';
import { isUnderPassphrase, runsAlready } from '../home/node-state.ts';
import { presentPassphrase, withTries } from '../home/passphrase.ts';
import { usageError } from '../report-error.ts';
import { givenOptions } from '../settings/flags.ts';
import { addGlobalFlags, chatOptions, readSettings, type Settings } from '../settings/settings.ts';
import { describeListening } from '../words/describe.ts';

/** What takes longer than this is said: a large home after a crash is checked as a whole. */
const SLOW_MS = 3_000;

/** What a node heeds only as it starts. */
const START_FLAGS: ReadonlySet<string> = new Set(['port', 'bind', 'closed', 'keep', 'linger']);

export function define(command: Command, context: CliContext): void {
  command
    .description(
      'Runs Sotto in the background: it receives and sends for you until “sotto down”. Every other command, and “sotto” itself, ' +
        'then works through it. Returns when it answers.',
    )
    .option('--foreground', 'stay here instead, and say on stderr what happens: for systemd and containers')
    .addOption(new Option('--report-fd <number>').hideHelp())
    .addHelpText(
      'before',
      [
        'Examples:',
        '  sotto up                       in the background, until “sotto down”',
        '  sotto up --closed --keep 90d   strangers are refused, old messages deleted',
        '  sotto up --foreground          as a service: ends on SIGTERM',
        '',
        '',
      ].join('\n'),
    )
    .addHelpText(
      'after',
      '\nIts log is the file “log” in its home, at most 1 MiB, the older one “log.1”: what happens, never what is said.',
    )
    .action(async (options, self) => {
      const settings = readSettings(self, context.env);
      context.output.plain = settings.plain;
      if (options.foreground !== true) return startNode(settings, Object.keys(givenOptions(self)), context);
      const { runNode } = await import('../home/node-run.ts');
      await runNode(settings, descriptorOf(options.reportFd), context);
    });
  addGlobalFlags(command, NODE_FLAGS);
}

function descriptorOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,6}$/.test(text)) throw usageError('--report-fd is not a file descriptor');
  return Number(text);
}

async function startNode(settings: Settings, given: readonly string[], context: CliContext): Promise<void> {
  const services = await context.services();
  const options = chatOptions(settings, context, 'listen');
  const present = await runsAlready(options, services, context);
  if (present) {
    tellStatus(present, 'already', settings, context);
    return tellUnheeded(given, context);
  }
  try {
    const { status, notices, log } = await start(settings, services, context);
    for (const line of notices) context.output.note(line);
    if (log.trouble) context.output.failure(log.trouble);
    tellStatus(status, log, settings, context);
  } catch (error) {
    // Another “up” may have been quicker.
    const isTaken = error instanceof CodedError && error.code === 'home-locked';
    const quicker = isTaken ? await runsAlready(options, services, context) : undefined;
    if (!quicker) throw error;
    tellStatus(quicker, 'already', settings, context);
    tellUnheeded(given, context);
  }
}

async function start(settings: Settings, services: Services, context: CliContext): Promise<StartedNode> {
  const home = chatOptions(settings, context, 'listen');
  const args = nodeArgs(settings);
  if (!(await isUnderPassphrase(home, services))) return launch({ home, args }, services, context);
  return withTries(settings.passphrase, context, async () => {
    const passphrase = await presentPassphrase('Passphrase of this home', settings.passphrase, context);
    try {
      return await launch({ home, args, passphrase }, services, context);
    } finally {
      wipe(passphrase);
    }
  });
}

async function launch(
  command: StartNode,
  { node }: Services,
  { output, signal }: CliContext,
): Promise<StartedNode> {
  const slow = setTimeout(() => output.note('· it is still opening its home', 'dim'), SLOW_MS);
  try {
    return await node.start(command, { signal });
  } finally {
    clearTimeout(slow);
  }
}

function tellStatus(
  { self, pid }: StatusView,
  log: 'already' | StartedNode['log'],
  { json }: Settings,
  { output }: CliContext,
): void {
  const isNew = log !== 'already';
  if (json) return output.json({ type: 'up', started: isNew, pid, listening: self.listening });
  const how = isNew ? 'in the background' : 'already';
  output.note(`${self.username} is ${describeListening(self)} ${how} (process ${pid})`, 'good');
  if (isNew && !log.trouble) output.note(`  What happens stands in ${log.path}. To end it: sotto down`);
}

/** Of the flags of this command line: what runs was started with others, perhaps. */
function tellUnheeded(given: readonly string[], { output }: CliContext): void {
  const flags = given.filter((name) => START_FLAGS.has(name)).map((name) => `--${name}`);
  if (flags.length === 0) return;
  const counts = flags.length === 1 ? 'counts' : 'count';
  output.note(`  ${flags.join(' and ')} ${counts} when it starts: sotto down, then this again`);
}
