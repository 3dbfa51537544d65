import { resolve } from 'node:path';
import type {
  BackupCommand,
  Chat,
  ContactView,
  EraseQuery,
  EventOptions,
  EventStream,
  HistoryPage,
  HistoryQuery,
  MessageId,
  OutboxPage,
  OutboxQuery,
  SafetyView,
  SelfView,
  SendText,
  StatusView,
  TraceOptions,
} from '../api/index.ts';
import { CodedError, success, type Result } from '../base/index.ts';
import type { Engine } from '../engine/index.ts';
import type { Home } from '../store/index.ts';
import { readClock } from './clock.ts';
import type { EventHub } from './event-hub.ts';
import type { Status } from './status.ts';
import type { Trace } from './trace.ts';
import type { ConversationDesk } from './conversation-desk.ts';
import type { MessageDesk } from './message-desk.ts';
import type { TurnLoop } from './turn-loop.ts';

const GRACE_MS = 2_000;

/** The engine as a face sees it, in this process. */
export class NodeChat implements Chat {
  readonly self: SelfView;
  readonly #engine: Engine;
  readonly #loop: TurnLoop;
  readonly #hub: EventHub;
  readonly #home: Home;
  readonly #desk: MessageDesk;
  readonly #conversations: ConversationDesk;
  readonly #status: Status;
  readonly #trace: Trace;
  readonly #stopServing: () => Promise<void>;
  readonly #free: () => Promise<void>;
  #closing: Promise<void> | undefined;
  #isFreed = false;

  constructor(options: {
    readonly self: SelfView;
    readonly engine: Engine;
    readonly loop: TurnLoop;
    readonly hub: EventHub;
    readonly home: Home;
    readonly desk: MessageDesk;
    readonly conversations: ConversationDesk;
    readonly status: Status;
    readonly trace: Trace;
    /** Takes nothing more from other programs, and answers what was taken. */
    readonly stopServing: () => Promise<void>;
    /** Closes sockets, watchers and the home; called once. */
    readonly free: () => Promise<void>;
  }) {
    this.self = options.self;
    this.#engine = options.engine;
    this.#loop = options.loop;
    this.#hub = options.hub;
    this.#home = options.home;
    this.#desk = options.desk;
    this.#conversations = options.conversations;
    this.#status = options.status;
    this.#trace = options.trace;
    this.#stopServing = options.stopServing;
    this.#free = options.free;
  }

