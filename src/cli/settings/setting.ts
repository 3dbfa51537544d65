import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Environment } from '../context.ts';
import { parseDuration, parseKeep } from './duration.ts';
import { splitAddresses, type GlobalFlag } from './flags.ts';
import { usageError } from '../report-error.ts';

/** The flags that also have a variable and a key of the configuration file: neither secrets, nor what is of one run only. */
export type SettingKey = Exclude<GlobalFlag, 'passphrase-fd' | 'json'>;

/** What somebody gave, as text, and where: `--port`, `SOTTO_PORT`, or file and line. */
export interface Given {
  readonly text: string;
  readonly source: string;
  /** Of the configuration file: what its paths are relative to. */
  readonly folder?: string;
}

interface Kind<Value> {
  /** As JSON has it: what the file must hold, in words. */
  readonly json: 'a text' | 'a number' | 'true or false' | 'a list of texts' | 'a command, or false';
  /** Throws `usage`, naming the source. */
  readonly parse: (given: Given) => Value;
}

interface SettingKinds {
  readonly port: Kind<number>;
  readonly directory: Kind<string>;
  readonly as: Kind<string>;
  readonly bind: Kind<readonly string[]>;
  readonly home: Kind<string>;
  readonly 'passphrase-file': Kind<string>;
  readonly closed: Kind<boolean>;
  readonly keep: Kind<number>;
  readonly linger: Kind<number>;
  readonly timeout: Kind<number>;
  readonly plain: Kind<boolean>;
  readonly pager: Kind<string | false>;
}

const PATH: Kind<string> = { json: 'a text', parse: toPath };
const SWITCH: Kind<boolean> = {
  json: 'true or false',
  parse: ({ text, source }) => parseSwitch(text, source),
};
const DURATION: Kind<number> = {
  json: 'a text',
  parse: ({ text, source }) => parseDuration(text, source),
};

/** One row a setting: wherever it comes from, it is read in the same way. */
export const SETTINGS: SettingKinds = {
  port: { json: 'a number', parse: ({ text, source }) => parsePort(text, source) },
  directory: PATH,
  as: { json: 'a text', parse: (given) => filled(given).normalize('NFC') },
  bind: { json: 'a list of texts', parse: toAddresses },
  home: PATH,
  'passphrase-file': {
    json: 'a text',
    parse: (given) => (given.folder === undefined ? filled(given) : toPath(given)),
  },
  closed: SWITCH,
  keep: { json: 'a text', parse: ({ text, source }) => parseKeep(text, source) },
  linger: DURATION,
  timeout: DURATION,
  plain: SWITCH,
  pager: { json: 'a command, or false', parse: toPager },
};

export const SETTING_KEYS = Object.keys(SETTINGS) as readonly SettingKey[];

export function isSettingKey(word: string): word is SettingKey {
  return Object.hasOwn(SETTINGS, word);
}

/** `SOTTO_PASSPHRASE_FILE` */
export function variableOf(key: SettingKey): string {
  return `SOTTO_${key.replaceAll('-', '_').toUpperCase()}`;
}

/** Where the configuration file and the directory file are by default. */
export function configFolder(env: Environment): string {
  const config = env['XDG_CONFIG_HOME'] ?? '';
  // The XDG base directory specification ignores relative paths.
  return join(config.startsWith('/') ? config : join(homeOf(env), '.config'), 'sotto');
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

function filled({ text, source }: Given): string {
  if (text === '') throw usageError(`${source} is empty`);
  return text;
}

/** In the file there is no shell that knows the tilde, and no folder that one is in. */
function toPath(given: Given): string {
  const path = filled(given);
  if (given.folder === undefined) return resolve(path);
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : resolve(given.folder, path);
}

function toAddresses(given: Given): readonly string[] {
  const addresses = splitAddresses(given.text);
  if (addresses.length === 0) throw usageError(`${given.source} is empty`);
  return addresses;
}

function toPager(given: Given): string | false {
  const word = filled(given).trim();
  return ['off', 'no', 'false', '0'].includes(word.toLowerCase()) ? false : word;
}

function homeOf(env: Environment): string {
  return env['HOME'] ?? homedir();
}
