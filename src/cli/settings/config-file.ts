import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Node, ParseError } from 'jsonc-parser';
import { CodedError, systemCode, systemReason, type Failure } from '../../base/index.ts';
import { closest } from '../words/closest.ts';
import type { Environment } from '../context.ts';
import { shellWord } from '../words/describe.ts';
import {
  configFolder,
  isSettingKey,
  SETTING_KEYS,
  SETTINGS,
  type Given,
  type SettingKey,
} from './setting.ts';

/** Twelve settings are less than 1 KiB; what is larger is another file by mistake. */
const CONFIG_BYTES_MAX = 65_536;

/** What the configuration file holds, as far as it can be read. */
export interface ConfigFile {
  readonly path: string;
  /** Empty when there is no file. */
  readonly text: string;
  readonly settings: ReadonlyMap<SettingKey, FileSetting>;
  /** config-invalid, each with its line; file-unusable. */
  readonly mistakes: readonly Mistake[];
}

export interface Mistake extends Failure {
  /** Not of one setting: nothing can be changed in such a file. */
  readonly isWhole?: true;
}

export interface FileSetting extends Given {
  readonly line: number;
}

export function configPath(env: Environment): string {
  return join(configFolder(env), 'config.json');
}

/** The settings of the file; throws its first mistake. A missing file has none. */
export function readConfig(env: Environment): ReadonlyMap<SettingKey, FileSetting> {
  const { settings, mistakes } = openConfig(configPath(env));
  const [mistake] = mistakes;
  if (mistake) throw new CodedError(mistake);
  return settings;
}

/** What is wrong with the file is among its mistakes. */
export function openConfig(path: string): ConfigFile {
  try {
    const text = readText(path);
    return text === undefined
      ? { path, text: '', settings: new Map(), mistakes: [] }
      : parseConfig(path, text);
  } catch (error) {
    if (!(error instanceof CodedError) && systemCode(error) === '') throw error;
    const mistake: Failure =
      error instanceof CodedError
        ? error.failure
        : { code: 'file-unusable', message: `${path} cannot be read: ${systemReason(error)}` };
    return { path, text: '', settings: new Map(), mistakes: [{ ...mistake, isWhole: true }] };
  }
}

/** Most people have none, and pay for no parser. */
export function jsonParser(): typeof import('jsonc-parser') {
  return createRequire(import.meta.url)('jsonc-parser') as typeof import('jsonc-parser');
}

function readText(path: string): string | undefined {
  let file: number;
  try {
    // A FIFO in its place must not stop the program.
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw invalid(path, 'it is not a regular file');
    // It names files and a command that is run.
    if (process.getuid !== undefined && (stats.mode & 0o002) !== 0)
      throw invalid(path, 'everybody can write it', `Run: chmod go-w ${shellWord(path)}`);
    if (stats.size > CONFIG_BYTES_MAX) throw invalid(path, 'it is larger than 64 KiB');
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } finally {
    closeSync(file);
  }
}

/** JSON; comments and a last comma are allowed, as in other files that people write. */
function parseConfig(path: string, text: string): ConfigFile {
  const { parseTree, printParseErrorCode } = jsonParser();
  const errors: ParseError[] = [];
  const root = text.trim() === '' ? undefined : parseTree(text, errors, { allowTrailingComma: true });
  const lineOf = (offset: number): number => text.slice(0, offset).split('\n').length;
  const settings = new Map<SettingKey, FileSetting>();
  const mistakes: Mistake[] = errors
    .slice(0, 1)
    .map(({ error, offset }) =>
      failureAt(path, lineOf(offset), `this is not JSON (${printParseErrorCode(error)})`),
    );
  if (root && root.type !== 'object')
    mistakes.push(failureAt(path, lineOf(root.offset), 'the file is not one object in braces'));
  for (const property of root?.type === 'object' ? (root.children ?? []) : []) {
    const [name, value] = property.children ?? [];
    if (!name || !value) continue;
    const line = lineOf(name.offset);
    try {
      const key = knownKey(String(name.value), settings);
      const setting = {
        text: textOf(key, value),
        source: `${path}:${line}: ${key}`,
        folder: dirname(path),
        line,
      };
      SETTINGS[key].parse(setting);
      settings.set(key, setting);
    } catch (error) {
      mistakes.push(toMistake(error, path, line));
    }
  }
  return { path, text, settings, mistakes };
}

function knownKey(name: string, settings: ReadonlyMap<SettingKey, unknown>): SettingKey {
  if (!isSettingKey(name)) throw unknownSetting(name);
  if (settings.has(name))
    throw new CodedError({ code: 'config-invalid', message: `${name} stands there twice` });
  return name;
}

export function unknownSetting(name: string): CodedError {
  const meant = closest(name, SETTING_KEYS);
  return new CodedError({
    code: 'config-invalid',
    message: `there is no setting “${name}”`,
    hint: /pass(word|phrase)$/i.test(name)
      ? 'Secrets are not kept there: “passphrase-file” names the file of one.'
      : meant === undefined
        ? `The settings are: ${SETTING_KEYS.join(', ')}.`
        : `Did you mean “${meant}”?`,
  });
}

/** As a flag would have it. */
function textOf(key: SettingKey, node: Node): string {
  const { json } = SETTINGS[key];
  const value: unknown =
    node.type === 'array' ? (node.children ?? []).map((child) => child.value as unknown) : node.value;
  if (json === 'true or false' && typeof value === 'boolean') return String(value);
  if (json === 'a number' && typeof value === 'number') return String(value);
  if (json === 'a command, or false' && value === false) return 'false';
  if (json === 'a list of texts' && Array.isArray(value) && value.every((item) => typeof item === 'string'))
    return value.join(',');
  if (json !== 'true or false' && json !== 'a number' && typeof value === 'string') return value;
  throw new CodedError({ code: 'config-invalid', message: `${key} is not ${json}` });
}

/** Parsers name the file and its line already, where they name a value. */
function toMistake(error: unknown, path: string, line: number): Failure {
  if (!(error instanceof CodedError)) throw error;
  const message = error.message.startsWith(`${path}:`) ? error.message : `${path}:${line}: ${error.message}`;
  return { ...error.failure, code: 'config-invalid', message };
}

function failureAt(path: string, line: number, message: string): Mistake {
  return { code: 'config-invalid', message: `${path}:${line}: ${message}`, isWhole: true };
}

function invalid(path: string, message: string, hint?: string): CodedError {
  return new CodedError({ code: 'config-invalid', message: `${path}: ${message}`, ...(hint && { hint }) });
}
