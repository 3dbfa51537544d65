import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CodedError, systemCode, systemReason } from '../../base/index.ts';
import { splitAddresses } from '../settings/flags.ts';
import { jsonParser, openConfig } from '../settings/config-file.ts';
import { SETTINGS, type SettingKey } from '../settings/setting.ts';

type JsonValue = string | number | boolean | readonly string[];

/** As the file has it, of what was typed. Throws `usage` for what is no such value. */
export function toValue(key: SettingKey, text: string): JsonValue {
  const value = SETTINGS[key].parse({ text, source: key });
  switch (SETTINGS[key].json) {
    case 'a number':
      return Number(text);
    case 'true or false':
      return value === true;
    case 'a list of texts':
      return splitAddresses(text);
    case 'a command, or false':
      return value === false ? false : text;
    case 'a text':
      // Read elsewhere, a relative path would mean another file.
      if (key === 'passphrase-file') return resolve(text);
      return key === 'keep' || key === 'linger' || key === 'timeout' ? text : String(value);
  }
}

/** An edit takes milliseconds: a lock that is older was left by a program that was killed. */
const LOCK_MS_MAX = 5_000;
const LOCK_AGAIN_MS = 20;

/**
 * Puts a value into the file, or takes its key out (undefined); comments and everything else stay as they are. Whatever else may be
 * wrong in the file, it must be JSON. Resolves to whether anything was to be changed; rejects with `config-invalid` and
 * `file-unusable`, and the file is then as it was.
 */
export async function editConfig(path: string, key: string, value: JsonValue | undefined): Promise<boolean> {
  if (value === undefined && edited(path, key, value) === undefined) return false;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // One that is a link elsewhere stays one.
    const target = realPath(path);
    const next = `${target}.lock`;
    const file = await lock(next);
    try {
      const text = edited(path, key, value);
      if (text !== undefined) writeFileSync(file, text);
      fsyncSync(file);
      // As a whole: after a power cut there is the old file or the new one.
      if (text !== undefined) renameSync(next, target);
      return text !== undefined;
    } finally {
      closeSync(file);
      rmSync(next, { force: true });
    }
  } catch (error) {
    if (error instanceof CodedError) throw error;
    throw new CodedError(
      { code: 'file-unusable', message: `${path} cannot be written: ${systemReason(error)}` },
      { cause: error },
    );
  }
}

/** The whole file with the change; undefined where there is none. */
function edited(path: string, key: string, value: JsonValue | undefined): string | undefined {
  const { text, mistakes } = openConfig(path);
  const broken = mistakes.find(({ isWhole }) => isWhole === true);
  if (broken) throw new CodedError(broken);
  const { applyEdits, modify } = jsonParser();
  const formattingOptions = { insertSpaces: true, tabSize: 2, eol: '\n' };
  const before = text.trim() === '' ? '{}\n' : text;
  const after = applyEdits(before, modify(before, [key], value, { formattingOptions }));
  return after === before ? undefined : after;
}

/** The file that becomes the new one is the lock, too: who edits at the same time waits for it, and neither change is lost. */
async function lock(path: string): Promise<number> {
  for (;;)
    try {
      return openSync(path, 'wx', 0o600);
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      const { mtimeMs = Date.now() } = statSync(path, { throwIfNoEntry: false }) ?? {};
      if (Math.abs(Date.now() - mtimeMs) > LOCK_MS_MAX) rmSync(path, { force: true });
      else await pause(LOCK_AGAIN_MS);
    }
}

/** Only for what people edit themselves; the store writes what the program lives by. Throws the system's error. */
export function replaceFile(path: string, text: string): void {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return path;
    throw error;
  }
}
