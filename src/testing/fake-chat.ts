// A chat without network, disk or clock: what a face shows and does can be tested by telling each contact how to behave.
import { MUTED_FOR_GOOD } from '../api/index.ts';
import type {
  BackupCommand,
  Chat,
  ChatEvent,
  ChatOptions,
  ContactView,
  DirectoryEntryInput,
  EraseQuery,
  EventOptions,
  EventStream,
  HistoryPage,
  HistoryQuery,
  MessageId,
  OutboxPage,
  OutboxQuery,
  OutgoingState,
  OutgoingView,
  SafetyView,
  SelfView,
  SendText,
  StatusView,
  TraceOptions,
  Services,
} from '../api/index.ts';
import { CodedError, PeerText, encodeUtf8, type Failure } from '../base/index.ts';
import { fakeDirectory } from './fake-directory.ts';
import { FakeEvents } from './fake-events.ts';
import { fakeHome, mustUnlock, textOf } from './fake-home.ts';
import { FakeMessages, type FakeMessage } from './fake-messages.ts';
import { fakeNode, type FakeRunning } from './fake-node.ts';

export type { FakeMessage } from './fake-messages.ts';

export interface FakeContact {
  readonly name: string;
  /** What becomes of a message: the states it goes through, one after the other. Default: sent, delivered in 42 ms. */
  readonly outcome?: readonly OutgoingState[];
  readonly view?: Partial<ContactView>;
  readonly safety?: Omit<SafetyView, 'name'>;
  /** What the contact answers to each message. */
  readonly reply?: (text: string) => string | undefined;
}

export interface FakeChatOptions {
  readonly contacts: readonly FakeContact[];
  readonly self?: Partial<SelfView>;
  /** Emitted, in order, as soon as somebody listens. */
  readonly events?: readonly ChatEvent[];
  /** What was said and queued before, oldest first. */
  readonly past?: readonly FakeMessage[];
  /** Another program listens with this home, and serves this one. */
  readonly isServed?: boolean;
  /** A program that has the home already, as `NodeTool.find` sees it. */
  readonly running?: FakeRunning;
  /** Why the disk takes nothing. */
  readonly disk?: Failure;
  /** The passphrase that the home is under. */
  readonly passphrase?: string;
}

const DELIVERED: readonly OutgoingState[] = [
  { state: 'sent', held: false },
  { state: 'delivered', tookMs: 42 },
];
const KEY_CHANGED: Failure = {
  code: 'key-changed',
  message: 'it is key-changed',
  hint: 'what to do about key-changed',
};
export const WALL: number = Date.UTC(2026, 0, 2, 3, 4, 5);

export class FakeChat implements Chat {
  readonly messages: FakeMessages = new FakeMessages();
  readonly sent: SendText[] = [];
  readonly calls: string[] = [];
  closed = false;
  readonly #contacts: readonly FakeContact[];
  readonly #self: SelfView;
  readonly #isServed: boolean;
  /** What the home is under, if anything. */
  passphrase: string | undefined;
  /** Set, or undefined again, by a test whose disk changes its mind. */
  disk: Failure | undefined;
  /** What persons did to their conversations, by the contact's name. */
  readonly drafts: Map<string, string> = new Map();
  readonly readUpTo: Map<string, number> = new Map();
  readonly muted: Map<string, number> = new Map();
  readonly #events = new FakeEvents<ChatEvent>();
  readonly #trace = new FakeEvents<string>();
  #nextId = 1;
  #isListening = true;

