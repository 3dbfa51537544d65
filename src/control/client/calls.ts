import { CodedError, decodeUtf8, encodeUtf8, type Bytes } from '../../base/index.ts';
import type { Channel } from '../channel.ts';
import { ANSWER_BYTES_MAX, REQUEST_BYTES_MAX } from '../limits.ts';
import { LineSplitter } from '../line-splitter.ts';
import type { Json } from '../rpc.ts';
import { hear, type Heard } from './hear.ts';
import { SilenceWatch } from './silence-watch.ts';

/** Who is told what a subscription tells. */
export interface Subscriber {
  /** The answer to the request that began it. */
  begun(answer: Json): void;
  told(params: Json): void;
  /** With a reason when the other program has ended or broken off, or cannot tell it all. */
  ended(reason: CodedError | undefined): void;
}

/** The other program was ending and has not begun what it was asked: whoever has the home next can be asked the same. */
export class NotTaken extends CodedError {
  /** A program that listens is about to have it. */
  readonly isYielding: boolean;

  constructor(isYielding: boolean) {
    super(brokenOff().failure);
    this.isYielding = isYielding;
  }
}

/** The client's side of the channel: which answer belongs to which request, and which event to whom. */
export class Calls {
  readonly #channel: Channel;
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #subscribers = new Map<number, Subscriber>();
  /** By the request: whose subscription has no number yet; undefined when it is no longer wanted. */
  readonly #subscribing = new Map<number, Subscriber | undefined>();
  readonly #silence: SilenceWatch;
  #nextId = 1;
  /** Why nothing more is asked. */
  #end: CodedError | undefined;

