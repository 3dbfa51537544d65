import { Command, CommanderError, Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { closest } from './closest.ts';
import type { CliContext } from './context.ts';
import { addGlobalFlags, COMMON_OPTIONS } from './flags.ts';
import { fillHelp, helpWidth } from './help-text.ts';
import { pageHelp } from './pager.ts';
import { usageError } from './report-error.ts';

/** A command's file: adds arguments, options, examples and the action. Loaded only when the command line names it. */
export interface CommandModule {
  define(command: Command, context: CliContext, trees: CommandTrees): void;
}

/** For what works on commands themselves: the whole program, with those commands loaded that the words name. */
export type CommandTrees = (words: readonly string[]) => Promise<CommandUnknownOpts>;

interface CommandRow {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

const COMMANDS: readonly CommandRow[] = [
  {
    name: 'send',
    summary: 'send one message and wait for its outcome',
    load: () => import('./commands/send.ts'),
  },
  {
    name: 'reply',
    summary: 'answer one message',
    load: () => import('./commands/reply.ts'),
  },
  {
    name: 'outbox',
    summary: 'what waits to be delivered; withdraw it, try now',
    load: () => import('./outbox/index.ts'),
  },
  {
    name: 'listen',
    summary: 'print incoming messages, or run a command for each',
    load: () => import('./commands/listen.ts'),
  },
  {
    name: 'history',
    summary: 'what was said; search it, follow it',
    load: () => import('./commands/history.ts'),
  },
  {
    name: 'export',
    summary: 'write what was said to a file',
    load: () => import('./commands/export.ts'),
  },
  {
    name: 'delete',
    summary: 'delete messages here for good',
    load: () => import('./commands/delete.ts'),
  },
  {
    name: 'contacts',
    summary: 'everyone in the directory and how they are',
    load: () => import('./commands/contacts.ts'),
  },
  {
    name: 'read',
    summary: 'count what somebody wrote as read',
    load: () => import('./commands/read.ts'),
  },
  {
    name: 'mute',
    summary: 'make no noise for somebody’s messages',
    load: () => import('./commands/mute.ts'),
  },
  {
    name: 'unmute',
    summary: 'make noise for them again',
    load: () => import('./commands/unmute.ts'),
  },
  {
    name: 'draft',
    summary: 'what you began to write to somebody',
    load: () => import('./commands/draft.ts'),
  },
  {
    name: 'verify',
    summary: 'show the safety number of a contact',
    load: () => import('./commands/verify.ts'),
  },
  {
    name: 'trust',
    summary: 'approve a changed key, or pair again',
    load: () => import('./commands/trust.ts'),
  },
  {
    name: 'identity',
    summary: 'show who you are: name, key, folders',
    load: () => import('./commands/identity.ts'),
  },
  {
    name: 'passphrase',
    summary: 'put your home under a passphrase, or change it',
    load: () => import('./commands/passphrase.ts'),
  },
  {
    name: 'backup',
    summary: 'write an encrypted copy of your home',
    load: () => import('./commands/backup.ts'),
  },
  {
    name: 'restore',
    summary: 'make a home out of a backup',
    load: () => import('./commands/restore.ts'),
  },
  {
    name: 'up',
    summary: 'run in the background, until “sotto down”',
    load: () => import('./commands/up.ts'),
  },
  { name: 'down', summary: 'end what runs in the background', load: () => import('./commands/down.ts') },
  {
    name: 'status',
    summary: 'whether Sotto runs, and how it is doing',
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'trace',
    summary: 'what goes on inside the running Sotto',
    load: () => import('./commands/trace.ts'),
  },
  {
    name: 'rpc',
    summary: 'JSON-RPC on stdin and stdout, for programs',
    load: () => import('./commands/rpc.ts'),
  },
  {
    name: 'directory',
    summary: 'write and check the file of people',
    load: () => import('./directory/index.ts'),
  },
  {
    name: 'config',
    summary: 'settings that need no flag any more',
    load: () => import('./config/index.ts'),
  },
  {
    name: 'service',
    summary: 'let systemd run Sotto for you',
    load: () => import('./service/index.ts'),
  },
  {
    name: 'completion',
    summary: 'what bash, zsh or fish needs to complete',
    load: () => import('./completion/index.ts'),
  },
];

const EXAMPLES = `Examples:
  sotto                                    talk: asks for what it needs
  sotto send bob 'the build is green'      one message, waits until bob has it
  df -h | sotto send ops                   the text from a pipe
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
  const [name] = words;
  if (name !== undefined && !namesOf(program).includes(name)) throw unknownCommand(program, name);
  return [...words, '--help'];
}

function fromCommander(error: CommanderError, command: CommandUnknownOpts): Error {
  const help = `${pathOf(command)} --help`;
  // Commander shows the help of a command that lacks its subcommand, and says this instead of a sentence.
  if (error.code === 'commander.help') return usageError('a subcommand is missing', `${help} lists them.`);
  const [word = '-'] = command.args;
  // A word that stands where a subcommand may stand is one that was mistyped, whatever follows it.
  if (command.commands.length > 0 && !word.startsWith('-')) return unknownCommand(command, word);
  const unknown = command.args.find((argument) => argument.startsWith('--') && argument !== '--');
  // Commander asks for an option that must be given before it looks at one that it does not know: most often the same one.
  if (error.code === 'commander.missingMandatoryOptionValue' && unknown !== undefined)
    return unknownOption(command, unknown, help);
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const hint = choiceMeant(first) ?? rest.join(' ').replace(/^\((.*)\)$/, '$1');
  return usageError(first, hint === '' ? `${help} shows how it is used.` : hint);
}

/** Commander lists the choices; which of them was meant it does not say. */
function choiceMeant(message: string): string | undefined {
  const [, given, choices] = /argument '(.*)' is invalid\. Allowed choices are (.*)\.$/.exec(message) ?? [];
  const meant = given === undefined ? undefined : closest(given, choices?.split(', ') ?? []);
  return meant === undefined ? undefined : `Did you mean “${meant}”?`;
}

function unknownOption(command: CommandUnknownOpts, given: string, help: string): Error {
  const [flag = ''] = given.split('=');
  const meant = closest(
    flag,
    command.options.flatMap(({ long }) => long ?? []),
  );
  return usageError(
    `unknown option '${flag}'`,
    meant === undefined ? `${help} shows how it is used.` : `Did you mean ${meant}?`,
  );
}

function unknownCommand(parent: CommandUnknownOpts, name: string): Error {
  const path = pathOf(parent);
  const meant = closest(name, [...namesOf(parent), 'help']);
  return usageError(
    `there is no command “${[...path.split(' ').slice(1), name].join(' ')}”`,
    meant === undefined ? `${path} --help lists them.` : `Did you mean “${path} ${meant}”?`,
  );
}

function namesOf(command: CommandUnknownOpts): readonly string[] {
  return command.commands.map((child) => child.name());
}

/** `sotto outbox cancel` */
function pathOf(command: CommandUnknownOpts): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}