  constructor(options: FakeChatOptions) {
    this.#contacts = options.contacts;
    this.#isServed = options.isServed ?? false;
    this.disk = options.disk;
    this.passphrase = options.passphrase;
    for (const message of options.past ?? []) this.messages.add(message);
    for (const event of options.events ?? []) this.emit(event);
    this.#self = {
      username: 'alice',
      key: 'QUxJQ0U=',
      home: '/home/alice/.local/share/sotto/alice',
      directory: '/home/alice/.config/sotto/directory.json',
      listening: [{ address: '127.0.0.1', port: 7688 }],
      ...options.self,
    };
  }

  get self(): SelfView {
    return this.#isListening ? this.#self : { ...this.#self, listening: [] };
  }
  /** As the services open it: without a listener, unless another program has one. */
  openedAs(mode: ChatOptions['mode']): void {
    this.#isListening = mode === 'listen' || this.#isServed;
  }

  /** Something happens: every listener sees it. */
  emit(event: ChatEvent): void {
    this.#keep(event);
    this.#events.push(event);
  }
  /** Something goes on inside. */
  emitTrace(line: string): void {
    this.#trace.push(line);
  }
  receive(from: string, text: string): void {
    this.emit(incoming(from, text, this.#id(), this.messages.next));
  }

  async contacts(): Promise<readonly ContactView[]> {
    return this.#contacts.map(({ name, view }) => ({
      name,
      ip: '127.0.0.1',
      port: 7688,
      trust: 'pinned',
      verified: false,
      connected: false,
      undelivered: this.messages.waiting(name).length,
      unread: Math.min(1_000, this.messages.unread(name, this.readUpTo.get(name) ?? 0)),
      ...this.#conversation(name),
      ...view,
    }));
  }
  async status(): Promise<StatusView> {
    const contacts = await this.contacts();
    const { messages } = this.messages.outbox({ limit: 1_000 });
    return {
      version: '0.0.0',
      pid: 4242,
      mode: this.#isListening ? 'listen' : 'dial',
      isAttended: true,
      startedAtWall: WALL,
      self: this.self,
      connected: contacts.filter(({ connected }) => connected).map(({ name }) => name),
      contacts: contacts.length,
      waiting: {
        messages: messages.length,
        bytes: messages.reduce((bytes, { text }) => bytes + encodeUtf8(text).length, 0),
      },
      unread: contacts.reduce((sum, { unread }) => sum + unread, 0),
      store: { bytes: 65_536, logBytes: 4_096, ...(this.disk && { trouble: this.disk }) },
      loopDelayMs: { p50: 1, p99: 2, max: 3 },
    };
  }
  async sendText(command: SendText): Promise<MessageId> {
    const contact = this.#contact(command.to);
    if (command.text === '') throw new CodedError({ code: 'message-empty', message: 'the text is empty' });
    if (encodeUtf8(command.text).length > 32 * 1024)
      throw new CodedError({ code: 'message-too-long', message: 'the text is longer than 32 KiB' });
    this.#mustKeep();
    const id = command.id ?? this.#id();
    this.sent.push(command);
    const { to, text, expiresAtWall } = command;
    this.messages.add({
      id,
      with: to,
      direction: 'out',
      text,
      writtenAtWall: WALL,
      storedAtWall: WALL,
      progress: { state: 'queued', held: false },
      ...(expiresAtWall !== undefined && { expiresAtWall }),
    });
    void this.#play(contact, id, text);
    return id;
  }
  async cancel(id: MessageId): Promise<boolean> {
    const message = this.messages.find(id);
    if (message?.progress?.state !== 'queued') return false;
    this.#mustKeep();
    this.calls.push(`cancel ${message.with} ${JSON.stringify(message.text)}`);
    const reason: Failure = { code: 'cancelled', message: 'the message was withdrawn' };
    this.emit({ type: 'message-progress', id, to: message.with, progress: { state: 'cancelled', reason } });
    return true;
  }
  async cancelAll(to: string): Promise<number> {
    this.#contact(to);
    const all = this.messages.waiting(to);
    const cancelled = await Promise.all(all.map(async ({ id }) => this.cancel(id)));
    return cancelled.filter(Boolean).length;
  }
  async outbox(query: OutboxQuery = {}): Promise<OutboxPage> {
    const page = this.messages.outbox(query);
    const isHeld = ({ to }: OutgoingView): boolean => this.#contact(to).view?.trust === 'key-pending';
    return {
      ...page,
      messages: page.messages.map((message) =>
        isHeld(message)
          ? { ...message, progress: { state: 'queued', reason: KEY_CHANGED, held: true } }
          : message,
      ),
    };
  }
  async history(query: HistoryQuery = {}): Promise<HistoryPage> {
    return this.messages.history(query);
  }
  async erase(query: EraseQuery): Promise<number> {
    this.#mustKeep();
    const count = this.messages.erase(query);
    this.calls.push(`erase ${count}`);
    return count;
  }
  async resend({ to, sinceWall }: { readonly to: string; readonly sinceWall: number }): Promise<number> {
    this.#contact(to);
    const lost = this.messages.delivered(to, sinceWall);
    for (const { id } of lost) this.messages.settle(id, { state: 'queued', held: false });
    this.calls.push(`resend ${to} ${lost.length}`);
    return lost.length;
  }
  async backup({ path, passphrase }: BackupCommand): Promise<void> {
    this.calls.push(`backup ${path} ${textOf(passphrase)}`);
  }
  async safety(name: string): Promise<SafetyView> {
    return { name, ...this.#contact(name).safety };
  }
  async markVerified(name: string): Promise<void> {
    if (!this.#contact(name).safety?.current) throw trustNothing(name);
    this.calls.push(`verified ${name}`);
  }
  async approveKey(command: { readonly name: string; readonly fingerprint: string }): Promise<void> {
    const pending = this.#contact(command.name).safety?.pending;
    if (!pending) throw trustNothing(command.name);
    if (pending.safetyNumber.replaceAll(' ', '') !== command.fingerprint.replaceAll(/[\s-]/g, ''))
      throw new CodedError({
        code: 'fingerprint-mismatch',
        message: 'the fingerprint given is not the one that waits',
      });
    this.calls.push(`approved ${command.name}`);
  }
  async openRepair(name: string): Promise<{ readonly untilWall: number }> {
    if (!this.#contact(name).safety?.current) throw trustNothing(name);
    this.calls.push(`repair ${name}`);
    return { untilWall: WALL + 600_000 };
  }
  async forgiveGuesses(name: string): Promise<void> {
    this.#contact(name);
    this.calls.push(`forgiven ${name}`);
  }
  async retry(name: string): Promise<void> {
    const contact = this.#contact(name);
    this.calls.push(`retry ${name}`);
    for (const { id, text } of this.messages.waiting(name)) void this.#play(contact, id, text);
  }
  async setDraft({ name, text }: { readonly name: string; readonly text: string }): Promise<void> {
    this.#contact(name);
    if (encodeUtf8(text).length > 32 * 1024)
      throw new CodedError({ code: 'message-too-long', message: 'the text is longer than 32 KiB' });
    this.#mustKeep();
    if (text === '') this.drafts.delete(name);
    else this.drafts.set(name, text);
  }
  async markRead({ name, upTo }: { readonly name: string; readonly upTo?: number }): Promise<void> {
    this.#contact(name);
    this.#mustKeep();
    const last = this.messages.lastFrom(name);
    const read = Math.max(this.readUpTo.get(name) ?? 0, Math.min(upTo ?? last, last));
    if (read > 0) this.readUpTo.set(name, read);
  }
  async mute({ name, untilWall }: { readonly name: string; readonly untilWall?: number }): Promise<void> {
    this.#contact(name);
    this.#mustKeep();
    const until = untilWall ?? MUTED_FOR_GOOD;
    if (until <= Date.now()) this.muted.delete(name);
    else this.muted.set(name, until);
  }
  events(options: EventOptions = {}): EventStream {
    return this.#events.open(options);
  }
  trace(options: TraceOptions = {}): AsyncIterable<string> {
    return this.#trace.open(options);
  }
  async close(): Promise<void> {
    this.closed = true;
    this.#events.close();
    this.#trace.close();
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #play(contact: FakeContact, id: MessageId, text: string): Promise<void> {
    for (const progress of contact.outcome ?? DELIVERED) {
      await nextTurn();
      const state = this.messages.find(id)?.progress?.state;
      if (state !== 'queued' && state !== 'sent') return;
      this.emit({ type: 'message-progress', id, to: contact.name, progress });
    }
    const reply = contact.reply?.(text);
    if (reply !== undefined) this.receive(contact.name, reply);
  }
  #keep(event: ChatEvent): void {
    if (event.type === 'message-progress') this.messages.settle(event.id, event.progress);
    if (event.type !== 'message-received') return;
    const { id, from, text, writtenAtWall, receivedAtWall } = event;
    this.messages.add({
      id,
      with: from,
      direction: 'in',
      text: text.exact(),
      writtenAtWall,
      storedAtWall: receivedAtWall,
    });
  }
  #conversation(name: string): Pick<ContactView, 'readUpTo' | 'mutedUntilWall' | 'draft'> {
    const readUpTo = this.readUpTo.get(name);
    const mutedUntilWall = this.muted.get(name);
    const draft = this.drafts.get(name);
    return {
      ...(readUpTo !== undefined && { readUpTo }),
      ...(mutedUntilWall !== undefined && { mutedUntilWall }),
      ...(draft !== undefined && { draft }),
    };
  }
  #mustKeep(): void {
    if (this.disk) throw new CodedError(this.disk);
  }
  #contact(name: string): FakeContact {
    const contact = this.#contacts.find((candidate) => candidate.name === name);
    if (!contact) throw new CodedError({ code: 'contact-unknown', message: `there is no contact “${name}”` });
    return contact;
  }
  #id(): MessageId {
    return `01920000-0000-7000-8000-${String(this.#nextId++).padStart(12, '0')}` as MessageId;
  }
}

