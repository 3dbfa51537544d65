import {
  settledAs,
  type EraseQuery,
  type HistoryEntry,
  type HistoryPage,
  type HistoryQuery,
  type MessageId,
  type OutboxPage,
  type OutboxQuery,
  type OutgoingState,
  type OutgoingView,
  type SendText,
} from '../api/index.ts';
import { CodedError, encodeUtf8, success, type Result } from '../base/index.ts';
import { ID_TAKEN, type Engine } from '../engine/index.ts';
import type { MessageContent } from '../protocol/delivery/index.ts';
import type { History, ResendableMessage, WaitingMessage } from '../store/index.ts';
import type { ProgressPage } from './backlog.ts';
import { readClock } from './clock.ts';
import { ENDING } from './turn-loop.ts';

/** Messages of one step: a few milliseconds, so that the loop stays awake. */
const STEP = 200;
/** So many can be withdrawn in one step: some tens of milliseconds. */
const AT_ONCE = 1_000;

type Act = (command: () => Result<number>) => number;

/** What of `Chat` stands on the history: the store says what there is, the engine what becomes of it. */
export class MessageDesk {
  readonly #history: History;
  readonly #engine: Engine;
  readonly #isOpen: () => boolean;
  readonly #kept: () => Promise<void>;
  readonly #onErased: () => void;

  constructor(options: {
    readonly history: History;
    readonly engine: Engine;
    /** The home is still ours. */
    readonly isOpen: () => boolean;
    /** Resolves when what the engine has changed is on the disk; rejects when it could not be. */
    readonly kept: () => Promise<void>;
    /** Messages are gone from the store. */
    readonly onErased: () => void;
  }) {
    this.#history = options.history;
    this.#engine = options.engine;
    this.#isOpen = options.isOpen;
    this.#kept = options.kept;
    this.#onErased = options.onErased;
  }

  /** The message that this call has made before, if it is kept. Throws usage when it is another one. */
  sentBefore({ id, to, text, replyTo }: SendText): MessageId | undefined {
    const found = id === undefined ? undefined : this.#history.find(id);
    if (found?.direction !== 'out') return undefined;
    const isSame = found.with === to && found.text.exact() === text && found.replyTo === replyTo;
    if (isSame) return found.id;
    throw new CodedError(ID_TAKEN);
  }

  outbox(query: OutboxQuery): OutboxPage {
    const page = this.#history.waiting(query);
    return { ...page, messages: page.messages.map((message) => this.#view(message)) };
  }

  /** How what was sent stands, from a position on; a few milliseconds of it. */
  progress(from: number): ProgressPage {
    const { entries, next } = this.#history.sentFrom(from, STEP);
    return { events: entries.map((entry) => this.#progressOf(entry)), next };
  }

  /** Step by step: a search may have to look through very much. */
  async page(query: HistoryQuery): Promise<HistoryPage> {
    const steps = this.#history.pageInSteps(query);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      await turn();
      if (!this.#isOpen()) throw new CodedError(ENDING);
    }
  }

  /** `act` runs an engine's command, or says why not; so it does for the others. */
  async erase(query: EraseQuery, act: Act): Promise<number> {
    const count = await this.#eraseWaiting(query, act);
    if (count > 0) await this.#kept();
    return count + (await this.eraseKept(query));
  }

  /** Everything for this contact that never left. */
  async cancelAll(to: string, act: Act): Promise<number> {
    const { commands } = this.#engine;
    let count = await this.#withdraw({ to, beforeWall: undefined, downTo: AT_ONCE }, (ids) =>
      act(() => commands.cancelSome(to, ids, readClock())),
    );
    count += act(() => commands.cancelAll(to, readClock()));
    if (count > 0) await this.#kept();
    return count;
  }

  /** As `erase`, but what waits in the outbox stays. */
  async eraseKept(query: EraseQuery): Promise<number> {
    let count = 0;
    let after: number | undefined = 0;
    while (after !== undefined && this.#isOpen()) {
      const step = this.#history.erase(query, after, STEP);
      count += step.erased;
      if (step.erased > 0) this.#onErased();
      after = step.next;
      if (after !== undefined) await turn();
    }
    if (after !== undefined) throw new CodedError(ENDING);
    return count;
  }

  /** A page at a time, each of them on the disk before the next. */
  async resend(
    { to, sinceWall }: { readonly to: string; readonly sinceWall: number },
    act: Act,
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

  #idIfMeant(id: MessageId, { with: name, beforeWall }: EraseQuery): readonly MessageId[] {
    const found = this.#history.find(id);
    const isMeant = found?.direction === 'out' && found.with === (name ?? found.with);
    return isMeant && found.storedAtWall < (beforeWall ?? Number.POSITIVE_INFINITY) ? [id] : [];
  }
  /** What waits and is to be deleted goes out as nothing, or not at all. Returns how many these were. */
  async #eraseWaiting(query: EraseQuery, act: Act): Promise<number> {
    const { id, with: to, beforeWall } = query;
    const erase = (what: Parameters<Engine['commands']['eraseOutgoing']>[0]): number =>
      act(() => success(this.#engine.commands.eraseOutgoing(what, readClock())));
    if (id !== undefined) return erase({ ids: this.#idIfMeant(id, query) });
    if (to === undefined && beforeWall === undefined) return 0;
    const isAll = to !== undefined && beforeWall === undefined;
    const count = await this.#withdraw({ to, beforeWall, downTo: isAll ? AT_ONCE : 0 }, (ids) =>
      erase({ ids }),
    );
    return isAll ? count + erase({ with: to }) : count;
  }

  /** Page by page, each on the disk before the next, until no more than `downTo` wait. Returns how many `act` has taken back. */
  async #withdraw(
    which: {
      readonly to: string | undefined;
      readonly beforeWall: number | undefined;
      readonly downTo: number;
    },
    act: (ids: readonly MessageId[]) => number,
  ): Promise<number> {
    const { to, beforeWall = Number.POSITIVE_INFINITY, downTo } = which;
    let count = 0;
    let after: number | undefined = 0;
    while (after !== undefined && this.#isOpen()) {
      const page = this.#history.waiting({ ...(to === undefined ? {} : { to }), after, limit: STEP });
      if (page.total <= downTo) return count;
      const meant = page.messages.filter(({ writtenAtWall }) => writtenAtWall < beforeWall);
      const taken = meant.length === 0 ? 0 : act(meant.map(({ id }) => id));
      count += taken;
      after = page.next;
      await (taken > 0 ? this.#kept() : turn());
    }
    if (after !== undefined) throw new CodedError(ENDING);
    return count;
  }

  #progressOf(entry: HistoryEntry): ProgressPage['events'][number] {
    const { id, with: to } = entry;
    const isSent = entry.outcome?.state === 'sent';
    const waiting = (): OutgoingState => this.#engine.commands.progressOf(to, isSent, readClock());
    return { type: 'message-progress', id, to, progress: settledAs(entry) ?? waiting() };
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
