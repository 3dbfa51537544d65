import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { ChatOptions } from '../api/index.ts';
import type { CliContext, Environment } from './context.ts';
import { parseDuration, parseKeep } from './duration.ts';
import { passphraseReader, passphraseSource, type PassphraseSource } from './passphrase.ts';
import { usageError } from './report-error.ts';

export const DEFAULT_TIMEOUT_MS = 30_000;

/** Flags and environment together. What was not given is undefined where a face may still ask for it. */
export interface Settings {
  readonly port?: number;
  readonly directory?: string;
  readonly as?: string;
  readonly bind?: readonly string[];
  readonly home?: string;
  /** Where the passphrase is to be read, when not from a person. */
  readonly passphrase?: PassphraseSource;
  readonly closed: boolean;
  readonly keepMs?: number;
  /** Default: the chat's own. */
  readonly lingerMs?: number;
  readonly timeoutMs: number;
  readonly plain: boolean;
  readonly json: boolean;
}

interface RawOptions {
  readonly port?: string;
  readonly directory?: string;
  readonly as?: string;
  readonly bind?: readonly string[];
  readonly home?: string;
  readonly passphraseFile?: string;
  readonly passphraseFd?: string;
  readonly closed?: boolean;
  readonly keep?: string;
  readonly linger?: string;
  readonly timeout?: string;
  readonly plain?: boolean;
  readonly json?: boolean;
}

type GlobalFlag =
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
    'the passphrase of the home is the first line of this file',
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
  linger: ['--linger <time>', 'how long an idle connection is kept, such as 30s or 2m (default 60s)'],
  timeout: ['--timeout <time>', 'how long to wait for outcomes (default 30s)'],
  plain: ['--plain', 'no escape sequences at all: for screen readers and dumb terminals'],
  json: ['--json', 'one JSON object a line on stdout'],
};

export const ALL_FLAGS = Object.keys(FLAGS) as readonly GlobalFlag[];

/** Gives a command the global flags it uses, so that they may stand before or after its name. */
export function addGlobalFlags(command: CommandUnknownOpts, flags: readonly GlobalFlag[] = ALL_FLAGS): void {
  // Whoever opens a home may have to unlock it.
  const all = flags.flatMap((flag) =>
    flag === 'home' ? (['home', 'passphrase-file', 'passphrase-fd'] as const) : [flag],
  );
  for (const flag of new Set(all)) {
    const [syntax, description] = FLAGS[flag];
    // Not variadic: `--bind a --bind b` and `--bind a,b`, never `--bind a NAME`.
    if (flag === 'bind') command.option('--bind <address>', description, collect);
    else command.option(syntax, description);
  }
}

/**
 * Flags beat the environment; a flag after the command's name beats one before it. A variable means nothing to a command that has not
 * its flag. Throws `usage`.
 */
export function readSettings(command: CommandUnknownOpts, env: Environment): Settings {
  const raw = mergedOptions(command);
  const own = variablesOf(command, env);
  const given = (flag: string | undefined, variable: string): readonly [string, string] | undefined =>
    pick(flag, variable, own);
  const port = given(raw.port, 'SOTTO_PORT');
  const directory = given(raw.directory, 'SOTTO_DIRECTORY');
  const as = given(raw.as, 'SOTTO_AS');
  const home = given(raw.home, 'SOTTO_HOME');
  const keep = given(raw.keep, 'SOTTO_KEEP');
  const passphrase = passphraseSource('--passphrase', raw.passphraseFile, raw.passphraseFd);
  const bind = raw.bind ?? splitAddresses(own['SOTTO_BIND'] ?? '');
  return {
    ...(port && { port: parsePort(port[0], port[1]) }),
    ...(directory && { directory: resolve(directory[0]) }),
    ...(as && { as: as[0].normalize('NFC') }),
    ...(home && { home: resolve(home[0]) }),
    ...(passphrase && { passphrase }),
    ...(bind.length > 0 && { bind }),
    closed: raw.closed ?? parseSwitch(own['SOTTO_CLOSED'] ?? '', 'SOTTO_CLOSED'),
    ...(keep && { keepMs: parseKeep(keep[0], keep[1]) }),
    ...(raw.linger !== undefined && { lingerMs: parseDuration(raw.linger, '--linger') }),
    timeoutMs: raw.timeout === undefined ? DEFAULT_TIMEOUT_MS : parseDuration(raw.timeout, '--timeout'),
    plain: raw.plain === true || env['TERM'] === 'dumb',
    json: raw.json === true,
  };
}

/** For commands that never ask: the default directory fills what was not given. */
export function chatOptions(
  settings: Settings,
  { env, output }: Pick<CliContext, 'env' | 'output'>,
  mode: ChatOptions['mode'],
): ChatOptions {
  return {
    directory: settings.directory ?? defaultDirectory(env),
    ...(settings.port !== undefined && { port: settings.port }),
    ...(settings.as !== undefined && { as: settings.as }),
    ...(settings.bind && { bind: settings.bind }),
    ...(settings.home !== undefined && { home: settings.home }),
    ...(settings.passphrase && { passphrase: passphraseReader(settings.passphrase, output) }),
    ...(settings.closed && mode === 'listen' && { isClosed: true }),
    ...(settings.keepMs !== undefined && mode === 'listen' && { keepMs: settings.keepMs }),
    mode,
    ...(settings.lingerMs !== undefined && { lingerMs: settings.lingerMs }),
  };
}

export function defaultDirectory(env: Environment): string {
  const config = env['XDG_CONFIG_HOME'] ?? '';
  // The XDG base directory specification ignores relative paths.
  const folder = config.startsWith('/') ? config : join(env['HOME'] ?? homedir(), '.config');
  return join(folder, 'sotto', 'directory.json');
}

export function parsePort(text: string, source: string): number {
  const port = /^\d{1,5}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (port >= 1 && port <= 65_535) return port;
  throw usageError(`${source} is not a port: “${text}”`, 'A port is a number from 1 to 65535.');
}

function parseSwitch(text: string, source: string): boolean {
  const word = text.trim().toLowerCase();
  if (['', '0', 'no', 'false'].includes(word)) return false;
  if (['1', 'yes', 'true'].includes(word)) return true;
  // Who misspells this must not be open without knowing it.
  throw usageError(`${source} is neither 1 nor 0: “${text}”`);
}

function mergedOptions(command: CommandUnknownOpts): RawOptions {
  const outer: RawOptions = command.parent ? mergedOptions(command.parent) : {};
  return { ...outer, ...(command.opts() as RawOptions) };
}

function variablesOf(command: CommandUnknownOpts, env: Environment): Environment {
  const flags = command.options.map(({ long }) => long?.slice('--'.length).toUpperCase());
  const names = flags.map((flag) => `SOTTO_${flag}`);
  return Object.fromEntries(names.map((name) => [name, env[name]]));
}

function pick(
  flag: string | undefined,
  variable: string,
  env: Environment,
): readonly [text: string, source: string] | undefined {
  if (flag !== undefined) {
    const name = `--${variable.slice('SOTTO_'.length).toLowerCase()}`;
    if (flag === '') throw usageError(`${name} is empty`);
    return [flag, name];
  }
  const value = env[variable];
  return value === undefined || value === '' ? undefined : [value, variable];
}

function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  const addresses = splitAddresses(value);
  if (addresses.length === 0) throw usageError('--bind is empty');
  return [...(previous ?? []), ...addresses];
}

function splitAddresses(text: string): readonly string[] {
  return text
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '');
}
