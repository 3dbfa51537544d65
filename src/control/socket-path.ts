import { statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { CodedError, encodeUtf8 } from '../base/index.ts';

/** What a socket's address holds (`sun_path`), less its terminating zero. */
const PATH_BYTES_MAX = 107;

/**
 * Where the program that holds this home is spoken to: in the home itself, or, where that name is too long for a socket, in the
 * XDG runtime folder under the home's device and inode. On Windows it is a named pipe, which nobody has tried yet. Throws
 * control-unusable when there is no place.
 */
export function controlPath(
  home: string,
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): string {
  if (platform === 'win32') return `\\\\.\\pipe\\sotto-${identityOf(home)}`;
  const path = join(home, 'control.sock');
  if (fits(path)) return path;
  const runtime = env['XDG_RUNTIME_DIR'] ?? '';
  if (isAbsolute(runtime)) {
    const short = join(runtime, `sotto-${identityOf(home)}.sock`);
    if (fits(short)) return short;
  }
  throw new CodedError({
    code: 'control-unusable',
    message: `the path of the home is too long for a socket in it (${path})`,
    hint: 'Set XDG_RUNTIME_DIR, or use a home with a shorter path; other commands cannot use this home while Sotto runs.',
  });
}

/** Of a folder, whatever path leads to it. */
function identityOf(folder: string): string {
  const { dev, ino } = statSync(folder, { bigint: true });
  return `${dev.toString(36)}-${ino.toString(36)}`;
}

function fits(path: string): boolean {
  return encodeUtf8(path).length <= PATH_BYTES_MAX;
}
