import { findNodeAtLocation, type Node } from 'jsonc-parser';
import { Secret, toSafeText, type Bytes, type Failure, type Result } from '../base/index.ts';
import { parseAddress } from './address.ts';
import { findDuplicates } from './duplicates.ts';
import { createDirectory } from './entry.ts';
import type { Directory, DirectoryEntry, PeerAddress, PlacedEntry } from './entry.ts';
import { parseJsonBytes, type JsonDocument } from './json-text.ts';
import { parseKeyText } from './key-text.ts';
import { normalisePassword } from './password.ts';
import { parseUsernameText } from './username.ts';

/** More mistakes than a person corrects at once; the last failure then says how many more there are. */
export const PROBLEMS_MAX = 100;

/**
 * Reads a directory file (spec/09). It never throws: every mistake is a failure directory-invalid whose message names
 * line, column, entry and field, and never a password.
 */
export function parseDirectory(bytes: Bytes): Result<Directory, readonly Failure[]> {
  const document = parseJsonBytes(bytes);
  if (!document.ok) return { ok: false, failure: [document.failure] };
  const reader = new EntryReader(document.value);
  const entries = reader.read();
  const problems = [...reader.problems, ...findDuplicates(entries)];
  if (problems.length === 0) return { ok: true, value: createDirectory(entries.map(({ entry }) => entry)) };
  return { ok: false, failure: shorten(problems) };
}

function shorten(problems: readonly Failure[]): readonly Failure[] {
  if (problems.length <= PROBLEMS_MAX) return problems;
  const more = `… and ${problems.length - PROBLEMS_MAX} mistakes more`;
  return [...problems.slice(0, PROBLEMS_MAX), { code: 'directory-invalid', message: more }];
}

/** Where a mistake is: the entry's number, its name as far as known, the field. */
interface Place {
  readonly number: number;
  readonly name: string | undefined;
  readonly field?: string;
}

class EntryReader {
  readonly problems: Failure[] = [];
  readonly #document: JsonDocument;

  constructor(document: JsonDocument) {
    this.#document = document;
  }

