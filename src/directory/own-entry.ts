import { failure, success, toSafeText, type Result } from '../base/index.ts';
import { isLoopback, parseAddress } from './address.ts';
import { addressText, type Directory, type DirectoryEntry } from './entry.ts';
import { parseUsernameText } from './username.ts';

export interface OwnEntryQuestion {
  /** The user's own answer, which settles it. */
  readonly as?: string;
  /** The listening port; without it every port fits. */
  readonly port?: number;
  /** Addresses of this machine's interfaces, and the names of this host. */
  readonly localAddresses: readonly string[];
}

/**
 * Which entry is this program's user (spec/09): the one named, else the only one with our port at an address of this
 * machine. Fails with own-entry, naming the candidates.
 */
export function findOwnEntry(directory: Directory, question: OwnEntryQuestion): Result<DirectoryEntry> {
  if (question.as !== undefined) return namedEntry(directory, question.as);
  const local = new Set(question.localAddresses.map((address) => canonical(address)));
  const candidates = directory.entries.filter((entry) =>
    entry.addresses.some(
      ({ ip, port }) => (question.port === undefined || port === question.port) && isLocal(ip, local),
    ),
  );
  const [only] = candidates;
  if (only !== undefined && candidates.length === 1) return success(only);
  const what =
    question.port === undefined
      ? 'an address of this machine'
      : `port ${question.port} at an address of this machine`;
  if (candidates.length > 1) {
    return failure(
      'own-entry',
      `several entries have ${what}: ${describe(candidates)}`,
      `Say which one is you with --as, for example --as ${quote(only)}.`,
    );
  }
  return failure(
    'own-entry',
    `no entry has ${what}; the directory has ${describe(directory.entries)}`,
    hintNone(directory),
  );
}

function namedEntry(directory: Directory, as: string): Result<DirectoryEntry> {
  const name = parseUsernameText(as);
  const entry = name.ok ? directory.entry(name.value) : undefined;
  if (entry !== undefined) return success(entry);
  return failure(
    'own-entry',
    `the directory has no “${toSafeText(as.slice(0, 80))}”; it has ${describe(directory.entries)}`,
    hintNone(directory),
  );
}

function hintNone(directory: Directory): string {
  const add = 'Add yourself with “sotto directory add”';
  return directory.entries.length === 0 ? `${add}.` : `${add}, or say which one is you with --as NAME.`;
}

function canonical(address: string): string {
  const parsed = parseAddress(address);
  return parsed.ok ? withoutZone(parsed.value.canonical) : address;
}

/** An address that means "every address" can only be one's own. */
function isLocal(ip: string, local: ReadonlySet<string>): boolean {
  return isLoopback(ip) || ip === '0.0.0.0' || ip === '::' || local.has(withoutZone(ip));
}

function withoutZone(ip: string): string {
  return ip.replace(/%.*$/, '');
}

const NAMES_SHOWN = 8;

function describe(entries: readonly DirectoryEntry[]): string {
  if (entries.length === 0) return 'no entries';
  const shown = entries.slice(0, NAMES_SHOWN).map((entry) => `${quote(entry)} (${addressText(entry)})`);
  const more = entries.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function quote(entry: DirectoryEntry | undefined): string {
  const name = toSafeText(entry?.username ?? '');
  return /[\s'’&()~!]/u.test(name) ? `"${name}"` : name;
}
