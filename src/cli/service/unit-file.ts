import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CodedError, systemCode, systemReason } from '../../base/index.ts';
import { replaceFile } from '../config/edit-config.ts';
import { configFolder } from '../settings/setting.ts';
import type { Environment } from '../context.ts';
import { UNIT } from './systemd.ts';
import { UNIT_MARK } from './unit.ts';

/** `~/.config/systemd/user/sotto.service` */
export function unitPath(env: Environment): string {
  return join(dirname(configFolder(env)), 'systemd/user', UNIT);
}

/** Whose the file is: nobody’s, ours, or somebody else’s, who shall keep it. Throws file-unusable. */
export function ownerOf(path: string): 'nobody' | 'ours' | 'others' {
  try {
    return readFileSync(path, 'utf8').startsWith(UNIT_MARK) ? 'ours' : 'others';
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 'nobody';
    throw unusable(path, 'read', error);
  }
}

/** Throws file-unusable. */
export function writeUnit(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    replaceFile(path, text);
  } catch (error) {
    throw unusable(path, 'written', error);
  }
}

/** Throws file-unusable. */
export function removeUnit(path: string): void {
  try {
    rmSync(path);
  } catch (error) {
    throw unusable(path, 'removed', error);
  }
}

function unusable(path: string, verb: string, cause: unknown): CodedError {
  return new CodedError(
    { code: 'file-unusable', message: `${path} cannot be ${verb}: ${systemReason(cause)}` },
    { cause },
  );
}
