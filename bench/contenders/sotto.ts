import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { Chat, ChatEvent } from '../../src/api/index.ts';
import { createServices } from '../../src/services.ts';
import { freePort } from '../../test/free-port.ts';
import type { Client, Contender, Conversation, Server } from '../contender.ts';
import { openInMemory, type OwnHome } from '../in-memory.ts';
import { receive } from '../texts.ts';

/**
 * First contacts that one run may make: each needs an entry in the server's directory, and one address may begin ten in a
 * minute (spec/08 “Guessing”).
 */
const STRANGERS = 9;

/** Starts the whole program in process. */
type OpenChat = (options: OwnHome) => Promise<Chat>;

const services = createServices({});

/** Durable at both ends: what is acknowledged lies on disk, fsynced. */
export const sotto: Contender = contender(async (options) => services.openChat(options));

/** The same program with its messages in memory, as the others keep theirs. */
export const sottoInMemory: Contender = contender(openInMemory);

/**
 * A directory file and a home at both ends, one listens, one dials. The ack is the message's `delivered` event; the receiving
 * end reads its events as a face does.
 */
function contender(openChat: OpenChat): Contender {
  return {
    serve: async (folder) => serve(openChat, folder),
    startClient: async (folder) => new SottoClient(openChat, folder),
  };
}

async function serve(openChat: OpenChat, folder: string): Promise<Server> {
  const port = await freePort();
  const names = ['client', ...Array.from({ length: STRANGERS }, (_, index) => stranger(index))];
  const entries = [
    { username: 'server', password: 'pw-server', ip: '127.0.0.1', port },
    ...names.map((username, index) => ({
      username,
      password: `pw-${username}`,
      ip: '127.0.0.1',
      port: 1 + index,
    })),
  ];
  writeFileSync(directoryOf(folder), JSON.stringify(entries), { mode: 0o600 });
  const chat = await openChat({
    directory: directoryOf(folder),
    port,
    as: 'server',
    bind: ['127.0.0.1'],
    home: join(folder, 'home-server'),
    mode: 'listen',
  });
  void listen(chat, (event) => {
    if (event.type === 'message-received') receive(event.text.exact());
  });
  return { address: {}, close: async () => chat.close() };
}

class SottoClient implements Client {
  readonly #openChat: OpenChat;
  readonly #folder: string;
  #strangers = 0;
  #cold: Person | undefined;
  /** Of the last dial; the program keeps its sockets to itself. */
  #socket: Socket | undefined;

  constructor(openChat: OpenChat, folder: string) {
    this.#openChat = openChat;
    this.#folder = folder;
    subscribe('net.client.socket', (message) => {
      this.#socket = (message as { readonly socket: Socket }).socket;
    });
  }

  async open(onAcks: (count: number) => void): Promise<Conversation> {
    await this.#cold?.close();
    this.#cold = undefined;
    const person = await this.#start('client');
    person.onDelivered = () => onAcks(1);
    return { send: (text) => person.send(text), close: async () => person.close() };
  }

  /** The program goes on, the connection does not: a linger of 0 ends it after each message. */
  async cycle(text: string): Promise<void> {
    this.#cold ??= await this.#start('client', { lingerMs: 0 });
    const gone = Promise.withResolvers<void>();
    let isDelivered = false;
    this.#cold.onDelivered = () => (isDelivered = true);
    this.#cold.onDisconnected = () =>
      isDelivered ? gone.resolve() : gone.reject(new Error('not delivered'));
    this.#cold.send(text);
    await gone.promise;
    // The session is over with our own end; the connection is when the peer's end has come too, as with the others.
    if (this.#socket?.closed === false) await once(this.#socket, 'close');
  }

  async prepareFirstContact(text: string): Promise<() => Promise<void>> {
    await this.#cold?.close();
    const person = await this.#start(stranger(this.#strangers++));
    this.#cold = person;
    return async () => {
      const acked = Promise.withResolvers<void>();
      person.onDelivered = () => acked.resolve();
      person.send(text);
      await acked.promise;
    };
  }

  async close(): Promise<void> {
    await this.#cold?.close();
  }

  async #start(name: string, options: { readonly lingerMs?: number } = {}): Promise<Person> {
    const home = join(this.#folder, `home-${name}`);
    const directory = directoryOf(this.#folder);
    return new Person(await this.#openChat({ directory, as: name, home, mode: 'dial', ...options }));
  }
}

/** One running program that writes to the server. */
class Person {
  readonly #chat: Chat;
  readonly #reading: Promise<void>;
  onDelivered: () => void = () => {};
  onDisconnected: () => void = () => {};

  constructor(chat: Chat) {
    this.#chat = chat;
    this.#reading = listen(chat, (event) => {
      if (event.type === 'message-progress' && event.progress.state === 'delivered') this.onDelivered();
      if (event.type === 'contact-disconnected') this.onDisconnected();
    });
  }

  send(text: string): void {
    void this.#chat.sendText({ to: 'server', text });
  }
  async close(): Promise<void> {
    await this.#chat.close({ graceMs: 500 });
    await this.#reading;
  }
}

async function listen(chat: Chat, handle: (event: ChatEvent) => void): Promise<void> {
  for await (const event of chat.events()) handle(event);
}
function directoryOf(folder: string): string {
  return join(folder, 'directory.json');
}
function stranger(index: number): string {
  return `stranger-${index}`;
}
