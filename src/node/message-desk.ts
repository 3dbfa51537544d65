import type {
  EraseQuery,
  HistoryPage,
  HistoryQuery,
  MessageId,
  OutboxPage,
  OutboxQuery,
  OutgoingView,
} from '../api/index.ts';
import { encodeUtf8, type Result } from '../base/index.ts';
import type { Engine } from '../engine/index.ts';
import type { MessageContent } from '../protocol/delivery/index.ts';
import type { History, ResendableMessage, WaitingMessage } from '../store/index.ts';
import { readClock } from './clock.ts';

/** Messages of one step: a few milliseconds, so that the loop stays awake. */
const STEP = 200;
const PAGE = 1_000;

/** What of `Chat` stands on the history: the store says what there is, the engine what becomes of it. */
export class MessageDesk {
  readonly #history: History;
  readonly #engine: Engine;
  readonly #isOpen: () => boolean;
  readonly #kept: () => Promise<void>;

  constructor(options: {
    readonly history: History;
    readonly engine: Engine;
    /** The home is still ours. */
    readonly isOpen: () => boolean;
    /** Resolves when what the engine has changed is on the disk; rejects when it could not be. */
    readonly kept: () => Promise<void>;
  }) {
    this.#history = options.history;
    this.#engine = options.engine;
    this.#isOpen = options.isOpen;
    this.#kept = options.kept;
  }

  outbox(query: OutboxQuery): OutboxPage {
    const page = this.#history.waiting(query);
    return { ...page, messages: page.messages.map((message) => this.#view(message)) };
  }

  /** What is new is taken into the index first, step by step, when words are asked for. */
  async page(query: HistoryQuery): Promise<HistoryPage> {
    if (query.search !== undefined) while (this.#isOpen() && this.#history.catchUp(STEP)) await turn();
    return this.#history.page(query);
  }

  async erase(query: EraseQuery): Promise<number> {
    const count = this.#withdraw(query);
    if (count > 0) await this.#kept();
    return count + (await this.eraseKept(query));
  }

  /** As `erase`, but what waits in the outbox stays. */
  async eraseKept(query: EraseQuery): Promise<number> {
    let count = 0;
    let after: number | undefined = 0;
    while (after !== undefined && this.#isOpen()) {
      const step = this.#history.erase(query, after, STEP);
      count += step.erased;
      after = step.next;
      if (after !== undefined) await turn();
    }
    return count;
  }

  /** A page at a time, each of them on the disk before the next. `act` runs an engine's command, or says why not. */
  async resend(
    { to, sinceWall }: { readonly to: string; readonly sinceWall: number },
    act: (command: () => Result<number>) => number,
  ): Promise<number> {
    let count = 0;
    let after = 0;
    for (;;) {
      // A message that is queued once more keeps its place: it is behind us.
      const page = this.#history.resendable({ to, sinceWall, after, limit: STEP });
      count += act(() => this.#engine.commands.resend(to, page.map(contentOf), readClock()));
      if (page.length === 0) return count;
      await this.#kept();
      after = page.at(-1)?.position ?? after;
    }
  }

  /** What waits and is to be deleted goes out as nothing, or not at all. Returns how many these were. */
  #withdraw(query: EraseQuery): number {
    const { commands } = this.#engine;
    const { id, with: name, beforeWall } = query;
    if (id === undefined && beforeWall === undefined)
      return name === undefined ? 0 : commands.eraseOutgoing({ with: name }, readClock());
    const ids = id === undefined ? this.#waitingBefore(query) : this.#idIfMeant(id, query);
    return ids.length === 0 ? 0 : commands.eraseOutgoing({ ids }, readClock());
  }
  #idIfMeant(id: MessageId, { with: name, beforeWall }: EraseQuery): readonly MessageId[] {
    const found = this.#history.find(id);
    const isMeant = found?.direction === 'out' && found.with === (name ?? found.with);
    return isMeant && found.storedAtWall < (beforeWall ?? Number.POSITIVE_INFINITY) ? [id] : [];
  }
  #waitingBefore({ with: to, beforeWall = 0 }: EraseQuery): readonly MessageId[] {
    const ids: MessageId[] = [];
    let after: number | undefined = 0;
    while (after !== undefined) {
      const page = this.#history.waiting({ ...(to === undefined ? {} : { to }), after, limit: PAGE });
      for (const { id, writtenAtWall } of page.messages) if (writtenAtWall < beforeWall) ids.push(id);
      after = page.next;
    }
    return ids;
  }

  #view({ isSent, ...message }: WaitingMessage): OutgoingView {
    return { ...message, progress: this.#engine.commands.progressOf(message.to, isSent, readClock()) };
  }
}

function contentOf({ id, text, writtenAtWall: timestamp, replyTo }: ResendableMessage): MessageContent {
  const plaintext = encodeUtf8(text);
  return { id, type: 'text', plaintext, timestamp, ...(replyTo === undefined ? {} : { replyTo }) };
}

async function turn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
