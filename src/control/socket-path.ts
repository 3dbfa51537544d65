import { lstatSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
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

/**
 * Throws unless the socket's folder is ours alone: then nobody can have put anything there, or exchange what is there. Both sides ask: a
 * client would tell whoever waits in a folder of everybody.
 */
export function mustLieAmongOurs(path: string): void {
  if (isPipe(path)) return;
  const folder = dirname(path);
  const { mode, uid } = lstatSync(folder);
  const isOurs = process.getuid === undefined || uid === process.getuid();
  if (!isOurs || (mode & 0o077) !== 0) throw new Error(`others can write or read the folder ${folder}`);
}

/** A named pipe of Windows lies in no folder. */
export function isPipe(path: string): boolean {
  return path.startsWith('\\\\');
}

/** Of a folder, whatever path leads to it. */
function identityOf(folder: string): string {
  const { dev, ino } = statSync(folder, { bigint: true });
  return `${dev.toString(36)}-${ino.toString(36)}`;
}

function fits(path: string): boolean {
  return encodeUtf8(path).length <= PATH_BYTES_MAX;
}
