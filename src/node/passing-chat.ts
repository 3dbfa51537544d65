import type {
  BackupCommand,
  Cancellable,
  Chat,
  ChatEvent,
  ContactView,
  EraseQuery,
  EventCursor,
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
import { CodedError } from '../base/index.ts';
import { NotTaken } from '../control/client/index.ts';
import { makeMessageId, MESSAGE_ID_RANDOM_LENGTH } from '../engine/ids/index.ts';
import { systemEntropy } from '../primitives/index.ts';
import { progressSince } from './progress-since.ts';

/** Sessions end as agreed, where that is quick: a listener waits. */
const YIELD_GRACE_MS = 500;

/** Opens the home again. `isYielding`: another program is about to take it, which is waited for. */
export type Reopen = (options: { readonly isYielding: boolean } & Cancellable) => Promise<Chat>;

/**
 * The chat of a command that is soon over. Whoever has the home may end, or is asked to leave it to a program that listens: then
 * this one goes on with whoever has it next, or takes it itself. What was asked and not begun is asked again; events go on, and
 * tell what became meanwhile of the texts that were sent here.
 */
export class PassingChat implements Chat {
  readonly #reopen: Reopen;
  readonly #isFollowing: boolean;
  readonly #closed = new AbortController();
  /** What was sent here and is not known to be settled, and to whom. */
  readonly #sent = new Map<MessageId, string>();
  #chat: Promise<Chat>;
  #current: Chat;
  /** The one that was given up last. */
  #leaving: Chat | undefined;

  /** `isFollowing`: events go on with the next one, too. */
  constructor(
    chat: Chat,
    { reopen, isFollowing }: { readonly reopen: Reopen; readonly isFollowing: boolean },
  ) {
    this.#current = chat;
    this.#chat = Promise.resolve(chat);
    this.#reopen = reopen;
    this.#isFollowing = isFollowing;
  }

  get self(): SelfView {
    return this.#current.self;
  }

  /** Leaves the home to a program that listens, and goes on as a guest of that one. */
  yieldHome(): void {
    const former = this.#current;
    if (!this.#closed.signal.aborted)
      this.#replace(async () => former.close({ graceMs: YIELD_GRACE_MS }), true);
  }

  async status(): Promise<StatusView> {
    return this.#ask(async (chat) => chat.status());
  }
  async contacts(): Promise<readonly ContactView[]> {
    return this.#ask(async (chat) => chat.contacts());
  }
  async sendText(command: SendText): Promise<MessageId> {
    // Under an id of its own it may be asked for twice, and is one message.
    const id = command.id ?? makeMessageId(Date.now(), systemEntropy.bytes(MESSAGE_ID_RANDOM_LENGTH));
    this.#sent.set(id, command.to);
    try {
      return await this.#ask(async (chat) => chat.sendText({ ...command, id }));
    } catch (error) {
      this.#sent.delete(id);
      throw error;
    }
  }
  async cancel(id: MessageId): Promise<boolean> {
    return this.#do(async (chat) => chat.cancel(id));
  }
  async cancelAll(to: string): Promise<number> {
    return this.#do(async (chat) => chat.cancelAll(to));
  }
  async outbox(query?: OutboxQuery): Promise<OutboxPage> {
    return this.#ask(async (chat) => chat.outbox(query));
  }
  async history(query?: HistoryQuery): Promise<HistoryPage> {
    return this.#ask(async (chat) => chat.history(query));
  }
  async erase(query: EraseQuery): Promise<number> {
    return this.#do(async (chat) => chat.erase(query));
  }
  async resend(command: { readonly to: string; readonly sinceWall: number }): Promise<number> {
    return this.#do(async (chat) => chat.resend(command));
  }
  async backup(command: BackupCommand): Promise<void> {
    await this.#do(async (chat) => chat.backup(command));
  }
  async safety(name: string): Promise<SafetyView> {
    return this.#ask(async (chat) => chat.safety(name));
  }
  async markVerified(name: string): Promise<void> {
    await this.#do(async (chat) => chat.markVerified(name));
  }
  async approveKey(command: { readonly name: string; readonly fingerprint: string }): Promise<void> {
    await this.#do(async (chat) => chat.approveKey(command));
  }
  async openRepair(name: string): Promise<{ readonly untilWall: number }> {
    return this.#do(async (chat) => chat.openRepair(name));
  }
  async forgiveGuesses(name: string): Promise<void> {
    await this.#do(async (chat) => chat.forgiveGuesses(name));
  }
  async retry(name: string): Promise<void> {
    await this.#do(async (chat) => chat.retry(name));
  }
  async setDraft(command: { readonly name: string; readonly text: string }): Promise<void> {
    await this.#ask(async (chat) => chat.setDraft(command));
  }
  async markRead(command: { readonly name: string; readonly upTo?: number }): Promise<void> {
    await this.#ask(async (chat) => chat.markRead(command));
  }
  async mute(command: { readonly name: string; readonly untilWall?: number }): Promise<void> {
    await this.#ask(async (chat) => chat.mute(command));
  }
  events(options: EventOptions = {}): EventStream {
    const events = this.#current.events(options);
    if (!this.#isFollowing) return events;
    const followed = new Followed(events);
    return followed.along(this.#follow(followed, this.#current, options));
  }
  trace(options: TraceOptions = {}): AsyncIterable<string> {
    return this.#current.trace(options);
  }

  async close(options?: { readonly graceMs?: number }): Promise<void> {
    this.#closed.abort();
    await this.#chat.catch(() => undefined);
    await this.#current.close(options);
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Changes nothing, or nothing more: it may be asked twice. */
  async #ask<Answer>(act: (chat: Chat) => Promise<Answer>): Promise<Answer> {
    return this.#call(act, (error) => wasNotTaken(error) || error.code === 'control-unusable');
  }
  async #do<Answer>(act: (chat: Chat) => Promise<Answer>): Promise<Answer> {
    return this.#call(act, wasNotTaken);
  }
  async #call<Answer>(
    act: (chat: Chat) => Promise<Answer>,
    isToRepeat: (error: CodedError) => boolean,
  ): Promise<Answer> {
    let chat = await this.#chat;
    for (;;) {
      try {
        return await act(chat);
      } catch (error) {
        const isEnding = this.#closed.signal.aborted;
        if (isEnding || !(error instanceof CodedError) || !isToRepeat(error)) throw error;
        this.#lost(chat, error);
        chat = await this.#next(error);
      }
    }
  }

  /** When nobody has the home next, what broke off remains unknown, and that is to be said. */
  async #next(lost: CodedError): Promise<Chat> {
    try {
      return await this.#chat;
    } catch (error) {
      throw wasNotTaken(lost) ? error : lost;
    }
  }

  async *#follow(
    followed: Followed,
    chat: Chat,
    options: EventOptions,
  ): AsyncGenerator<ChatEvent, undefined> {
    for (;;) {
      let reason: CodedError | undefined;
      try {
        for await (const event of followed.stream) {
          if (event.type === 'message-progress') this.#note(event);
          yield event;
        }
      } catch (error) {
        if (!(error instanceof CodedError) || error.code !== 'control-unusable') throw error;
        reason = error;
      }
      if (followed.isLeft || options.signal?.aborted || this.#closed.signal.aborted) return undefined;
      this.#lost(chat, reason);
      const next = await orAborted(this.#chat, options.signal);
      if (!next) return undefined;
      chat = next;
      const after = followed.stream.cursor;
      // Empty: the other program was lost before it had said where its events begin.
      followed.stream = chat.events({ ...options, ...(after !== '' && { after }) });
      if (after !== '') continue;
      for (const event of await progressSince(this.#sent, this)) {
        this.#note(event);
        yield event;
      }
    }
  }

  #note({ id, progress: { state } }: ChatEvent & { readonly type: 'message-progress' }): void {
    if (state !== 'queued' && state !== 'sent') this.#sent.delete(id);
  }

  #lost(chat: Chat, reason: CodedError | undefined): void {
    const isYielding = reason instanceof NotTaken && reason.isYielding;
    if (chat === this.#current) this.#replace(async () => chat.close(), isYielding);
  }
  #replace(leave: () => Promise<void>, isYielding: boolean): void {
    const former = this.#current;
    if (this.#leaving === former) return;
    this.#leaving = former;
    this.#chat = leave().then(async () => {
      const chat = await this.#reopen({ isYielding, signal: this.#closed.signal });
      this.#current = chat;
      return chat;
    });
    // Whoever waits for it hears why.
    this.#chat.catch(() => undefined);
  }
}

