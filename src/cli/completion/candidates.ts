import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { SETTING_KEYS } from '../settings/setting.ts';

/** What may stand where the cursor is. */
export interface Candidates {
  /** Files and folders are what the shell itself knows best. */
  readonly kind: 'words' | 'files' | 'folders';
  readonly words: readonly Candidate[];
}

export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** What the finished words say about where contacts are listed: `--directory` and `--as`, where they were given. */
export type GivenOptions = ReadonlyMap<string, string>;

/** Names of contacts; read only where one may stand. */
export type ContactNames = (given: GivenOptions) => readonly string[];

type Option = CommandUnknownOpts['options'][number];

const NOTHING: Candidates = { kind: 'words', words: [] };
/** Where `name` is a name that nobody has yet. */
const NEW_NAMES: ReadonlySet<string> = new Set(['sotto directory add name', 'sotto directory set --name']);

/** What fits after the finished words (without the program’s own), begun as the last of them. */
export function candidatesAt(
  program: CommandUnknownOpts,
  words: readonly string[],
  contacts: ContactNames,
): Candidates {
  const current = words.at(-1) ?? '';
  // What is to be helped with is said as if it were to be done.
  const isHelp = words.length > 1 && words[0] === 'help';
  const place = walk(program, words.slice(isHelp ? 1 : 0, -1));
  if (isHelp) return { kind: 'words', words: begun(subcommandsOf(place.command), current) };
  const sources = new Sources(place, contacts);
  const found = sources.at(current);
  return { ...found, words: begun(found.words, current) };
}

function begun(candidates: readonly Candidate[], current: string): readonly Candidate[] {
  return candidates.filter(({ word }) => word.startsWith(current));
}

/** Where the finished words have led. */
interface Place {
  readonly command: CommandUnknownOpts;
  /** The option whose value comes next. */
  readonly awaited: Option | undefined;
  /** Arguments of the command that are there already. */
  readonly arguments: number;
  /** After `--` nothing is an option any more. */
  readonly isLiteral: boolean;
  readonly given: GivenOptions;
}

function walk(program: CommandUnknownOpts, words: readonly string[]): Place {
  const given = new Map<string, string>();
  let place: Place = { command: program, awaited: undefined, arguments: 0, isLiteral: false, given };
  for (const word of words) {
    if (place.awaited) {
      given.set(place.awaited.long ?? '', word);
      place = { ...place, awaited: undefined };
    } else if (place.isLiteral) place = { ...place, arguments: place.arguments + 1 };
    else if (word === '--') place = { ...place, isLiteral: true };
    else if (word.startsWith('--')) {
      const [long = '', ...value] = word.split('=');
      const option = optionNamed(place.command, long);
      if (value.length > 0) given.set(long, value.join('='));
      else if (option?.required === true) place = { ...place, awaited: option };
    } else {
      const child =
        place.arguments === 0 ? place.command.commands.find((command) => command.name() === word) : undefined;
      place = child ? { ...place, command: child } : { ...place, arguments: place.arguments + 1 };
    }
  }
  return place;
}

function optionNamed(command: CommandUnknownOpts, long: string): Option | undefined {
  return (
    command.options.find((option) => option.long === long) ??
    (command.parent ? optionNamed(command.parent, long) : undefined)
  );
}

class Sources {
  readonly #place: Place;
  readonly #contacts: ContactNames;

  constructor(place: Place, contacts: ContactNames) {
    this.#place = place;
    this.#contacts = contacts;
  }

  at(current: string): Candidates {
    const { command, awaited, isLiteral } = this.#place;
    if (awaited) return this.#values(awaited);
    const [long = '', ...value] = current.split('=');
    if (!isLiteral && current.startsWith('--') && value.length > 0) {
      const option = optionNamed(command, long);
      if (option?.required !== true) return NOTHING;
      const { kind, words } = this.#values(option);
      return { kind, words: words.map(({ word, ...rest }) => ({ word: `${long}=${word}`, ...rest })) };
    }
    return !isLiteral && current.startsWith('-') ? optionsOf(command) : this.#arguments();
  }

  #values(option: Option): Candidates {
    const path = `${pathOf(this.#place.command)} ${option.long ?? ''}`;
    if (option.argChoices) return plain(option.argChoices, '');
    const metavar = /[<[]([^>\]]*)[>\]]/.exec(option.flags)?.[1] ?? '';
    return this.#named(metavar.replace(/\.+$/, ''), path);
  }

  #arguments(): Candidates {
    const { command, arguments: count } = this.#place;
    const { registeredArguments: all } = command;
    const last = all.at(-1);
    const argument = all[count] ?? (last?.variadic === true ? last : undefined);
    const subcommands = count === 0 ? subcommandsOf(command) : [];
    if (!argument) return { kind: 'words', words: subcommands };
    const found = argument.argChoices
      ? plain(argument.argChoices, '')
      : this.#named(argument.name(), `${pathOf(command)} ${argument.name()}`);
    return { kind: found.kind, words: [...subcommands, ...found.words] };
  }

  /** By the word that help has for it: the same everywhere. */
  #named(metavar: string, path: string): Candidates {
    if (NEW_NAMES.has(path)) return NOTHING;
    switch (metavar) {
      case 'name':
      case 'names':
      case 'words':
        return plain(this.#contacts(this.#place.given), 'contact');
      case 'file':
        return { kind: 'files', words: [] };
      case 'folder':
        return { kind: 'folders', words: [] };
      case 'key':
        return plain(SETTING_KEYS, 'setting');
      default:
        return NOTHING;
    }
  }
}

function plain(words: readonly string[], description: string): Candidates {
  return { kind: 'words', words: words.map((word) => ({ word, description })) };
}

function optionsOf(command: CommandUnknownOpts): Candidates {
  const options = command.createHelp().visibleOptions(command);
  const words = options.map(({ long, description }) => ({ word: long ?? '', description }));
  return { kind: 'words', words };
}

function subcommandsOf(command: CommandUnknownOpts): readonly Candidate[] {
  const commands = command.createHelp().visibleCommands(command);
  return commands.map((child) => ({
    word: child.name(),
    description: child.summary() || child.description(),
  }));
}

/** `sotto directory set` */
function pathOf(command: CommandUnknownOpts): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}
