import { Command, CommanderError, Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { fromCommander, unknownCommand } from './command-mistake.ts';
import { COMMANDS, type CommandTrees } from './command-table.ts';
import type { CliContext } from './context.ts';
import { addGlobalFlags, COMMON_OPTIONS } from './settings/flags.ts';
import { fillHelp, helpWidth } from './words/help-text.ts';
import { pageHelp } from './terminal/pager.ts';

const EXAMPLES = `Examples:
  sotto                                    talk: asks for what it needs
  sotto send bob 'the build is green'      one message, waits until bob has it
  df -h | sotto send ops                   the text from a pipe
  sotto up                                 in the background: it receives and sends for you
  sotto listen --json                      incoming messages for a script
  sotto history bob --search 'green'       what was said
  sotto outbox                             what waits, and why

`;

const EXIT_CODE_HELP = `
Exit codes: 0 done · 1 failure · 2 usage or configuration · 3 network or local I/O · 4 identity not trusted or
changed · 5 not delivered in time, but kept · 6 no such contact or message · 7 locked by a passphrase ·
70 internal error · 78 unsuitable Node · 129 hung up · 130 interrupted · 143 terminated`;

/** Parses and runs. Rejects with a `CodedError`; help and version resolve. */
export async function runProgram(argv: readonly string[], context: CliContext): Promise<void> {
  const program = await createProgram(context, (name) => argv.includes(name));
  const mistake: Mistake = { at: program };
  quietly(program, argv, context, mistake);
  try {
    await program.parseAsync([...withHelpFlag(argv, program)], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw fromCommander(error, mistake.at);
  }
}

/** The tree of commands; those that are wanted have their arguments, options and subcommands, the others a name and a summary. */
export async function createProgram(
  context: CliContext,
  isWanted: (name: string) => boolean,
): Promise<Command> {
  const program = new Command('sotto');
  program
    .description('Encrypted chat straight from one machine to another. Without a command: talk.')
    .version(`sotto ${context.version}`, '-V, --version', 'show the version')
    .enablePositionalOptions()
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', EXIT_CODE_HELP);
  addGlobalFlags(program);
  program.action(async () => {
    const { runLoop } = await import('./loop/run-loop.ts');
    await runLoop(program, context);
  });
  const trees: CommandTrees = async (words) => createProgram(context, (name) => words.includes(name));
  for (const { name, summary, load } of COMMANDS) {
    const command = program.command(name).summary(summary);
    if (isWanted(name)) (await load()).define(command, context, trees);
  }
  addHelpOption(program);
  return program;
}

function addHelpOption(command: CommandUnknownOpts): void {
  command.addHelpOption(new Option('-h, --help', 'show this help').helpGroup(COMMON_OPTIONS));
  if (command.commands.length > 0) command.helpCommand('help [command]', 'show the help of one of these');
  for (const child of command.commands) addHelpOption(child);
}

/** The command that a mistake was made at. */
interface Mistake {
  at: CommandUnknownOpts;
}

/** Errors come back as exceptions, from whichever subcommand, and help goes to the run's own streams. */
function quietly(
  command: CommandUnknownOpts,
  argv: readonly string[],
  context: CliContext,
  mistake: Mistake,
): void {
  const { stdout, stderr } = context.stdio;
  command
    .exitOverride((error) => {
      mistake.at = command;
      throw error;
    })
    .configureOutput({
      writeOut: (text) => {
        pageHelp(argv, context);
        context.output.text(fillHelp(text, helpWidth(stdout.columns)));
      },
      writeErr: (text) => stderr.write(fillHelp(text, helpWidth(stderr.columns))),
      outputError: () => undefined,
      getOutHelpWidth: () => helpWidth(stdout.columns),
      getErrHelpWidth: () => helpWidth(stderr.columns),
    });
  for (const child of command.commands) quietly(child, argv, context, mistake);
}

/** `sotto help outbox cancel` is `sotto outbox cancel --help`. */
function withHelpFlag(argv: readonly string[], program: CommandUnknownOpts): readonly string[] {
  if (argv[0] !== 'help') return argv;
  const words = argv.slice(1).filter((word) => !word.startsWith('-'));
  let command = program;
  for (const word of words) {
    // Behind the last command stands what it is to be done to.
    if (command.commands.length === 0) break;
    const child = command.commands.find((candidate) => candidate.name() === word);
    if (!child) throw unknownCommand(command, word);
    command = child;
  }
  return [...words, '--help'];
}
