import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CodedError, systemCode, systemReason } from '../../base/index.ts';
import { splitAddresses } from '../flags.ts';
import { jsonParser, openConfig } from './config-file.ts';
import { SETTINGS, type SettingKey } from './setting.ts';

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
      return key === 'keep' || key === 'linger' || key === 'timeout' ? text : String(value);
  }
}

/**
 * Puts a value into the file, or takes its key out (undefined); comments and everything else stay as they are. Whatever else may be
 * wrong in the file, it must be JSON. Throws `config-invalid` and `file-unusable`; the file is then as it was.
 */
export function editConfig(path: string, key: string, value: JsonValue | undefined): void {
  const { text, mistakes } = openConfig(path);
  const broken = mistakes.find(({ isWhole }) => isWhole === true);
  if (broken) throw new CodedError(broken);
  const { applyEdits, modify } = jsonParser();
  const formattingOptions = { insertSpaces: true, tabSize: 2, eol: '\n' };
  const before = text.trim() === '' ? '{}\n' : text;
  const after = applyEdits(before, modify(before, [key], value, { formattingOptions }));
  if (after !== text) writeConfig(path, after);
}

/** As a whole: after a power cut there is the old file or the new one. One that is a link elsewhere stays one. */
function writeConfig(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    replaceFile(realPath(path), text);
  } catch (error) {
    throw new CodedError(
      { code: 'file-unusable', message: `${path} cannot be written: ${systemReason(error)}` },
      { cause: error },
    );
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
