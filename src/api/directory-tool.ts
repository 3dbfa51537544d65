import type { Failure } from '../base/index.ts';

/** Reads and writes the directory file. All reject with a `CodedError`; every write is atomic, 0600. */
export interface DirectoryTool {
  /** Every mistake with entry, field and line; empty when the file is good. Rejects with directory-missing, -unreadable. */
  check(path: string): Promise<DirectoryReport>;
  list(path: string): Promise<readonly DirectoryEntryView[]>;
  /** Creates an empty list, 0600. Rejects with contact-exists-like `directory-invalid` when the file is there already. */
  init(path: string): Promise<void>;
  /** Appends an entry; creates the file when it is missing. Rejects with contact-exists, directory-invalid. */
  add(path: string, entry: DirectoryEntryInput): Promise<void>;
  /** Changes the given fields of one entry; the rest, unknown fields among them, stays as it is. */
  set(path: string, username: string, fields: Partial<DirectoryEntryInput>): Promise<void>;
  remove(path: string, username: string): Promise<void>;
  /** The password of one entry, for a person who asks for it by name; empty when it has none. */
  revealPassword(path: string, username: string): Promise<string>;
  /** The first line of a file, exactly, without its end. Rejects with usage when it cannot be read or is empty. */
  readPasswordFile(path: string): Promise<string>;
  /** A random password: 20 characters of Crockford's base32 in groups of 5 (100 bits), easy to read aloud. */
  generatePassword(): string;
  /** Addresses of this machine that others might reach, the likeliest first. */
  localAddresses(): readonly string[];
}

export interface DirectoryEntryInput {
  readonly username: string;
  readonly password: string;
  readonly port: number;
  readonly ip: string;
  /** The peer's static key in base64, optional. */
  readonly key?: string;
}

export interface DirectoryEntryView {
  readonly username: string;
  readonly port: number;
  readonly ip: string;
  /** Where to dial besides ip and port, when the entry says so. */
  readonly furtherAddresses?: readonly { readonly ip: string; readonly port: number }[];
  readonly hasPassword: boolean;
  readonly key?: string;
  /** 1-based line of the entry's opening brace. */
  readonly line: number;
}

export interface DirectoryReport {
  readonly entries: number;
  readonly problems: readonly Failure[];
  /** Readable by others, not owned by us: not mistakes, but to be said. */
  readonly warnings: readonly Failure[];
}
