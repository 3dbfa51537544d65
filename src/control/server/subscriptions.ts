import type { Chat, ChatEvent, EventCursor, EventStream, TraceOptions } from '../../api/index.ts';
import { eventToJson } from '../../api/to-json/index.ts';
import { CodedError } from '../../base/index.ts';
import { SEEN_PATIENCE_MS, SUBSCRIPTIONS_MAX } from '../limits.ts';
import { NOTIFICATIONS, type Json } from '../rpc.ts';
import { nextTurn, nothing, waitFor } from './waiting.ts';

export interface Listening {
  /** All events; default: messages only. */
  readonly events?: boolean | undefined;
  /** Only what concerns these contacts. */
  readonly from?: readonly string[] | undefined;
  readonly screen?: boolean | undefined;
  readonly after?: EventCursor | undefined;
}

interface Subscription {
  readonly stream: AsyncIterator<unknown>;
  /** The screen has shown the event that it was told last. */
  seen: () => void;
}

/** What one client is told without asking each time. */
export class Subscriptions {
  readonly #chat: Chat;
  readonly #notify: (method: string, params: Json) => Promise<void>;
  readonly #time: () => Promise<void>;
  readonly #cut: () => void;
  readonly #all = new Map<number, Subscription>();
  #next = 1;

  /** `notify` resolves when there is room for more; `time`, when there is time. */
  constructor(
    chat: Chat,
    {
      notify,
      time,
      cut,
    }: {
      readonly notify: (method: string, params: Json) => Promise<void>;
      readonly time: () => Promise<void>;
      readonly cut: () => void;
    },
  ) {
    this.#chat = chat;
    this.#time = time;
    this.#notify = notify;
    this.#cut = cut;
  }

  /** Rejects with contact-unknown, and with usage when the cursor is none of this home. */
  async listen(how: Listening): Promise<{ readonly subscription: number; readonly cursor: EventCursor }> {
    const { events = false, from, screen: isScreen = false, after } = how;
    if (isScreen && from !== undefined) throw usage('a screen shows every message: leave out “from”');
    this.#mustHaveRoom();
    const stream = this.#chat.events({ isScreen, ...(after !== undefined && { after }) });
    // That of another program says where its events begin before it answers anything else.
    if (stream.cursor === '') await this.#chat.contacts();
    const { cursor } = stream;
    const first = stream.next();
    // Who tells hears of it later.
    first.catch(nothing);
    try {
      await Promise.all([this.#mustKnow(from), after !== undefined && Promise.race([first, nextTurn()])]);
      this.#mustHaveRoom();
    } catch (error) {
      void stream.return?.().catch(nothing);
      throw error;
    }
    const isWanted = (event: ChatEvent): boolean =>
      (events || event.type === 'message-received') && (!from || concerns(event, from));
    const subscription = this.#add(stream);
    this.#tell(subscription, async (each) =>
      this.#tellEvents(subscription, each, stream, { first, isWanted, isScreen }),
    );
    return { subscription, cursor };
  }

  trace(options: TraceOptions): { readonly subscription: number } {
    this.#mustHaveRoom();
    const lines = this.#chat.trace(options)[Symbol.asyncIterator]();
    const subscription = this.#add(lines);
    this.#tell(subscription, async () => {
      for (;;) {
        const { done, value } = await lines.next();
        await this.#time();
        if (done === true || !this.#all.has(subscription)) return;
        await this.#notify(NOTIFICATIONS.trace, { subscription, line: value });
      }
    });
    return { subscription };
  }

  seen(subscription: number): void {
    this.#all.get(subscription)?.seen();
  }
  unlisten(subscription: number): void {
    const each = this.#all.get(subscription);
    this.#all.delete(subscription);
    each?.seen();
    each?.stream.return?.().catch(nothing);
  }
  unlistenAll(): void {
    for (const subscription of this.#all.keys()) this.unlisten(subscription);
  }

  #mustHaveRoom(): void {
    if (this.#all.size >= SUBSCRIPTIONS_MAX)
      throw usage(`one client has at most ${SUBSCRIPTIONS_MAX} subscriptions: end one with “unlisten”`);
  }
  async #mustKnow(names: readonly string[] | undefined): Promise<void> {
    if (!names) return;
    const known = new Set((await this.#chat.contacts()).map(({ name }) => name));
    const unknown = names.find((name) => !known.has(name));
    if (unknown === undefined) return;
    throw new CodedError({ code: 'contact-unknown', message: `there is no contact “${unknown}”` });
  }

  #add(stream: AsyncIterator<unknown>): number {
    const subscription = this.#next++;
    this.#all.set(subscription, { stream, seen: nothing });
    return subscription;
  }

  #tell(number: number, tell: (subscription: Subscription) => Promise<void>): void {
    const subscription = this.#all.get(number);
    if (!subscription) return;
    const run = async (): Promise<void> => {
      // The answer, which names the subscription, leaves first.
      await nextTurn();
      let reason: CodedError | undefined;
      try {
        await tell(subscription);
      } catch (error) {
        if (!(error instanceof CodedError)) throw error;
        reason = error;
      }
      if (this.#all.delete(number))
        await this.#notify(NOTIFICATIONS.ended, { subscription: number, ...reason?.failure });
    };
    // A bug, or a screen that shows nothing.
    run().catch(() => this.#cut());
  }

  /** An event is asked for only when the one before it has left, and, on a screen, was shown. */
  async #tellEvents(
    number: number,
    subscription: Subscription,
    stream: EventStream,
    how: {
      readonly first: Promise<IteratorResult<ChatEvent, unknown>>;
      readonly isWanted: (event: ChatEvent) => boolean;
      readonly isScreen: boolean;
    },
  ): Promise<void> {
    let { done, value } = (await how.first) as IteratorResult<ChatEvent, undefined>;
    while (done !== true && value) {
      await this.#time();
      if (!this.#all.has(number)) return;
      if (how.isWanted(value)) {
        const seen = how.isScreen
          ? waitFor((resolve) => (subscription.seen = resolve), SEEN_PATIENCE_MS)
          : undefined;
        const params = { subscription: number, event: eventToJson(value), cursor: stream.cursor };
        const room = this.#notify(NOTIFICATIONS.event, params);
        await Promise.all([seen, room]);
      }
      // Asked for the next one, the chat would take this one for shown.
      if (!this.#all.has(number)) return;
      ({ done, value } = (await stream.next()) as IteratorResult<ChatEvent, undefined>);
    }
  }
}

function concerns(event: ChatEvent, names: readonly string[]): boolean {
  const about =
    'from' in event ? event.from : 'to' in event ? event.to : 'name' in event ? event.name : undefined;
  return about !== undefined && names.includes(about);
}

function usage(message: string): CodedError {
  return new CodedError({ code: 'usage', message });
}
