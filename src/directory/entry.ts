import { equalBytes, type Bytes, type Secret } from '../base/index.ts';

/** One person of the directory file (spec/09). */
export interface DirectoryEntry {
  /** NFC, 1–64 bytes of UTF-8; compared bytewise. */
  readonly username: string;
  /** Normalised by `normalisePassword`; empty when the entry has only a `key`. */
  readonly password: Secret<string>;
  /** 1..65535 */
  readonly port: number;
  /** A canonical literal address, or a host name in lower case. */
  readonly ip: string;
  /** Where to dial, in this order; the first is `ip` and `port`. */
  readonly addresses: readonly PeerAddress[];
  /** The person's static X25519 public key, 32 bytes. */
  readonly key?: Bytes;
  /** 1-based line of the entry's opening brace. */
  readonly line: number;
}

export interface PeerAddress {
  readonly ip: string;
  readonly port: number;
}

/** An entry and its 1-based place in the list, for messages about two of them. */
export interface PlacedEntry {
  readonly entry: DirectoryEntry;
  readonly number: number;
}

export interface Directory {
  /** In the file's order. */
  readonly entries: readonly DirectoryEntry[];
  /** Bytewise lookup; a name that a person typed goes through `parseUsernameText` first. */
  entry(username: string): DirectoryEntry | undefined;
}

export interface DirectoryDifference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

export function createDirectory(entries: readonly DirectoryEntry[]): Directory {
  const byName = new Map(entries.map((entry) => [entry.username, entry]));
  return { entries, entry: (username) => byName.get(username) };
}

/** Names of who came, who went, and whose password, address or key is another; a move within the file is no change. */
export function diffDirectories(before: Directory, after: Directory): DirectoryDifference {
  const names = (entries: readonly DirectoryEntry[]) => entries.map((entry) => entry.username);
  return {
    added: names(after.entries.filter((entry) => before.entry(entry.username) === undefined)),
    removed: names(before.entries.filter((entry) => after.entry(entry.username) === undefined)),
    changed: names(
      after.entries.filter((entry) => {
        const old = before.entry(entry.username);
        return old !== undefined && !isSameEntry(old, entry);
      }),
    ),
  };
}

function isSameEntry(a: DirectoryEntry, b: DirectoryEntry): boolean {
  const none = new Uint8Array();
  return (
    a.password.reveal() === b.password.reveal() &&
    addressesText(a) === addressesText(b) &&
    equalBytes(a.key ?? none, b.key ?? none)
  );
}

function addressesText(entry: DirectoryEntry): string {
  return entry.addresses.map((address) => addressText(address)).join(' ');
}

/** `1.2.3.4:7688` or `[::1]:7688`. */
export function addressText({ ip, port }: PeerAddress): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}
