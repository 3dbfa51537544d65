import { connect, type Socket } from 'node:net';
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
} from '../api/index.ts';
import { CodedError } from '../base/index.ts';
import { encodeBase64 } from './base64.ts';
import { RemoteEvents } from './remote-events.ts';
import { Calls } from './calls.ts';
import { SILENCE_MS } from './limits.ts';
import { CONTROL_VERSION, pageWithPeerText, type Hello } from './wire.ts';

/** A program whose loop is busy with its disk for longer than this is not waited for. */
const CONNECT_MS = 10_000;

export interface ControlPatience {
  /** For the first answer; at most, and by default, 10,000. */
  readonly answerWithinMs?: number;
  /** After this long without a word, while an answer is outstanding, the program is asked whether it lives. Default: 10,000. */
  readonly silenceMs?: number;
}

/**
 * The chat of the program that serves `path`. Closing it leaves that program as it is; when the program ends, everything rejects with
 * control-unusable, and so it does when that program is silent. Rejects with control-unusable when nobody answers there.
 */
export async function connectControl(
  path: string,
  { answerWithinMs = CONNECT_MS, silenceMs = SILENCE_MS }: ControlPatience = {},
): Promise<Chat> {
  const { self, calls } = await greet(path, { answerWithinMs, silenceMs });
  return new ControlChat(self, calls);
}

/**
 * Asks the program that serves `path` to leave the home to us, who are going to listen on it. False when it listens itself. Rejects with
 * control-unusable when nobody answers there.
 */
export async function askToYield(path: string): Promise<boolean> {
  const { calls } = await greet(path, { answerWithinMs: CONNECT_MS, silenceMs: SILENCE_MS });
  try {
    return (await calls.ask('yield', {})) === true;
  } finally {
    calls.end();
  }
}

async function greet(
  path: string,
  { answerWithinMs, silenceMs }: Required<ControlPatience>,
): Promise<{ readonly self: SelfView; readonly calls: Calls }> {
  const socket = await connectTo(path);
  const calls = new Calls(socket, silenceMs);
  const timer = setTimeout(
    () => calls.end(unusable('it does not answer')),
    Math.min(answerWithinMs, CONNECT_MS),
  );
  try {
    const hello = (await calls.ask('hello', {})) as Hello;
    if (hello.control === CONTROL_VERSION) return { self: hello.self, calls };
    const reason = unusable('it is of another version', 'End it, and start it again.');
    calls.end(reason);
    throw reason;
  } finally {
    clearTimeout(timer);
  }
}

/** The `Chat` of another program. */
class ControlChat implements Chat {
  readonly self: SelfView;
  readonly #calls: Calls;
  /** Where that program stands is not where we stand. */
  readonly #folder = process.cwd();

  constructor(self: SelfView, calls: Calls) {
    this.self = self;
    this.#calls = calls;
  }

  async status(): Promise<StatusView> {
    return this.#calls.call('status', {});
  }
  async contacts(): Promise<readonly ContactView[]> {
    return this.#calls.call('contacts', {});
  }
  async sendText(command: SendText): Promise<MessageId> {
    return this.#calls.call('sendText', command);
  }
  async cancel(id: MessageId): Promise<boolean> {
    return this.#calls.call('cancel', { id });
  }
  async cancelAll(to: string): Promise<number> {
    return this.#calls.call('cancelAll', { to });
  }
  async outbox(query: OutboxQuery = {}): Promise<OutboxPage> {
    return this.#calls.call('outbox', query);
  }
  async history(query: HistoryQuery = {}): Promise<HistoryPage> {
    return pageWithPeerText(await this.#calls.call('history', query));
  }
  async erase(query: EraseQuery): Promise<number> {
    return this.#calls.call('erase', query);
  }
  async resend(command: { readonly to: string; readonly sinceWall: number }): Promise<number> {
    return this.#calls.call('resend', command);
  }
  async backup({ path, passphrase }: BackupCommand): Promise<void> {
    const params = { path: resolve(this.#folder, path), passphrase: encodeBase64(passphrase) };
    await this.#calls.call('backup', params);
  }
  async safety(name: string): Promise<SafetyView> {
    return this.#calls.call('safety', { name });
  }
  async markVerified(name: string): Promise<void> {
    await this.#calls.call('markVerified', { name });
  }
  async approveKey(command: { readonly name: string; readonly fingerprint: string }): Promise<void> {
    await this.#calls.call('approveKey', command);
  }
  async openRepair(name: string): Promise<{ readonly untilWall: number }> {
    return this.#calls.call('openRepair', { name });
  }
  async forgiveGuesses(name: string): Promise<void> {
    await this.#calls.call('forgiveGuesses', { name });
  }
  async retry(name: string): Promise<void> {
    await this.#calls.call('retry', { name });
  }
  async setDraft(command: { readonly name: string; readonly text: string }): Promise<void> {
    await this.#calls.call('setDraft', command);
  }
  async markRead(command: { readonly name: string; readonly upTo?: number }): Promise<void> {
    await this.#calls.call('markRead', command);
  }
  async mute(command: { readonly name: string; readonly untilWall?: number }): Promise<void> {
    await this.#calls.call('mute', command);
  }
  events(options: EventOptions = {}): EventStream {
    return new RemoteEvents(this.#calls, options);
  }
  trace(): AsyncIterable<string> {
    throw unusable('it tells nothing of what goes on inside');
  }

  async close(): Promise<void> {
    this.#calls.end();
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function connectTo(path: string): Promise<Socket> {
  return new Promise((done, reject) => {
    const socket = connect({ path, noDelay: true });
    socket.once('error', (cause) =>
      reject(unusable(`nobody answers at ${path}: ${cause.message}`, undefined, { cause })),
    );
    socket.once('connect', () => done(socket));
  });
}

function unusable(why: string, hint?: string, options?: ErrorOptions): CodedError {
  const message = `the Sotto that uses this home cannot be reached: ${why}`;
  return new CodedError({ code: 'control-unusable', message, ...(hint === undefined ? {} : { hint }) }, options);
}
