import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Chat, ChatEvent, ChatOptions, MessageId, OutgoingState } from '../../src/api/index.ts';
import { openChat } from '../../src/node/index.ts';
import { freePort } from '../free-port.ts';
import { until } from './until.ts';

export interface Entry {
  readonly username: string;
  readonly password: string;
  readonly port: number;
  readonly ip: string;
}

type OpenOptions = Partial<Pick<ChatOptions, 'lingerMs' | 'home' | 'port'>>;

/** People on loopback: each has a port, a directory file and a home of their own in one temporary folder. */
export class Town implements AsyncDisposable {
  readonly folder: string;
  readonly entries: readonly Entry[];
  readonly #open: Person[] = [];

  constructor(entries: readonly Entry[]) {
    this.folder = mkdtempSync(join(tmpdir(), 'sotto-net-'));
    this.entries = entries;
    for (const { username } of entries) this.write(username, entries);
  }

  entry(name: string): Entry {
    const found = this.entries.find((entry) => entry.username === name);
    if (!found) throw new Error(`nobody is called ${name}`);
    return found;
  }
  port(name: string): number {
    return this.entry(name).port;
  }
  /** The directory file of one person. */
  path(name: string): string {
    return join(this.folder, `${name}.json`);
  }
  home(name: string): string {
    return join(this.folder, `home-${name}`);
  }
  /** As an editor does it: a new file takes the old one's place. */
  write(name: string, content: readonly object[] | string): void {
    const path = this.path(name);
    const text = typeof content === 'string' ? content : JSON.stringify(content, undefined, 2);
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
  /** One person's directory says something else about another; the others' stay as they are. */
  edit(name: string, about: string, fields: Partial<Entry>): void {
    this.write(
      name,
      this.entries.map((entry) => (entry.username === about ? { ...entry, ...fields } : entry)),
    );
  }

  /**
   * What the two say to each other goes over connections that `dialler` makes, to this port if one is given: the listener, who
   * would call the dialler at its start, does not find it.
   */
  async onlyDials(dialler: string, listener: string, port: number = this.port(listener)): Promise<void> {
    this.edit(dialler, listener, { port });
    this.edit(listener, dialler, { port: await freePort() });
  }

  async open(name: string, options: OpenOptions = {}): Promise<Person> {
    const chat = await openChat(
      {
        directory: this.path(name),
        port: this.port(name),
        as: name,
        bind: ['127.0.0.1'],
        home: this.home(name),
        mode: 'listen',
        ...options,
      },
      {},
    );
    const person = new Person(name, chat);
    this.#open.push(person);
    return person;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#open.map(async (person) => person.close()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Passwords are `pw-<name>`; ports that are not given are free ones. */
export async function openTown(
  names: readonly string[],
  ports: Readonly<Record<string, number>> = {},
): Promise<Town> {
  const taken = new Set(Object.values(ports));
  const free = (await freePorts(names.length + taken.size)).filter((port) => !taken.has(port));
  return new Town(
    names.map((username, index) => ({
      username,
      password: `pw-${username}`,
      port: ports[username] ?? free[index] ?? 0,
      ip: '127.0.0.1',
    })),
  );
}

/** No two are the same. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

/** One node, and everything that it has said so far. */
export class Person implements AsyncDisposable {
  readonly name: string;
  readonly chat: Chat;
  readonly events: ChatEvent[] = [];
  readonly #reading: Promise<void>;

  constructor(name: string, chat: Chat) {
    this.name = name;
    this.chat = chat;
    this.#reading = this.#read();
  }

  async send(to: string, text: string): Promise<MessageId> {
    return this.chat.sendText({ to, text });
  }
  /** The time that it took, ms. */
  async delivered(id: MessageId, withinMs?: number): Promise<number> {
    const progress = await this.progress(id, ({ state }) => state === 'delivered', withinMs);
    return progress.state === 'delivered' ? progress.tookMs : Number.NaN;
  }
  async sendDelivered(to: string, text: string, withinMs?: number): Promise<number> {
    return this.delivered(await this.send(to, text), withinMs);
  }
  /** The first state of a message that the condition accepts. */
  async progress(
    id: MessageId,
    accept: (progress: OutgoingState) => boolean,
    withinMs?: number,
  ): Promise<OutgoingState> {
    const find = (): OutgoingState | undefined => this.states(id).find((progress) => accept(progress));
    return until(() => `${this.name}: progress of ${id}: ${JSON.stringify(this.states(id))}`, find, withinMs);
  }
  states(id: MessageId): readonly OutgoingState[] {
    return this.all('message-progress').flatMap((event) => (event.id === id ? [event.progress] : []));
  }
  async hears(text: string, withinMs?: number): Promise<void> {
    await until(`${this.name} hears ${text}`, () => this.texts().includes(text), withinMs);
  }
  /** What was shown, in order. */
  texts(from?: string): readonly string[] {
    return this.all('message-received').flatMap((event) =>
      from === undefined || event.from === from ? [event.text.exact()] : [],
    );
  }
  all<Type extends ChatEvent['type']>(type: Type): readonly Extract<ChatEvent, { type: Type }>[] {
    return this.events.filter((event): event is Extract<ChatEvent, { type: Type }> => event.type === type);
  }
  async event<Type extends ChatEvent['type']>(
    type: Type,
    accept: (event: Extract<ChatEvent, { type: Type }>) => boolean = () => true,
    withinMs?: number,
  ): Promise<Extract<ChatEvent, { type: Type }>> {
    return until(`${this.name}: ${type}`, () => this.all(type).find((event) => accept(event)), withinMs);
  }
  async contact(name: string): Promise<Awaited<ReturnType<Chat['contacts']>>[number] | undefined> {
    return (await this.chat.contacts()).find((contact) => contact.name === name);
  }
  /** Of somebody who does not listen: the call at the start is over. */
  async calledInVain(name: string): Promise<void> {
    await until(
      `${this.name} has called ${name} in vain`,
      async () => (await this.contact(name))?.trouble !== undefined,
    );
  }
  async close(): Promise<void> {
    await this.chat.close({ graceMs: 500 });
    await this.#reading;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #read(): Promise<void> {
    for await (const event of this.chat.events()) this.events.push(event);
  }
}
