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
} from '../../api/index.ts';
import { timeToJson } from '../../api/to-json/index.ts';
import { encodeBase64 } from '../base64.ts';
import { isJson, type Json } from '../rpc.ts';
import { brokenOff, type Calls } from './calls.ts';
import { RemoteEvents, RemoteTrace } from './remote-stream.ts';

type Shapes = typeof import('../../api/json/index.ts');

/** The `Chat` of another program. */
export class ControlChat implements Chat {
  readonly self: SelfView;
  readonly #calls: Calls;
  /** Where that program stands is not where we stand. */
  readonly #folder = process.cwd();

  constructor(self: SelfView, calls: Calls) {
    this.self = self;
    this.#calls = calls;
  }

  async status(): Promise<StatusView> {
    return this.#read('status', {}, (json, { statusFromJson }) => statusFromJson(json as never));
  }
  async contacts(): Promise<readonly ContactView[]> {
    return this.#read('contacts', {}, (json, { contactFromJson }) =>
      (json as { readonly contacts: readonly never[] }).contacts.map((contact) => contactFromJson(contact)),
    );
  }
  async sendText({ id, to, text, replyTo, expiresAtWall }: SendText): Promise<MessageId> {
    const params = given({ id, to, text, reply_to: replyTo, expires_at: time(expiresAtWall) });
    const { id: kept } = await this.#ask('send', params);
    if (typeof kept === 'string') return kept as MessageId;
    throw brokenOff();
  }
  async cancel(id: MessageId): Promise<boolean> {
    return (await this.#count('outbox.cancel', { id })) > 0;
  }
  async cancelAll(to: string): Promise<number> {
    return this.#count('outbox.cancel', { to });
  }
  async outbox({ to, after, limit }: OutboxQuery = {}): Promise<OutboxPage> {
    return this.#read('outbox', given({ to, after, limit }), (json, { outboxPageFromJson }) =>
      outboxPageFromJson(json as never),
    );
  }
  async history({ sinceWall, untilWall, ...query }: HistoryQuery = {}): Promise<HistoryPage> {
    const params = given({ ...query, since: time(sinceWall), until: time(untilWall) });
    return this.#read('history', params, (json, { historyPageFromJson }) =>
      historyPageFromJson(json as never),
    );
  }
  async erase({ beforeWall, ...query }: EraseQuery): Promise<number> {
    return this.#count('delete', given({ ...query, before: time(beforeWall) }));
  }
  async resend({ to, sinceWall }: { readonly to: string; readonly sinceWall: number }): Promise<number> {
    return this.#count('outbox.resend', given({ to, since: time(sinceWall) }));
  }
  async backup({ path, passphrase }: BackupCommand): Promise<void> {
    await this.#ask('backup', {
      path: resolve(this.#folder, path),
      passphrase: encodeBase64(passphrase),
    });
  }
  async safety(name: string): Promise<SafetyView> {
    return this.#read('verify', { name }, (json, { safetyFromJson }) => safetyFromJson(json as never));
  }
  async markVerified(name: string): Promise<void> {
    await this.#ask('verify', { name, confirm: true });
  }
  async approveKey({
    name,
    fingerprint,
  }: {
    readonly name: string;
    readonly fingerprint: string;
  }): Promise<void> {
    await this.#ask('trust', { name, fingerprint });
  }
  async openRepair(name: string): Promise<{ readonly untilWall: number }> {
    return this.#read('trust', { name, repair: true }, (json, { timeFromJson }) => ({
      untilWall: timeFromJson((json as { readonly until: string }).until),
    }));
  }
  async forgiveGuesses(name: string): Promise<void> {
    await this.#ask('trust', { name, forgive: true });
  }
  async retry(name: string): Promise<void> {
    await this.#ask('outbox.retry', { name });
  }
  async setDraft({ name, text }: { readonly name: string; readonly text: string }): Promise<void> {
    await this.#ask('draft', { name, text });
  }
  async markRead({ name, upTo }: { readonly name: string; readonly upTo?: number }): Promise<void> {
    await this.#ask('read', given({ name, up_to: upTo }));
  }
  async mute({ name, untilWall }: { readonly name: string; readonly untilWall?: number }): Promise<void> {
    await this.#ask('mute', given({ name, until: time(untilWall) }));
  }
  events(options: EventOptions = {}): EventStream {
    const fromJson = shapes().then(({ eventFromJson }) => eventFromJson);
    return new RemoteEvents(this.#calls, options, fromJson);
  }
  trace(options: TraceOptions = {}): AsyncIterable<string> {
    return new RemoteTrace(this.#calls, options);
  }

  async close(): Promise<void> {
    this.#calls.end();
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #ask(method: string, params: Json): Promise<Json> {
    const answer = await this.#calls.ask(method, params);
    if (isJson(answer)) return answer;
    throw brokenOff();
  }
  async #count(method: string, params: Json): Promise<number> {
    const { count } = await this.#ask(method, params);
    if (typeof count === 'number') return count;
    throw brokenOff();
  }
  /** What is no such shape was said by no Sotto of this version. */
  async #read<View>(
    method: string,
    params: Json,
    fromJson: (json: unknown, shapes: Shapes) => View,
  ): Promise<View> {
    const [json, known] = await Promise.all([this.#calls.ask(method, params), shapes()]);
    try {
      return fromJson(json, known);
    } catch {
      throw brokenOff();
    }
  }
}

/** They come with a library of schemas, which takes longer to load than a text to send. */
async function shapes(): Promise<Shapes> {
  return import('../../api/json/index.ts');
}

function given(params: Json): Json {
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));
}

function time(wall: number | undefined): string | number | undefined {
  return wall === undefined ? undefined : timeToJson(wall);
}
