import type {
  Cancellable,
  Chat,
  ChatEvent,
  ContactView,
  MessageId,
  OutgoingView,
  SafetyView,
  SelfView,
  SendText,
} from '../api/index.ts';
import { CodedError, type Result } from '../base/index.ts';
import type { Engine } from '../engine/index.ts';
import { readClock } from './clock.ts';
import type { EventHub } from './event-hub.ts';
import type { TurnLoop } from './turn-loop.ts';

const GRACE_MS = 2_000;

/** The engine as a face sees it, in this process. */
export class NodeChat implements Chat {
  readonly self: SelfView;
  readonly #engine: Engine;
  readonly #loop: TurnLoop;
  readonly #hub: EventHub;
  readonly #free: () => Promise<void>;
  #closing: Promise<void> | undefined;

  constructor(options: {
    readonly self: SelfView;
    readonly engine: Engine;
    readonly loop: TurnLoop;
    readonly hub: EventHub;
    /** Closes sockets, watchers and the home; called once. */
    readonly free: () => Promise<void>;
  }) {
    this.self = options.self;
    this.#engine = options.engine;
    this.#loop = options.loop;
    this.#hub = options.hub;
    this.#free = options.free;
  }

  async contacts(): Promise<readonly ContactView[]> {
    return this.#engine.commands.contacts(readClock());
  }
  async sendText(command: SendText): Promise<MessageId> {
    return this.#act(() => this.#engine.commands.sendText(command, readClock()));
  }
  async cancel(id: MessageId): Promise<boolean> {
    const isWithdrawn = this.#engine.commands.cancel(id);
    this.#loop.schedule();
    return isWithdrawn;
  }
  async undelivered(): Promise<readonly OutgoingView[]> {
    return this.#engine.commands.undelivered(readClock());
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
  events(options: Cancellable = {}): AsyncIterable<ChatEvent> {
    return this.#hub.open(options);
  }

  async close({ graceMs = GRACE_MS }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(graceMs: number): Promise<void> {
    this.#loop.enqueue({ type: 'shutdown' });
    const giveUp = readClock().monotonic + graceMs;
    await turn();
    while (this.#engine.openLinks > 0 && readClock().monotonic < giveUp) await turn();
    this.#loop.stop();
    this.#hub.close();
    await this.#free();
  }

  #act<Value>(command: () => Result<Value>): Value {
    if (this.#closing)
      throw new CodedError({ code: 'cancelled', message: 'The program is ending: nothing new begins.' });
    const value = valueOf(command());
    this.#loop.schedule();
    return value;
  }
  /** What a person decided about a key counts once it is on the disk. */
  async #decide<Value>(command: () => Result<Value>): Promise<Value> {
    const value = this.#act(command);
    const refusal = await this.#loop.committed();
    if (refusal) throw new CodedError(refusal);
    return value;
  }
}

function valueOf<Value>(result: Result<Value>): Value {
  if (result.ok) return result.value;
  throw new CodedError(result.failure);
}

/** A few milliseconds of the event loop: long enough for a turn, short enough for a person. */
async function turn(): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, 5));
}