/** A stream that goes on in another one: of the present one it has the cursor. */
class Followed implements EventStream {
  stream: EventStream;
  /** The reader wants no more, though the stream may still be waited for. */
  isLeft = false;
  #events: AsyncGenerator<ChatEvent, undefined> | undefined;

  constructor(stream: EventStream) {
    this.stream = stream;
  }

  along(events: AsyncGenerator<ChatEvent, undefined>): this {
    this.#events = events;
    return this;
  }

  get cursor(): EventCursor {
    return this.stream.cursor;
  }
  async next(): Promise<IteratorResult<ChatEvent, undefined>> {
    return this.#events?.next() ?? { done: true, value: undefined };
  }
  async return(): Promise<IteratorResult<ChatEvent, undefined>> {
    this.isLeft = true;
    await this.stream.return?.();
    return this.#events?.return(undefined) ?? { done: true, value: undefined };
  }
  [Symbol.asyncIterator](): this {
    return this;
  }
}

function wasNotTaken(error: CodedError): boolean {
  return error instanceof NotTaken || error.code === 'cancelled';
}

async function orAborted<Value>(
  value: Promise<Value>,
  signal: EventOptions['signal'],
): Promise<Value | undefined> {
  if (!signal) return value;
  const aborted = Promise.withResolvers<undefined>();
  const onAbort = (): void => aborted.resolve(undefined);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([value, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
