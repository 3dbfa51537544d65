import { isUtf8 } from 'node:buffer';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir, hostname, networkInterfaces } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

// Whose home a command line is about, where that is plain: every doubt is answered with undefined, and then the directory and the
// home are read by those who know all about them.

type Environment = Readonly<Record<string, string | undefined>>;

export interface QuickHome {
  /** Where the program that has the home is spoken to. */
  readonly path: string;
  /** Whether the home of this user name is the one that was meant. */
  readonly isOwner: (username: unknown) => boolean;
}

interface Entry {
  readonly username: string;
  readonly ip: string;
  readonly port: number;
}

const DEFAULT_PORT = '7688';
const DIRECTORY_BYTES_MAX = 1024 * 1024;
const SOCKET_PATH_BYTES_MAX = 107;
const USERNAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;
const PASSWORD = /^[^\p{Cc}\p{Cs}]{1,256}$/u;
const KEY = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;
const IPV4 = /^(?:(?:0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])(?:\.(?!$)|$)){4}$/;
const HOST =
  /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*(?!\d+$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

const PORT = /^[1-9]\d{0,4}$/;
const SETTINGS: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['port', (value: unknown) => typeof value === 'number' && PORT.test(String(value))],
  ['as', (value: unknown) => typeof value === 'string' && USERNAME.test(value)],
  ['home', (value: unknown) => typeof value === 'string' && isAbsolute(value)],
  ['directory', (value: unknown) => typeof value === 'string' && isAbsolute(value)],
]);
/** Variables that `send` reads besides. */
const OTHER_VARIABLES = ['SOTTO_TIMEOUT', 'SOTTO_PASSPHRASE_FILE', 'SOTTO_PLAIN', 'SOTTO_TRACE'] as const;

export function quickHome(flags: ReadonlyMap<string, string>, env: Environment): QuickHome | undefined {
  if (process.platform === 'win32') return undefined;
  const folder = join(absolute(env['XDG_CONFIG_HOME']) ?? join(env['HOME'] ?? homedir(), '.config'), 'sotto');
  const config = plainConfig(join(folder, 'config.json'));
  if (!config || OTHER_VARIABLES.some((name) => (env[name] ?? '') !== '')) return undefined;
  const given = (name: string): string | undefined =>
    flags.get(`--${name}`) ?? (env[`SOTTO_${name.toUpperCase()}`] || config.get(name));
  const port = given('port') ?? DEFAULT_PORT;
  if (!PORT.test(port) || Number(port) > 65_535) return undefined;
  const entries = plainEntries(resolve(given('directory') ?? join(folder, 'directory.json')));
  if (!entries) return undefined;
  const home = given('home');
  const as = given('as');
  // Without a name it is the home itself that says whose it is.
  const own = as ?? (home === undefined ? ownEntry(entries, Number(port))?.username : undefined);
  if (own === undefined && home === undefined) return undefined;
  const isOwner = (username: unknown): boolean =>
    entries.some((entry) => entry.username === username) && (own === undefined || own === username);
  const path = join(resolve(home ?? defaultHome(own ?? '', env)), 'control.sock');
  return Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX && existsSync(path) ? { path, isOwner } : undefined;
}

/** The settings of the file, if they are none but these, and as plain as they can be. */
function plainConfig(path: string): ReadonlyMap<string, string> | undefined {
  try {
    if (!statSync(path, { throwIfNoEntry: false })) return new Map();
  } catch {
    return undefined;
  }
  const config = parseStrictly(path);
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return undefined;
  const settings: readonly (readonly [string, unknown])[] = Object.entries(config);
  const isPlain = settings.every(([key, value]) => SETTINGS.get(key)?.(value) ?? false);
  return isPlain ? new Map(settings.map(([key, value]) => [key, String(value)])) : undefined;
}

/** The entries of a file without mistakes, and of nothing that would have to be understood to know that. */
function plainEntries(path: string): readonly Entry[] | undefined {
  const entries = parseStrictly(path);
  if (!Array.isArray(entries) || !entries.every(isPlain)) return undefined;
  const names = new Set(entries.map(({ username }) => looks(username)));
  const addresses = new Set(entries.map(({ ip, port }) => `${ip}:${port}`));
  const keys = entries.flatMap(({ key }) => key ?? []);
  const isEachOther = [names, addresses].every(({ size }) => size === entries.length);
  return isEachOther && new Set(keys).size === keys.length ? entries : undefined;
}

function parseStrictly(path: string): unknown {
  try {
    const stats = statSync(path);
    if (!stats.isFile() || stats.size > DIRECTORY_BYTES_MAX) return undefined;
    const bytes = readFileSync(path);
    const text = bytes.toString();
    const value = JSON.parse(text) as unknown;
    // A field that is there twice vanishes in the value.
    const isWhole = text.replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, '$1') === JSON.stringify(value);
    return isUtf8(bytes) && isWhole ? value : undefined;
  } catch {
    return undefined;
  }
}

function isPlain(entry: unknown): entry is Entry & { readonly key?: string } {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return false;
  if (Object.values(entry).some((value) => typeof value === 'object')) return false;
  const { username, password, ip, port, key } = entry as Readonly<Record<string, unknown>>;
  const matches = (pattern: RegExp, value: unknown): boolean =>
    typeof value === 'string' && pattern.test(value);
  return (
    matches(USERNAME, username) &&
    matches(PASSWORD, password) &&
    (matches(IPV4, ip) || matches(HOST, ip)) &&
    Number.isInteger(port) &&
    (port as number) >= 1 &&
    (port as number) <= 65_535 &&
    (key === undefined || matches(KEY, key))
  );
}

/** The same for names that people could take for each other, and for some that they could not. */
function looks(username: string): string {
  return username.toLowerCase().replaceAll(/[1i]/g, 'l').replaceAll('0', 'o');
}

/** The only one with this port at an address of this machine. */
function ownEntry(entries: readonly Entry[], port: number): Entry | undefined {
  const name = hostname().toLowerCase();
  const short = name.split('.')[0] ?? name;
  const interfaces = Object.values(networkInterfaces()).flatMap((infos) => infos ?? []);
  const local = new Set([...interfaces.map(({ address }) => address), name, short, `${short}.local`]);
  const isLocal = (ip: string): boolean =>
    /^127\.\d+\.\d+\.\d+$/.test(ip) || ip === 'localhost' || ip === '0.0.0.0' || local.has(ip);
  const [only, ...others] = entries.filter((entry) => entry.port === port && isLocal(entry.ip));
  return others.length === 0 ? only : undefined;
}

function defaultHome(username: string, env: Environment): string {
  const data = absolute(env['XDG_DATA_HOME']) ?? join(env['HOME'] ?? homedir(), '.local', 'share');
  return join(data, 'sotto', username);
}

function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}
