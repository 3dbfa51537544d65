import { join } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { ChatOptions } from '../../api/index.ts';
import { readConfig } from './config-file.ts';
import { configFolder, SETTINGS, variableOf, type Given, type SettingKey } from './setting.ts';
import type { CliContext, Environment } from '../context.ts';
import { givenOptions, splitAddresses } from './flags.ts';
import { passphraseReader, passphraseSource, type PassphraseSource } from '../home/passphrase.ts';

export { addGlobalFlags } from './flags.ts';
export { parsePort } from './setting.ts';

export const DEFAULT_TIMEOUT_MS = 30_000;

/** Flags, environment and configuration file together. What was not given is undefined where a face may still ask for it. */
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
  /** Escape sequences and pagers are not wanted. */
  readonly plain: boolean;
  /** The command that shows long output, or false for none; where neither is said, the environment has a custom. */
  readonly pager?: string | false;
  readonly json: boolean;
}

/**
 * Flags beat the environment, which beats the configuration file; a flag after the command's name beats one before it. What the
 * latter two say means nothing to a command that has not its flag. Throws `usage`, or `config-invalid` for a file with any mistake.
 */
export function readSettings(
  command: CommandUnknownOpts,
  env: Environment,
  file: ReadonlyMap<SettingKey, Given> = readConfig(env),
): Settings {
  const options = givenOptions(command);
  const given = (key: SettingKey): Given | undefined =>
    fromFlag(key, options) ?? (hasFlag(command, key) ? (fromVariable(key, env) ?? file.get(key)) : undefined);
  const read = <Key extends SettingKey>(
    key: Key,
  ): ReturnType<(typeof SETTINGS)[Key]['parse']> | undefined => {
    const found = given(key);
    return found && (SETTINGS[key].parse(found) as ReturnType<(typeof SETTINGS)[Key]['parse']>);
  };
  const [port, directory, as, bind, home] = [
    read('port'),
    read('directory'),
    read('as'),
    read('bind'),
    read('home'),
  ];
  const closed = read('closed') ?? false;
  const [keepMs, lingerMs, pager] = [read('keep'), read('linger'), read('pager')];
  const passphrase = passphraseOf(options, read);
  return {
    ...(port !== undefined && { port }),
    ...(directory !== undefined && { directory }),
    ...(as !== undefined && { as }),
    ...(home !== undefined && { home }),
    ...(passphrase && { passphrase }),
    ...(bind && { bind }),
    closed,
    ...(keepMs !== undefined && { keepMs }),
    ...(lingerMs !== undefined && { lingerMs }),
    timeoutMs: read('timeout') ?? DEFAULT_TIMEOUT_MS,
    plain: (read('plain') ?? false) || env['TERM'] === 'dumb',
    ...(pager !== undefined && { pager }),
    json: options['json'] === true,
  };
}

/** A descriptor on the command line is nearer than a file that a variable names. */
function passphraseOf(
  options: Readonly<Record<string, unknown>>,
  read: (key: 'passphrase-file') => string | undefined,
): PassphraseSource | undefined {
  const { passphraseFd: descriptor, passphraseFile: file } = options;
  if (typeof descriptor === 'string')
    return passphraseSource('--passphrase', typeof file === 'string' ? file : undefined, descriptor);
  return passphraseSource('--passphrase', read('passphrase-file'), undefined);
}

function fromFlag(key: SettingKey, options: Readonly<Record<string, unknown>>): Given | undefined {
  const value = options[key === 'passphrase-file' ? 'passphraseFile' : key];
  const source = `--${key}`;
  if (typeof value === 'string') return { text: value, source };
  if (typeof value === 'boolean') return { text: String(value), source };
  return Array.isArray(value) ? { text: value.join(','), source } : undefined;
}

/** One that is empty is not set. */
export function fromVariable(key: SettingKey, env: Environment): Given | undefined {
  const source = variableOf(key);
  const text = env[source] ?? '';
  return text === '' || (key === 'bind' && splitAddresses(text).length === 0) ? undefined : { text, source };
}

function hasFlag(command: CommandUnknownOpts, key: SettingKey): boolean {
  return command.options.some(({ long }) => long === (key === 'pager' ? '--no-pager' : `--${key}`));
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
  return join(configFolder(env), 'directory.json');
}
