// The commands as help has them, as plain data: what the manual and the tests of help are made from.
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { CliContext } from '../../src/cli/context.ts';
import { createProgram } from '../../src/cli/program.ts';
import { VERSION } from '../../src/version.ts';

/** One command, or a group of them. */
export interface CommandPage {
  /** `sotto outbox cancel` */
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  /** Lines as help shows them, without the indentation: a command line, perhaps with words after it. */
  readonly examples: readonly string[];
  readonly usage: readonly string[];
  readonly arguments: readonly Term[];
  readonly options: readonly OptionGroup[];
  /** What follows the options in help, a paragraph each. */
  readonly notes: readonly string[];
  /** From notes: `0` and `done`. */
  readonly exitCodes: readonly Term[];
  readonly commands: readonly CommandPage[];
}

export interface Term {
  readonly term: string;
  readonly words: string;
}

export interface OptionGroup {
  /** `Options` or `Common options` */
  readonly title: string;
  readonly options: readonly Term[];
}

/** The whole program with every command loaded; nothing is run, and nothing but definitions is read. */
export async function loadProgram(): Promise<CommandUnknownOpts> {
  // Definitions only keep it for their actions.
  const context = { version: VERSION, env: {} } as unknown as CliContext;
  return createProgram(context, () => true);
}

export function describeCommand(command: CommandUnknownOpts): CommandPage {
  const help = command.createHelp();
  const notes = helpText(command, 'afterHelp')
    .split(/\n\n+/)
    .filter((text) => text !== '');
  return {
    path: pathOf(command),
    summary: command.summary(),
    description: command.description(),
    examples: examplesOf(command),
    usage: help
      .commandUsage(command)
      .split('\n')
      .map((line) => line.trim()),
    arguments: help
      .visibleArguments(command)
      .map((argument) => ({ term: help.argumentTerm(argument), words: help.argumentDescription(argument) })),
    options: groupsOf(command),
    notes: notes.filter((note) => !note.startsWith(EXIT_CODES)),
    exitCodes: notes.flatMap(exitCodesIn),
    commands: subcommandsOf(command).map(describeCommand),
  };
}

/** Every page of the tree, parents first. */
export function allPages(page: CommandPage): readonly CommandPage[] {
  return [page, ...page.commands.flatMap(allPages)];
}

/** Without what is hidden, and without the `help` that commander adds. */
export function subcommandsOf(command: CommandUnknownOpts): readonly CommandUnknownOpts[] {
  const visible = new Set(command.createHelp().visibleCommands(command));
  return command.commands.filter((child) => visible.has(child));
}

export function pathOf(command: CommandUnknownOpts): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

const EXIT_CODES = 'Exit codes:';

function examplesOf(command: CommandUnknownOpts): readonly string[] {
  const [, lines = ''] = helpText(command, 'beforeHelp').split(/^Examples:\n/);
  return lines
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.replace(/^ {2}/, ''));
}

function helpText(command: CommandUnknownOpts, when: 'beforeHelp' | 'afterHelp'): string {
  let text = '';
  const write = (part: string): void => void (text += part);
  (command as unknown as NodeJS.EventEmitter).emit(when, { error: false, command, write });
  return text.trim();
}

function groupsOf(command: CommandUnknownOpts): readonly OptionGroup[] {
  const help = command.createHelp();
  const groups = new Map<string, Term[]>();
  for (const option of help.visibleOptions(command)) {
    const title = (option.helpGroupHeading ?? 'Options:').replace(/:$/, '');
    const group = groups.get(title) ?? [];
    group.push({ term: help.optionTerm(option), words: help.optionDescription(option) });
    groups.set(title, group);
  }
  return [...groups].map(([title, options]) => ({ title, options }));
}

/** `Exit codes: 0 done · 1 failure` */
function exitCodesIn(note: string): readonly Term[] {
  if (!note.startsWith(EXIT_CODES)) return [];
  const parts = note.slice(EXIT_CODES.length).replaceAll('\n', ' ').split('·');
  return parts.map((part) => {
    const [, term = '', words = ''] = /^\s*(\d+) (.*?)\s*$/.exec(part) ?? [];
    return { term, words };
  });
}