  constructor(channel: Channel, silenceMs: number) {
    this.#channel = channel;
    this.#silence = new SilenceWatch(silenceMs, {
      ask: () => void this.ask('hello', {}).catch(() => undefined),
      giveUp: () => this.end(silent()),
    });
    void this.#read();
  }

  async ask(method: string, params: Json): Promise<unknown> {
    return this.#ask(method, params).promise;
  }

  /** Tells from now on: what is asked after this call is answered after its events began to count. */
  subscribe(subscriber: Subscriber, method: 'listen' | 'trace', params: Json): void {
    const asked = this.#ask(method, params);
    // The answer's own line names the number; an event may stand in the very next one, before any promise has settled.
    this.#subscribing.set(asked.id, subscriber);
    asked.promise.catch((error: unknown) => {
      this.#subscribing.delete(asked.id);
      subscriber.ended(error instanceof CodedError && error.code !== 'cancelled' ? error : undefined);
    });
  }
  unsubscribe(subscriber: Subscriber): void {
    for (const [id, each] of this.#subscribing) if (each === subscriber) this.#subscribing.set(id, undefined);
    const subscription = this.#numberOf(subscriber);
    if (subscription === undefined) return;
    this.#subscribers.delete(subscription);
    this.#unsubscribe(subscription);
  }
  /** The screen has shown the event that it was told last. */
  seen(subscriber: Subscriber): void {
    const subscription = this.#numberOf(subscriber);
    if (subscription !== undefined && !this.#end) this.#write({ method: 'seen', params: { subscription } });
  }

  /** Without a reason: our own side wants no more. What was asked before still reaches the other program. */
  end(reason?: CodedError): void {
    if (this.#end) return;
    this.#end = reason ?? ended();
    this.#silence.end();
    this.#channel.end(() => undefined);
    this.#channel.unref?.();
    if (reason) this.#channel.cut();
    for (const { reject } of this.#asked.values()) reject(this.#end);
    this.#asked.clear();
    for (const subscriber of this.#subscribers.values()) subscriber.ended(reason);
    this.#subscribers.clear();
  }

  async #read(): Promise<void> {
    const lines = new LineSplitter(ANSWER_BYTES_MAX);
    try {
      for await (const chunk of this.#channel.input) {
        this.#silence.heard();
        for (const line of lines.take(typeof chunk === 'string' ? encodeUtf8(chunk) : chunk))
          this.#hear(line);
        if (this.#asked.size === 0) this.#silence.end();
      }
    } catch {
      // It broke.
    }
    this.end(brokenOff());
  }

  #ask(method: string, params: Json): { readonly id: number; readonly promise: Promise<unknown> } {
    const id = this.#nextId++;
    if (this.#end) return { id, promise: Promise.reject(this.#end) };
    const answer = Promise.withResolvers<unknown>();
    this.#asked.set(id, answer);
    if (this.#write({ id, method, params })) this.#silence.begin();
    else {
      this.#asked.delete(id);
      answer.reject(tooLong(method));
    }
    return { id, promise: answer.promise };
  }

  #write(request: { readonly id?: number; readonly method: string; readonly params: Json }): boolean {
    const line = encodeUtf8(`${JSON.stringify({ jsonrpc: '2.0', ...request })}\n`);
    if (line.length > REQUEST_BYTES_MAX) return false;
    // That it cannot be written shows in what is read.
    this.#channel.output.write(line, () => undefined);
    return true;
  }

  #hear(line: Bytes | undefined): void {
    if (this.#end) return;
    const text = line && decodeUtf8(line);
    const heard = text === undefined ? undefined : hear(text);
    if (heard) this.#take(heard);
    else this.end(brokenOff());
  }

  #take(heard: Heard): void {
    switch (heard.type) {
      case 'result':
        return this.#answered(heard.id, heard.result);
      case 'error':
        // Without an id it is about the whole of what we say: nothing more is heard.
        if (heard.id === null) return this.end(heard.error);
        this.#asked.get(heard.id)?.reject(heard.error);
        this.#asked.delete(heard.id);
        return;
      case 'told':
        return this.#subscribers.get(heard.subscription)?.told(heard.params);
      case 'ended':
        this.#subscribers.get(heard.subscription)?.ended(heard.reason ?? brokenOff());
        this.#subscribers.delete(heard.subscription);
        return;
      case 'ending':
        return this.end(new NotTaken(heard.isYielding));
      case 'other':
    }
  }

  #answered(id: number, result: unknown): void {
    if (this.#subscribing.has(id)) {
      const answer = result as Json & { readonly subscription: number };
      const subscriber = this.#subscribing.get(id);
      this.#subscribing.delete(id);
      if (subscriber) this.#subscribers.set(answer.subscription, subscriber);
      else this.#unsubscribe(answer.subscription);
      subscriber?.begun(answer);
    }
    this.#asked.get(id)?.resolve(result);
    this.#asked.delete(id);
  }

  #unsubscribe(subscription: number): void {
    if (!this.#end) this.#ask('unlisten', { subscription }).promise.catch(() => undefined);
  }
  #numberOf(subscriber: Subscriber): number | undefined {
    for (const [number, each] of this.#subscribers) if (each === subscriber) return number;
    return undefined;
  }
}

export function brokenOff(): CodedError {
  return new CodedError({
    code: 'control-unusable',
    message: 'the Sotto that uses this home has ended, or broke off',
    hint: 'What was queued is kept: “sotto outbox” shows it. Any other command can be run again.',
  });
}

/** Its loop stands still, or the whole of it. */
function silent(): CodedError {
  return new CodedError({
    code: 'control-unusable',
    message: 'the Sotto that uses this home does not answer',
    hint: 'See whether it was stopped, or waits for its disk: what it was asked it may still do.',
  });
}

function ended(): CodedError {
  return new CodedError({ code: 'cancelled', message: 'The program is ending: nothing new begins.' });
}

function tooLong(method: string): CodedError {
  if (method === 'send' || method === 'draft')
    return new CodedError({
      code: 'message-too-long',
      message: 'The text is longer than 32 KiB, the most that fits one message.',
      hint: 'Split it.',
    });
  return new CodedError({ code: 'usage', message: 'the request is too long' });
}
