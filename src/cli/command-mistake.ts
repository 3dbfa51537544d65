import type { CommanderError, CommandUnknownOpts } from '@commander-js/extra-typings';
import { closest } from './words/closest.ts';
import { shellWord } from './words/describe.ts';
import { usageError } from './report-error.ts';

/** What commander found wrong, as every mistake on the command line is said. */
export function fromCommander(error: CommanderError, command: CommandUnknownOpts): Error {
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
  const hint = choiceMeant(first) ?? dashMeant(error, command) ?? rest.join(' ').replace(/^\((.*)\)$/, '$1');
  return usageError(first, hint === '' ? `${help} shows how it is used.` : hint);
}

/** Commander lists the choices; which of them was meant it does not say. */
function choiceMeant(message: string): string | undefined {
  const [, given, choices] = /argument '(.*)' is invalid\. Allowed choices are (.*)\.$/.exec(message) ?? [];
  const meant = given === undefined ? undefined : closest(given, choices?.split(', ') ?? []);
  return meant === undefined ? undefined : `Did you mean “${meant}”?`;
}

/** A text or a name may begin with a dash; one with two is looked for among the options. */
function dashMeant({ code }: CommanderError, command: CommandUnknownOpts): string | undefined {
  const [word = ''] = command.args.filter((argument) => /^-[^-]/.test(argument));
  if (code !== 'commander.unknownOption' || word === '' || command.registeredArguments.length === 0)
    return undefined;
  return `What begins with a dash and is no option stands behind “--”, as in: ${pathOf(command)} … -- ${shellWord(word)}`;
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

export function unknownCommand(parent: CommandUnknownOpts, name: string): Error {
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
