import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { toSafeLine } from '../../base/index.ts';
import { configPath, openConfig } from '../settings/config-file.ts';
import { SETTINGS, variableOf, type Given } from '../settings/setting.ts';
import type { Environment } from '../context.ts';
import { defaultDirectory } from '../settings/settings.ts';
import type { GivenOptions } from './candidates.ts';

/** A directory has at most 1 MiB. */
const BYTES_MAX = 1_048_576;
/** A name has at most 64 bytes. */
const NAME_MAX = 64;

/**
 * Who is in the directory, but for oneself. A Tab must be answered before the person who pressed it notices: neither the store nor
 * a running node is asked, and a file with mistakes has the names that can be read in it. Never throws.
 */
export function contactNames(given: GivenOptions, env: Environment): readonly string[] {
  try {
    const self = setting('as', given, env);
    return namesIn(setting('directory', given, env) ?? defaultDirectory(env)).filter((name) => name !== self);
  } catch {
    // Whoever wants to know why runs a command.
    return [];
  }
}

function setting(key: 'as' | 'directory', given: GivenOptions, env: Environment): string | undefined {
  const flag = given.get(`--${key}`);
  const variable = env[variableOf(key)] ?? '';
  if (flag !== undefined) return key === 'directory' ? resolve(flag) : flag;
  if (variable !== '') return key === 'directory' ? resolve(variable) : variable;
  const found: Given | undefined = openConfig(configPath(env)).settings.get(key);
  return found && SETTINGS[key].parse(found);
}

function namesIn(path: string): readonly string[] {
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = fstatSync(file);
    if (!stats.isFile() || stats.size > BYTES_MAX) return [];
    const entries: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(entries) ? [...new Set(entries.flatMap(nameOf))] : [];
  } finally {
    closeSync(file);
  }
}

/** Nothing that a terminal would obey, or that would be two lines. */
function nameOf(entry: unknown): readonly string[] {
  const name = (entry as { readonly username?: unknown } | null)?.username;
  return typeof name === 'string' && name !== '' && name.length <= NAME_MAX && toSafeLine(name) === name
    ? [name.normalize('NFC')]
    : [];
}
