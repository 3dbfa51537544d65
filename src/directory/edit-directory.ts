import { findNodeAtLocation, type Node } from 'jsonc-parser';
import {
  encodeUtf8,
  failure,
  success,
  toSafeText,
  unreachable,
  type Failure,
  type Result,
} from '../base/index.ts';
import { parseJsonText } from './json-text.ts';
import { parseDirectory } from './parse-directory.ts';
import { parseUsernameText } from './username.ts';

export interface EntryFields {
  readonly username: string;
  readonly password?: string;
  readonly port: number;
  readonly ip: string;
  /** Base64 of the static key. */
  readonly key?: string;
}

export type DirectoryEdit =
  | { readonly type: 'add'; readonly entry: EntryFields }
  | { readonly type: 'set'; readonly username: string; readonly fields: Partial<EntryFields> }
  | { readonly type: 'remove'; readonly username: string };

export const EMPTY_DIRECTORY = '[]\n';

/**
 * The file's text after one edit. What the edit does not touch stays as it is, byte for byte: unknown fields, order and
 * layout; what is new has 2 spaces a level. Text and result are whole, good directories: fails with directory-invalid
 * (the first mistake), contact-exists or contact-unknown.
 */
export function editDirectory(text: string, edit: DirectoryEdit): Result<string> {
  const before = firstMistake(text);
  if (before !== undefined) return { ok: false, failure: before };
  const document = parseJsonText(text);
  if (!document.ok) return document;
  const edited = new Editor(text, document.value.root).apply(edit);
  if (!edited.ok) return edited;
  const eol = lineEnd(text);
  const whole = edited.value.endsWith('\n') ? edited.value : edited.value + eol;
  const after = firstMistake(whole);
  return after === undefined ? success(whole) : { ok: false, failure: withoutPlace(after) };
}

/** A mistake of what was to be written: its line is in no file. */
function withoutPlace(mistake: Failure): Failure {
  return { ...mistake, message: mistake.message.replace(/^line \d+(?:, column \d+)?: /, '') };
}

function firstMistake(text: string): Failure | undefined {
  const parsed = parseDirectory(encodeUtf8(text));
  return parsed.ok ? undefined : parsed.failure[0];
}

class Editor {
  readonly #text: string;
  readonly #root: Node;
  readonly #entries: readonly Node[];
  readonly #eol: string;

  constructor(text: string, root: Node) {
    this.#text = text;
    this.#root = root;
    this.#entries = root.children ?? [];
    this.#eol = lineEnd(text);
  }

  apply(edit: DirectoryEdit): Result<string> {
    switch (edit.type) {
      case 'add':
        return this.#add(edit.entry);
      case 'set':
        return this.#change(edit.username, (index) => this.#set(index, edit.fields));
      case 'remove':
        return this.#change(edit.username, (index) => this.#remove(index));
      default:
        return unreachable(edit);
    }
  }

  #add(entry: EntryFields): Result<string> {
    if (this.#indexOf(entry.username) >= 0) {
      return failure(
        'contact-exists',
        `the directory already has “${toSafeText(entry.username)}”`,
        'Change the entry with “sotto directory set”.',
      );
    }
    const last = this.#entries.at(-1);
    const start = last === undefined ? this.#root.offset + 1 : end(last);
    const rest = this.#text.slice(end(this.#root) - 1);
    const separator = last === undefined ? '' : ',';
    const isOneLine = last !== undefined && !this.#slice(last).includes('\n');
    const shown = isOneLine ? `  ${oneLine(entry)}` : this.#indented(entry);
    return success(`${this.#text.slice(0, start)}${separator}${this.#eol}${shown}${this.#eol}${rest}`);
  }

  #change(username: string, change: (index: number) => string): Result<string> {
    const index = this.#indexOf(username);
    if (index >= 0) return success(change(index));
    return failure(
      'contact-unknown',
      `the directory has no “${toSafeText(username.slice(0, 80))}”`,
      '“sotto directory list” shows who is there.',
    );
  }

  #set(index: number, fields: Partial<EntryFields>): string {
    const entry = this.#entries[index];
    if (entry === undefined) return this.#text;
    const inserted: string[] = [];
    const splices: { readonly start: number; readonly end: number; readonly content: string }[] = [];
    for (const [name, value] of Object.entries(fields)) {
      if (value === undefined) continue;
      const node = findNodeAtLocation(entry, [name]);
      if (node === undefined) inserted.push(`${JSON.stringify(name)}: ${JSON.stringify(value)}`);
      else splices.push({ start: node.offset, end: end(node), content: JSON.stringify(value) });
    }
    const lastField = entry.children?.at(-1);
    if (lastField !== undefined && inserted.length > 0) {
      const gap = this.#slice(entry).includes('\n') ? `${this.#eol}    ` : ' ';
      const content = inserted.map((field) => `,${gap}${field}`).join('');
      splices.push({ start: end(lastField), end: end(lastField), content });
    }
    let text = this.#text;
    for (const splice of splices.sort((a, b) => b.start - a.start)) {
      text = text.slice(0, splice.start) + splice.content + text.slice(splice.end);
    }
    return text;
  }

  /** With the comma before it, or after it when it is the first. */
  #remove(index: number): string {
    const [previous, entry, next] = [
      this.#entries[index - 1],
      this.#entries[index],
      this.#entries[index + 1],
    ];
    if (entry === undefined) return this.#text;
    if (previous !== undefined) return this.#text.slice(0, end(previous)) + this.#text.slice(end(entry));
    if (next !== undefined) return this.#text.slice(0, entry.offset) + this.#text.slice(next.offset);
    return `${this.#text.slice(0, this.#root.offset + 1)}${this.#text.slice(end(this.#root) - 1)}`;
  }

  #indexOf(username: string): number {
    const wanted = parseUsernameText(username);
    if (!wanted.ok) return -1;
    return this.#entries.findIndex((entry) => {
      const name: unknown = findNodeAtLocation(entry, ['username'])?.value;
      return typeof name === 'string' && name.normalize('NFC') === wanted.value;
    });
  }

  #slice(node: Node): string {
    return this.#text.slice(node.offset, end(node));
  }

  #indented(entry: EntryFields): string {
    const lines = JSON.stringify(ordered(entry), undefined, 2).split('\n');
    return lines.map((line) => `  ${line}`).join(this.#eol);
  }
}

function lineEnd(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

function end(node: Node): number {
  return node.offset + node.length;
}

function ordered({ username, password, port, ip, key }: EntryFields): Readonly<Record<string, unknown>> {
  return { username, password, port, ip, key };
}

function oneLine(entry: EntryFields): string {
  const fields = Object.entries(ordered(entry)).filter(([, value]) => value !== undefined);
  return `{ ${fields.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(', ')} }`;
}