  async status(): Promise<StatusView> {
    this.#mustBeOpen();
    const contacts = this.#conversations.contacts();
    return this.#status.view({ self: this.self, contacts, trouble: this.#loop.refusal });
  }
  async contacts(): Promise<readonly ContactView[]> {
    this.#mustBeOpen();
    return this.#conversations.contacts();
  }
  async sendText(command: SendText): Promise<MessageId> {
    this.#mustBeOpen();
    const before = this.#desk.sentBefore(command);
    if (before !== undefined) return before;
    const id = this.#takeMessage(() => this.#engine.commands.sendText(command, readClock()));
    const refusal = await this.#loop.committed();
    if (!refusal) return id;
    // It was not kept, so it must not leave either once the disk works again.
    this.#engine.commands.takeBack(command.to, id, readClock());
    this.#loop.schedule();
    throw new CodedError(refusal);
  }
  async cancel(id: MessageId): Promise<boolean> {
    const isWithdrawn = this.#takeMessage(() => success(this.#engine.commands.cancel(id, readClock())));
    if (isWithdrawn) await this.#kept();
    return isWithdrawn;
  }
  async cancelAll(to: string): Promise<number> {
    return this.#desk.cancelAll(to, (command) => this.#takeMessage(command));
  }
  async outbox(query: OutboxQuery = {}): Promise<OutboxPage> {
    this.#mustBeOpen();
    return this.#desk.outbox(query);
  }
  async history(query: HistoryQuery = {}): Promise<HistoryPage> {
    this.#mustBeOpen();
    return this.#desk.page(query);
  }
  async erase(query: EraseQuery): Promise<number> {
    this.#mustTake();
    return this.#desk.erase(query, (command) => this.#takeMessage(command));
  }
  async resend(command: { readonly to: string; readonly sinceWall: number }): Promise<number> {
    this.#mustTake();
    try {
      return await this.#desk.resend(command, (queue) => this.#takeMessage(queue));
    } finally {
      this.#hub.waitAgain();
    }
  }
  async backup({ path, passphrase }: BackupCommand): Promise<void> {
    this.#mustBeOpen();
    this.#home.backup({ path: resolve(path), passphrase });
  }
  async safety(name: string): Promise<SafetyView> {
    return valueOf(this.#engine.commands.safety(name));
  }
  async markVerified(name: string): Promise<void> {
    await this.#decide(() => this.#engine.commands.markVerified(name));
  }
  async approveKey({
    name,
    fingerprint,
  }: {
    readonly name: string;
    readonly fingerprint: string;
  }): Promise<void> {
    await this.#decide(() => this.#engine.commands.approveKey(name, fingerprint, readClock()));
  }
  async openRepair(name: string): Promise<{ readonly untilWall: number }> {
    return this.#decide(() => this.#engine.commands.openRepair(name, readClock()));
  }
  async forgiveGuesses(name: string): Promise<void> {
    await this.#decide(() => this.#engine.commands.forgiveGuesses(name));
  }
  async retry(name: string): Promise<void> {
    this.#act(() => this.#engine.commands.retry(name));
  }
  async setDraft(command: { readonly name: string; readonly text: string }): Promise<void> {
    await this.#decide(() => this.#conversations.setDraft(command));
  }
  async markRead(command: { readonly name: string; readonly upTo?: number }): Promise<void> {
    await this.#decide(() => this.#conversations.markRead(command));
  }
  async mute(command: { readonly name: string; readonly untilWall?: number }): Promise<void> {
    await this.#decide(() => this.#conversations.mute(command));
  }
  events(options: EventOptions = {}): EventStream {
    return this.#hub.open(options);
  }
  trace(options: TraceOptions = {}): AsyncIterable<string> {
    return this.#trace.open(options);
  }

  async close({ graceMs = GRACE_MS }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(graceMs: number): Promise<void> {
    // First of all: what others ask of a program that is ending is better asked of the next one.
    await this.#stopServing();
    this.#loop.enqueue({ type: 'shutdown' });
    const giveUp = readClock().monotonic + graceMs;
    await turn();
    while (this.#engine.openLinks > 0 && readClock().monotonic < giveUp) await turn();
    this.#hub.close();
    this.#trace.close();
    // Whoever reads events asks for the next one now: that the last one was shown is still committed.
    await turn();
    await this.#loop.committed();
    this.#loop.stop();
    this.#isFreed = true;
    await this.#free();
  }

  #act<Value>(command: () => Result<Value>): Value {
    if (this.#closing) throw ending();
    try {
      return valueOf(command());
    } finally {
      // Also when only a part of it was done before it failed.
      this.#loop.schedule();
    }
  }
  #takeMessage<Value>(command: () => Result<Value>): Value {
    this.#mustTake();
    return this.#act(command);
  }
  /** While the disk refuses, nothing is taken that it would have to keep. */
  #mustTake(): void {
    if (this.#closing) throw ending();
    if (this.#loop.refusal) throw new CodedError(this.#loop.refusal);
  }
  async #kept(): Promise<void> {
    const refusal = await this.#loop.committed();
    if (refusal) throw new CodedError(refusal);
  }
  /** What a person decided about a key counts once it is on the disk. */
  async #decide<Value>(command: () => Result<Value>): Promise<Value> {
    const value = this.#act(command);
    await this.#kept();
    return value;
  }
  #mustBeOpen(): void {
    if (this.#isFreed) throw ending();
  }
}

function ending(): CodedError {
  return new CodedError({ code: 'cancelled', message: 'The program is ending: nothing new begins.' });
}

function valueOf<Value>(result: Result<Value>): Value {
  if (result.ok) return result.value;
  throw new CodedError(result.failure);
}

/** A few milliseconds of the event loop: long enough for a turn, short enough for a person. */
async function turn(): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, 5));
}
