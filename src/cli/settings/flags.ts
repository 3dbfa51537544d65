import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { usageError } from '../report-error.ts';

export type GlobalFlag =
  | 'port'
  | 'directory'
  | 'as'
  | 'bind'
  | 'home'
  | 'passphrase-file'
  | 'passphrase-fd'
  | 'closed'
  | 'keep'
  | 'linger'
  | 'timeout'
  | 'plain'
  | 'pager'
  | 'json';

const FLAGS: Readonly<Record<GlobalFlag, readonly [flags: string, description: string]>> = {
  port: ['--port <number>', 'port for incoming connections (SOTTO_PORT; default: your entry’s)'],
  directory: [
    '--directory <file>',
    'directory file (SOTTO_DIRECTORY; default sotto/directory.json in the XDG config folder)',
  ],
  as: ['--as <name>', 'which entry of the directory is you (SOTTO_AS)'],
  bind: ['--bind <address>', 'address to listen on; may be repeated (SOTTO_BIND; default all)'],
  home: [
    '--home <folder>',
    'where keys and messages are kept (SOTTO_HOME; default sotto/NAME in the XDG data folder)',
  ],
  'passphrase-file': [
    '--passphrase-file <file>',
    'the passphrase of the home is the first line of this file; - is stdin (SOTTO_PASSPHRASE_FILE)',
  ],
  'passphrase-fd': ['--passphrase-fd <number>', 'or the next line of this open file descriptor'],
  closed: [
    '--closed',
    'refuse strangers at once, unless you await one: a repair or a changed key (SOTTO_CLOSED=1)',
  ],
  keep: [
    '--keep <time>',
    'delete messages older than this, such as 90d, 12w or 1y (SOTTO_KEEP; default: never)',
  ],
  linger: [
    '--linger <time>',
    'how long an idle connection is kept, such as 30s or 2m (SOTTO_LINGER; default 60s)',
  ],
  timeout: ['--timeout <time>', 'how long to wait for outcomes (SOTTO_TIMEOUT; default 30s)'],
  plain: [
    '--plain',
    'no escape sequences and no pager: for screen readers and dumb terminals (SOTTO_PLAIN=1)',
  ],
  pager: [
    '--no-pager',
    'long output is not shown a screen at a time (SOTTO_PAGER=off; else a command, or PAGER)',
  ],
  json: ['--json', 'one JSON object a line on stdout'],
};

export const ALL_FLAGS = Object.keys(FLAGS) as readonly GlobalFlag[];

/** What help calls the flags that many commands share. */
export const COMMON_OPTIONS = 'Common options:';

/** Gives a command the global flags it uses, so that they may stand before or after its name. */
export function addGlobalFlags(command: CommandUnknownOpts, flags: readonly GlobalFlag[] = ALL_FLAGS): void {
  // Whoever opens a home may have to unlock it.
  const all = flags.flatMap((flag) =>
    flag === 'home' ? (['home', 'passphrase-file', 'passphrase-fd'] as const) : [flag],
  );
  for (const flag of new Set(all)) {
    const [syntax, description] = FLAGS[flag];
    const option = new Option(syntax, description).helpGroup(COMMON_OPTIONS);
    // Not variadic: `--bind a --bind b` and `--bind a,b`, never `--bind a NAME`.
    command.addOption(flag === 'bind' ? option.argParser(collect) : option);
  }
}

function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  const addresses = splitAddresses(value);
  if (addresses.length === 0) throw usageError('--bind is empty');
  return [...(previous ?? []), ...addresses];
}

export function splitAddresses(text: string): readonly string[] {
  return text
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '');
}

/** What the command line itself gives: flags of a command beat those before its name, and no default is among them. */
export function givenOptions(command: CommandUnknownOpts): Readonly<Record<string, unknown>> {
  const outer = command.parent ? givenOptions(command.parent) : {};
  const own = Object.entries(command.opts()).filter(
    ([name]) => command.getOptionValueSource(name) !== 'default',
  );
  return { ...outer, ...Object.fromEntries(own) };
}
