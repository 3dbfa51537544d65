import {
  settledAs,
  type Chat,
  type HistoryEntry,
  type MessageId,
  type OutgoingState,
  type SendText,
} from '../../api/index.ts';
import { CodedError } from '../../base/index.ts';

const QUEUED: OutgoingState = { state: 'queued', held: false };
/** States that are told while one text is being kept: of many others, at most. */
const EARLY_MAX = 10_000;

export interface Wait {
  readonly until: 'sent' | 'delivered';
  /** Default: without end. */
  readonly timeoutMs?: number;
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
}

/** Sends texts and waits for what becomes of them, all with one stream of events. */
export class ProgressWatch {
  readonly #chat: Chat;
  readonly #waiting = new Map<MessageId, Set<(progress: OutgoingState | undefined) => void>>();
  /** What is told while a text is being kept: it may be of that text. */
  readonly #early = new Map<MessageId, OutgoingState>();
  #sending = 0;
  #listening: AbortController | undefined;
  #isClosed = false;

  constructor(chat: Chat) {
    this.#chat = chat;
  }

  /** The text is kept when this resolves; `outcome` then says how it stands when the wait is over. */
  async send(
    command: SendText,
    wait: Wait,
  ): Promise<{ readonly id: MessageId; readonly outcome: Promise<OutgoingState> }> {
    this.#sending += 1;
    this.#listen();
    try {
      const id = await this.#chat.sendText(command);
      // Who chose the id may have sent it before: then nothing may be told any more.
      const found = command.id === undefined ? undefined : await this.#find(command.to, id);
      return { id, outcome: this.#wait(id, wait, this.#early.get(id) ?? found ?? QUEUED) };
    } finally {
      this.#sending -= 1;
      if (this.#sending === 0) this.#early.clear();
      this.#restIfDone();
    }
  }

  /** Whoever waits hears how things stand. */
  close(): void {
    this.#isClosed = true;
    this.#tellAll();
    this.#listening?.abort();
  }

  async #wait(
    id: MessageId,
    { until, timeoutMs, signal }: Wait,
    known: OutgoingState,
  ): Promise<OutgoingState> {
    if (isOver(known, until) || this.#isClosed) return known;
    let last = known;
    const { promise, resolve } = Promise.withResolvers<void>();
    const told = (progress: OutgoingState | undefined): void => {
      last = progress ?? last;
      if (!progress || isOver(progress, until)) resolve();
    };
    const all = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, all.add(told));
    const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs);
    const onAbort = (): void => resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      all.delete(told);
      if (all.size === 0 && this.#waiting.get(id) === all) this.#waiting.delete(id);
      this.#restIfDone();
    }
    return last;
  }

  #listen(): void {
    if (this.#listening || this.#isClosed) return;
    const listening = new AbortController();
    this.#listening = listening;
    const events = this.#chat.events({ signal: listening.signal });
    const read = async (): Promise<void> => {
      for await (const event of events)
        if (event.type === 'message-progress') this.#told(event.id, event.progress);
    };
    void read()
      .catch(() => undefined)
      .finally(() => {
        if (this.#listening !== listening) return;
        // The chat has ended, or too much has happened: nothing more is told of what is waited for.
        this.#listening = undefined;
        this.#tellAll();
      });
  }
  #restIfDone(): void {
    if (this.#sending > 0 || this.#waiting.size > 0) return;
    const listening = this.#listening;
    this.#listening = undefined;
    listening?.abort();
  }

  #told(id: MessageId, progress: OutgoingState): void {
    if (this.#sending > 0) this.#keepEarly(id, progress);
    for (const told of this.#waiting.get(id) ?? []) told(progress);
  }
  #keepEarly(id: MessageId, progress: OutgoingState): void {
    this.#early.delete(id);
    this.#early.set(id, progress);
    const [oldest] = this.#early.keys();
    if (this.#early.size > EARLY_MAX && oldest !== undefined) this.#early.delete(oldest);
  }
  #tellAll(): void {
    for (const all of this.#waiting.values()) for (const told of all) told(undefined);
  }

  /** The text is kept: that its state cannot be read is no failure of it. */
  async #find(to: string, id: MessageId): Promise<OutgoingState | undefined> {
    try {
      const { entries } = await this.#chat.history({ with: to, id });
      const [entry] = entries;
      return entry && standOf(entry);
    } catch (error) {
      if (error instanceof CodedError) return undefined;
      throw error;
    }
  }
}

/** Nothing more is to be waited for: it is there, it is given up, or a person must act first. */
function isOver(progress: OutgoingState, until: Wait['until']): boolean {
  if (progress.state === 'queued') return progress.held;
  if (progress.state === 'sent') return until === 'sent' || progress.held;
  return true;
}

/** Undefined when what becomes of it is still to be told. */
function standOf(entry: HistoryEntry): OutgoingState | undefined {
  return entry.outcome?.state === 'sent' ? { state: 'sent', held: false } : settledAs(entry);
}