  read(): readonly PlacedEntry[] {
    const { root } = this.#document;
    if (root.type !== 'array') {
      this.#problem(
        root,
        `the file is ${kindOf(root)}; a directory is a list of entries`,
        'Write [ … ] around it.',
      );
      return [];
    }
    return (root.children ?? []).flatMap((node, index) => {
      const entry = this.#entry(node, index + 1);
      return entry === undefined ? [] : [{ entry, number: index + 1 }];
    });
  }

  #entry(node: Node, number: number): DirectoryEntry | undefined {
    if (node.type !== 'object') {
      this.#problem(node, `entry ${number} is ${kindOf(node)}; every entry is an object { … }`);
      return undefined;
    }
    const username = this.#username(node, number);
    const place = { number, name: username };
    this.#repeatedFields(node, place);
    const password = this.#password(node, place);
    const port = this.#port(node, findNodeAtLocation(node, ['port']), { ...place, field: 'port' });
    const ip = this.#address(node, findNodeAtLocation(node, ['ip']), { ...place, field: 'ip' });
    const key = this.#key(node, place);
    const others = this.#addresses(node, port, place);
    if (password === '' && findNodeAtLocation(node, ['key']) === undefined) {
      this.#at(node, place, 'has neither a password nor a key', 'Give it a password, or the person’s key.');
    }
    if (username === undefined || password === undefined || port === undefined || ip === undefined)
      return undefined;
    const line = this.#document.line(node.offset);
    const addresses = [{ ip, port }, ...others];
    const entry = { username, password: new Secret(password), port, ip, addresses, line };
    return key === undefined ? entry : { ...entry, key };
  }

  #username(entry: Node, number: number): string | undefined {
    const place = { number, name: undefined, field: 'username' };
    const text = this.#text(entry, findNodeAtLocation(entry, ['username']), place);
    return text === undefined ? undefined : this.#take(text.node, place, parseUsernameText(text.value));
  }

  /** A name twice in one object: JSON readers disagree about which one counts. */
  #repeatedFields(entry: Node, place: Place): void {
    const seen = new Map<unknown, Node>();
    for (const property of entry.children ?? []) {
      const name = property.children?.[0];
      if (name === undefined) continue;
      const first = seen.get(name.value);
      if (first === undefined) seen.set(name.value, name);
      else {
        const line = this.#document.line(first.offset);
        const shown = toSafeText(String(name.value).slice(0, 80));
        this.#at(
          name,
          place,
          `the field “${shown}” is there twice (first on line ${line})`,
          'Remove one of them.',
        );
      }
    }
  }

  /** Empty when it is missing; undefined after a mistake. */
  #password(entry: Node, place: Place): string | undefined {
    const node = findNodeAtLocation(entry, ['password']);
    if (node === undefined || node.value === '') return '';
    const where = { ...place, field: 'password' };
    const text = this.#text(entry, node, where);
    return text === undefined ? undefined : this.#take(text.node, where, normalisePassword(text.value));
  }

  #port(entry: Node, node: Node | undefined, place: Place): number | undefined {
    if (node === undefined) return this.#missing(entry, place);
    const value: unknown =
      typeof node.value === 'string' && /^\s*[0-9]{1,5}\s*$/.test(node.value)
        ? Number(node.value)
        : node.value;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535) return value;
    const shown =
      typeof node.value === 'number' || typeof node.value === 'string' ? this.#source(node) : kindOf(node);
    this.#at(node, place, `${shown} is not a port`, 'A port is a whole number from 1 to 65535.');
    return undefined;
  }

  #address(entry: Node, node: Node | undefined, place: Place): string | undefined {
    const text = this.#text(entry, node, place);
    return text === undefined ? undefined : this.#take(text.node, place, parseAddress(text.value))?.canonical;
  }

  #key(entry: Node, place: Place): Bytes | undefined {
    const node = findNodeAtLocation(entry, ['key']);
    if (node === undefined) return undefined;
    const where = { ...place, field: 'key' };
    const text = this.#text(entry, node, where);
    return text === undefined ? undefined : this.#take(text.node, where, parseKeyText(text.value));
  }

  /** Further addresses: texts, which mean the entry's port, or objects with ip and port. */
  #addresses(entry: Node, defaultPort: number | undefined, place: Place): readonly PeerAddress[] {
    const node = findNodeAtLocation(entry, ['addresses']);
    const where = { ...place, field: 'addresses' };
    if (node === undefined) return [];
    if (node.type !== 'array') {
      this.#at(
        node,
        where,
        `${kindOf(node)} is not a list`,
        'Such as ["10.0.0.5", {"ip": "fd00::5", "port": 7689}].',
      );
      return [];
    }
    return (node.children ?? []).flatMap((child) => {
      const isObject = child.type === 'object';
      const ip = this.#address(child, isObject ? findNodeAtLocation(child, ['ip']) : child, where);
      const ownPort = isObject ? findNodeAtLocation(child, ['port']) : undefined;
      const port = ownPort === undefined ? defaultPort : this.#port(child, ownPort, where);
      return ip === undefined || port === undefined ? [] : [{ ip, port }];
    });
  }

  #text(
    entry: Node,
    node: Node | undefined,
    place: Place,
  ): { readonly node: Node; readonly value: string } | undefined {
    if (node === undefined) return this.#missing(entry, place);
    if (typeof node.value === 'string') return { node, value: node.value };
    this.#at(node, place, `${kindOf(node)} is not a text`, 'Texts stand in double quotes.');
    return undefined;
  }

  #missing(entry: Node, place: Place): undefined {
    this.#at(entry, place, 'is missing', 'Every entry has username, password, port and ip.');
    return undefined;
  }

  #take<Value>(node: Node, place: Place, result: Result<Value>): Value | undefined {
    if (result.ok) return result.value;
    this.#at(node, place, result.failure.message, result.failure.hint);
    return undefined;
  }

  #source({ offset, length }: Node): string {
    return toSafeText(this.#document.text.slice(offset, offset + Math.min(length, 40)));
  }

  #at(node: Node, { number, name, field }: Place, message: string, hint?: string): void {
    const who = name === undefined ? '' : ` (${toSafeText(name)})`;
    const where = field === undefined ? `entry ${number}${who} ` : `entry ${number}${who}, ${field}: `;
    this.#problem(node, where + message, hint);
  }

  #problem(node: Node, message: string, hint?: string): void {
    // To find a column costs a look at the whole line, which may be all of the file.
    const place = this.problems.length < PROBLEMS_MAX ? this.#document.place(node.offset) : '';
    const problem: Failure = { code: 'directory-invalid', message: `${place}: ${message}` };
    this.problems.push(hint === undefined ? problem : { ...problem, hint });
  }
}

function kindOf(node: Node): string {
  const kinds: Readonly<Record<Node['type'], string>> = {
    array: 'a list',
    boolean: 'true or false',
    null: 'null',
    number: 'a number',
    object: 'an object',
    property: 'a field',
    string: 'a text',
  };
  return kinds[node.type];
}
