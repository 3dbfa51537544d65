import { CodedError } from '../../base/index.ts';
import type { Chat, SelfView } from '../../api/index.ts';
import type { Exec } from './exec.ts';
import { fromHistory, keyOf, type Incoming, type Received, type Sink } from './message.ts';

/** Commands that have ended and wait for a long one before them; only their outcomes are kept. */
const BEGUN_MAX = 1_000;
const PAGE = 50;

/** Several commands at once, of a reader whose messages do not count as shown. */
export class Several implements Sink {
  readonly #exec: Exec;
  readonly #self: SelfView;

  constructor(exec: Exec, self: SelfView) {
    this.#exec = exec;
    this.#self = self;
  }

  async take(event: Received): Promise<boolean> {
    const isOpen = await this.#exec.free();
    if (isOpen) void this.#exec.run(event, this.#self);
    return isOpen;
  }
}

/**
 * Several commands at once, and still no message lost: the stream is asked for the next one only when the command of this one has
 * ended, since this one then counts as shown. What comes behind it is read from the history meanwhile, and begun.
 */
export class Ahead implements Sink {
  readonly #exec: Exec;
  readonly #signal: AbortSignal;
  #chat: Chat;
  /** By their keys, until the stream has come to them: whether they are done with. */
  readonly #begun = new Map<string, Promise<boolean>>();
  /** Everything up to here was begun, or is not to be. */
  #last = 0;
  #isLooking = false;
  #isNew = false;

  constructor(exec: Exec, chat: Chat, signal: AbortSignal) {
    this.#exec = exec;
    this.#chat = chat;
    this.#signal = signal;
  }

  /** Looks at what comes through this chat from now on, until that ends. */
  async follow(chat: Chat): Promise<void> {
    this.#chat = chat;
    try {
      for await (const event of chat.events({ signal: this.#signal }))
        if (event.type === 'message-received') this.#look();
    } catch (error) {
      // The stream that is waited for says what is wrong.
      if (!(error instanceof CodedError)) throw error;
    }
  }

  async take(event: Received): Promise<boolean> {
    const key = keyOf(event);
    const outcome = this.#begun.get(key) ?? this.#begin(event);
    this.#look();
    const isDone = await outcome;
    this.#begun.delete(key);
    return isDone;
  }

  async #begin(message: Incoming): Promise<boolean> {
    this.#last = Math.max(this.#last, message.position);
    const outcome = this.#exec.run(message, this.#chat.self);
    this.#begun.set(keyOf(message), outcome);
    return outcome;
  }

  #look(): void {
    this.#isNew = true;
    if (this.#isLooking || this.#last === 0) return;
    this.#isLooking = true;
    this.#readOn()
      // Of what cannot be read now the stream tells later.
      .catch((error: unknown) => {
        if (!(error instanceof CodedError)) throw error;
      })
      .finally(() => (this.#isLooking = false));
  }

  async #readOn(): Promise<void> {
    while (this.#isNew) {
      this.#isNew = false;
      const page = await this.#chat.history({ after: this.#last, limit: PAGE });
      for (const entry of page.entries) {
        if (!(await this.#exec.free()) || this.#begun.size >= BEGUN_MAX) return;
        const message = fromHistory(entry);
        if (entry.direction === 'in' && !this.#begun.has(keyOf(message))) void this.#begin(message);
        this.#last = Math.max(this.#last, entry.position);
      }
      if (page.newer !== undefined) this.#isNew = true;
    }
  }
}
