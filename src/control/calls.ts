import type { Socket } from 'node:net';
import type { ChatEvent } from '../api/index.ts';
import { CodedError, decodeUtf8, encodeUtf8, type Bytes } from '../base/index.ts';
import { ANSWER_BYTES_MAX, REQUEST_BYTES_MAX } from './limits.ts';
import { LineSplitter } from './line-splitter.ts';
import type { MethodName, Params, Value } from './methods.ts';
import { SilenceWatch } from './silence-watch.ts';
import { hear, type Heard } from './wire.ts';

/** Who is told the events of a subscription. */
export interface Subscriber {
  event(event: ChatEvent): void;
  /** With a reason when the other program has ended or broken off. */
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

/** The client's side of the socket: which answer belongs to which request, and which event to whom. */
export class Calls {
  readonly #socket: Socket;
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #subscribers = new Map<number, Subscriber>();
  /** By the request: whose subscription has no number yet; undefined when it is no longer wanted. */
  readonly #subscribing = new Map<number, Subscriber | undefined>();
  readonly #silence: SilenceWatch;
  #nextId = 1;
  /** Why nothing more is asked. */
  #end: CodedError | undefined;

  constructor(socket: Socket, silenceMs: number) {
    this.#socket = socket;
    this.#silence = new SilenceWatch(silenceMs, {
      ask: () => void this.ask('hello', {}).catch(() => undefined),
      giveUp: () => this.end(silent()),
    });
    const lines = new LineSplitter(ANSWER_BYTES_MAX);
    socket.on('data', (chunk: Bytes) => {
      this.#silence.heard();
      for (const line of lines.take(chunk)) this.#hear(line);
      if (this.#asked.size === 0) this.#silence.end();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => this.end(brokenOff()));
  }

  async call<Name extends MethodName>(method: Name, params: Params[Name]): Promise<Value<Name>> {
    return (await this.ask(method, params)) as Value<Name>;
  }

  async ask(method: string, params: object): Promise<unknown> {
    return this.#ask(method, params).promise;
  }

  /** Tells from now on: what is asked after this call is answered after its events began to count. */
  subscribe(subscriber: Subscriber, isScreen: boolean): void {
    const asked = this.#ask('subscribe', { isScreen });
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
    this.#socket.end();
    this.#socket.unref();
    if (reason) this.#socket.destroy();
    for (const { reject } of this.#asked.values()) reject(this.#end);
    this.#asked.clear();
    for (const subscriber of this.#subscribers.values()) subscriber.ended(reason);
    this.#subscribers.clear();
  }

  #ask(method: string, params: object): { readonly id: number; readonly promise: Promise<unknown> } {
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

  #write(request: { readonly id?: number; readonly method: string; readonly params: object }): boolean {
    const line = encodeUtf8(`${JSON.stringify({ jsonrpc: '2.0', ...request })}\n`);
    if (line.length > REQUEST_BYTES_MAX) return false;
    this.#socket.write(line);
    return true;
  }

  #hear(line: Bytes | undefined): void {
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
      case 'event':
        return this.#subscribers.get(heard.subscription)?.event(heard.event);
      case 'events-ended':
        this.#subscribers.get(heard.subscription)?.ended(brokenOff());
        this.#subscribers.delete(heard.subscription);
        return;
      case 'ending':
        this.end(new NotTaken(heard.isYielding));
    }
  }

  #answered(id: number, result: unknown): void {
    if (this.#subscribing.has(id)) {
      const { subscription } = result as { readonly subscription: number };
      const subscriber = this.#subscribing.get(id);
      this.#subscribing.delete(id);
      if (subscriber) this.#subscribers.set(subscription, subscriber);
      else this.#unsubscribe(subscription);
    }
    this.#asked.get(id)?.resolve(result);
    this.#asked.delete(id);
  }

  #unsubscribe(subscription: number): void {
    if (!this.#end) this.#ask('unsubscribe', { subscription }).promise.catch(() => undefined);
  }
  #numberOf(subscriber: Subscriber): number | undefined {
    for (const [number, each] of this.#subscribers) if (each === subscriber) return number;
    return undefined;
  }
}

function brokenOff(): CodedError {
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
  if (method === 'sendText')
    return new CodedError({
      code: 'message-too-long',
      message: 'The text is longer than 32 KiB, the most that fits one message.',
      hint: 'Split it.',
    });
  return new CodedError({ code: 'usage', message: 'the request is too long' });
}