export interface FakeServices extends Services {
  readonly chat: FakeChat;
  readonly opened: ChatOptions[];
  readonly files: Map<string, DirectoryEntryInput[]>;
}

/** Services over one fake chat; `openFailure` makes every `openChat` reject, or, as a function, the calls it says. */
export function createFakeServices(
  options: FakeChatOptions & { readonly openFailure?: (chat: ChatOptions) => Failure | undefined },
): FakeServices {
  const chat = new FakeChat(options);
  const opened: ChatOptions[] = [];
  const files = new Map<string, DirectoryEntryInput[]>();
  const openChat = async (chatOptions: ChatOptions): Promise<Chat> => {
    opened.push(chatOptions);
    const failure = options.openFailure?.(chatOptions);
    if (failure) throw new CodedError(failure);
    await mustUnlock(chat, chatOptions);
    chat.openedAs(chatOptions.mode);
    if (chatOptions.onEnd) node.serves(chatOptions.onEnd);
    return chat;
  };
  const start = (): Failure | undefined => options.openFailure?.({ directory: '', mode: 'listen' });
  const node = fakeNode(chat, { running: options.running, start });
  return { chat, opened, files, openChat, directory: fakeDirectory(files), home: fakeHome(chat), node };
}

/** A text from a peer, as an event. */
export function incoming(from: string, text: string, id: MessageId, position = 1): ChatEvent {
  return {
    type: 'message-received',
    id,
    position,
    from,
    text: new PeerText(text),
    writtenAtWall: WALL,
    receivedAtWall: WALL + 7,
    clockMark: false,
  };
}

function trustNothing(name: string): CodedError {
  return new CodedError({ code: 'trust-nothing', message: `there is nothing to approve for ${name}` });
}

async function nextTurn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
