import type { Socket } from 'node:net';
import * as v from 'valibot';
import type { Chat, ChatEvent } from '../api/index.ts';
import { CodedError, decodeUtf8, type Bytes, type Failure } from '../base/index.ts';
import {
  FINISH_PATIENCE_MS,
  REQUESTS_MAX,
  REQUEST_BYTES_MAX,
  SEEN_PATIENCE_MS,
  SUBSCRIPTIONS_MAX,
  UNREAD_BYTES_MAX,
  UNREAD_PATIENCE_MS,
} from './limits.ts';
import { LineSplitter } from './line-splitter.ts';
import { METHODS, type Method, type MethodName, type Params, type Value } from './methods.ts';
import {
  CONTROL_VERSION,
  parseJson,
  REQUEST,
  RPC,
  rpcError,
  type Hello,
  type Request,
  type RequestId,
  type RpcError,
  type Said,
} from './wire.ts';

const SUBSCRIBE = v.strictObject({ isScreen: v.boolean() });
const SUBSCRIPTION = v.strictObject({ subscription: v.pipe(v.number(), v.safeInteger()) });

interface Subscription {
  readonly events: AsyncIterator<ChatEvent>;
  /** The screen has shown the event that it was told last. */
  seen: () => void;
}

/** One client of the control socket: reads its requests in order, answers each when it is done, tells it events. */
export class ServedClient {
  readonly #chat: Chat;
  readonly #socket: Socket;
  readonly #left: () => void;
  readonly #yieldHome: () => boolean;
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #underWay = new Set<Promise<void>>();
  #pages: Promise<void> = Promise.resolve();
  #nextSubscription = 1;
  #isCut = false;
  #isFinishing = false;
  /** It has said something that was a request. */
  hasAsked = false;

  constructor(
    chat: Chat,
    socket: Socket,
    { left, yieldHome }: { readonly left: () => void; readonly yieldHome: () => boolean },
  ) {
    this.#chat = chat;
    this.#socket = socket;
    this.#left = left;
    this.#yieldHome = yieldHome;
    socket.on('error', () => this.cut());
    socket.on('close', () => this.cut());
  }

  /** Resolves when the client has nothing more to ask, and has its answers. */
  async serve(): Promise<void> {
    try {
      await this.#read();
      await Promise.all(this.#underWay);
      // Who has ended its side cannot say that it has seen an event.
      if (!this.#isCut && !this.#isFinishing) this.#socket.end(() => this.cut());
    } catch {
      // The socket broke, or its reader was too slow.
      this.cut();
    }
  }

  /** Takes nothing more, answers what was taken, and says that this was all; whoever does not read is not waited for. */
  async finish(isYielding: () => boolean): Promise<void> {
    this.#isFinishing = true;
    for (const number of this.#subscriptions.keys()) this.#unsubscribe(number);
    const done = this.#answerRest(isYielding);
    await waitFor((resolve) => void done.then(resolve, resolve), FINISH_PATIENCE_MS).catch(nothing);
    this.cut();
  }

  /** At once: what it has asked for still happens, and nobody hears of it. */
  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#left();
    for (const number of this.#subscriptions.keys()) this.#unsubscribe(number);
    this.#socket.destroy();
  }

  async #answerRest(isYielding: () => boolean): Promise<void> {
    // What is being answered at this moment counts as well.
    await nextTurn();
    await Promise.all(this.#underWay);
    this.#say({ jsonrpc: '2.0', method: 'ending', params: { isYielding: isYielding() } });
    await new Promise<void>((resolve) => this.#socket.end(() => resolve()));
  }

  async #read(): Promise<void> {
    const lines = new LineSplitter(REQUEST_BYTES_MAX);
    // Nothing is read while this waits: the rest stays in the socket.
    for await (const chunk of this.#socket.iterator({ destroyOnReturn: false })) {
      for (const line of lines.take(chunk as Bytes)) {
        await this.#room();
        while (this.#underWay.size >= REQUESTS_MAX) await Promise.race(this.#underWay);
        if (!this.#hear(line)) return;
      }
    }
  }

  /** False when the line is no request: nothing more is read then. */
  #hear(line: Bytes | undefined): boolean {
    if (this.#isFinishing) return false;
    if (line === undefined) return this.#refuse(RPC.request, 'a line has more than 1 MiB');
    const text = decodeUtf8(line);
    const json = text === undefined ? undefined : parseJson(text);
    if (json === undefined) return this.#refuse(RPC.parse, 'a line is not JSON');
    const request = v.safeParse(REQUEST, json);
    if (!request.success) return this.#refuse(RPC.request, 'a line is not a JSON-RPC 2.0 request');
    this.hasAsked = true;
    return this.#ask(request.output);
  }

  #refuse(code: number, message: string): false {
    this.#say({ jsonrpc: '2.0', id: null, error: rpcError(code, malformed(message)) });
    return false;
  }

  #ask({ id, method, params = {} }: Request): boolean {
    if (id === undefined) {
      if (method !== 'seen') return this.#refuse(RPC.request, 'a request has no id');
      const given = v.safeParse(SUBSCRIPTION, params);
      if (!given.success) return this.#refuse(RPC.params, 'a request has wrong params');
      this.#subscriptions.get(given.output.subscription)?.seen();
      return true;
    }
    const work = this.#answer(id, method, params).finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
    return true;
  }

  /** Calls the chat before it first waits: requests take effect in the order in which they came, but for pages. */
  async #answer(id: RequestId, method: string, params: unknown): Promise<void> {
    try {
      const result = isMethod(method) ? await this.#call(method, params) : this.#own(method, params);
      this.#say({ jsonrpc: '2.0', id, result: result ?? null });
    } catch (error) {
      this.#say({ jsonrpc: '2.0', id, error: asRpcError(error) });
    }
  }

  async #call<Name extends MethodName>(name: Name, params: unknown): Promise<Value<Name>> {
    const method: Method<Params[Name], Value<Name>> = METHODS[name];
    const given = parseParams(method.params, params);
    const call = async (): Promise<Value<Name>> => method.call(this.#chat, given);
    return method.isPage ? this.#afterOthers(call) : call();
  }

  /** One page after the other, and none while those before are unread: 64 of them would fill the memory. */
  async #afterOthers<Page>(page: () => Promise<Page>): Promise<Page> {
    const before = this.#pages;
    const work = (async () => {
      await before;
      await nextTurn();
      await this.#room();
      return page();
    })();
    this.#pages = work.then(nothing, nothing);
    return work;
  }

  #own(method: string, params: unknown): unknown {
    if (method === 'hello') {
      parseParams(v.strictObject({}), params);
      return { control: CONTROL_VERSION, self: this.#chat.self } satisfies Hello;
    }
    if (method === 'subscribe') return this.#subscribe(parseParams(SUBSCRIBE, params).isScreen);
    if (method === 'unsubscribe') {
      this.#unsubscribe(parseParams(SUBSCRIPTION, params).subscription);
      return null;
    }
    if (method === 'yield') {
      parseParams(v.strictObject({}), params);
      return this.#yieldHome();
    }
    throw new Misasked(RPC.method, `there is no method of this name`);
  }

  #subscribe(isScreen: boolean): { readonly subscription: number } {
    if (this.#subscriptions.size >= SUBSCRIPTIONS_MAX)
      throw new Misasked(RPC.params, 'this client listens often enough already');
    const number = this.#nextSubscription++;
    const events = this.#chat.events({ isScreen })[Symbol.asyncIterator]();
    const subscription = { events, seen: () => undefined };
    this.#subscriptions.set(number, subscription);
    this.#tell(number, subscription, isScreen).catch(() => this.cut());
    return { subscription: number };
  }

  #unsubscribe(number: number): void {
    const subscription = this.#subscriptions.get(number);
    this.#subscriptions.delete(number);
    subscription?.seen();
    subscription?.events.return?.().catch(() => undefined);
  }

  /** An event is asked for only when the one before it has left, and, on a screen, was shown. */
  async #tell(number: number, subscription: Subscription, isScreen: boolean): Promise<void> {
    // The answer, which names the subscription, leaves first.
    await Promise.resolve();
    for (;;) {
      const { done, value } = await subscription.events.next();
      if (!this.#subscriptions.has(number)) return;
      if (done === true) break;
      const seen = isScreen ? waitFor((seen) => (subscription.seen = seen), SEEN_PATIENCE_MS) : undefined;
      this.#say({ jsonrpc: '2.0', method: 'event', params: { subscription: number, event: value } });
      await seen;
      await this.#room();
      // Asked for the next one, the chat would take this one for shown.
      if (!this.#subscriptions.has(number)) return;
    }
    this.#subscriptions.delete(number);
    this.#say({ jsonrpc: '2.0', method: 'events-ended', params: { subscription: number } });
  }

  #say(said: Said): void {
    if (!this.#isCut) this.#socket.write(`${JSON.stringify(said)}\n`);
  }

  /** Rejects when the client does not read. */
  async #room(): Promise<void> {
    const socket = this.#socket;
    if (this.#isCut || socket.writableLength < UNREAD_BYTES_MAX || !socket.writableNeedDrain) return;
    let drained = (): void => undefined;
    try {
      await waitFor((resolve) => {
        drained = resolve;
        socket.once('drain', resolve);
        socket.once('close', resolve);
      }, UNREAD_PATIENCE_MS);
    } finally {
      socket.off('drain', drained);
      socket.off('close', drained);
    }
  }
}

/** A request that names no method, or wrong params. */
class Misasked extends Error {
  readonly rpc: number;

  constructor(rpc: number, message: string) {
    super(message);
    this.rpc = rpc;
  }
}

function isMethod(name: string): name is MethodName {
  return Object.hasOwn(METHODS, name);
}

function parseParams<Given>(schema: v.GenericSchema<unknown, Given>, params: unknown): Given {
  const given = v.safeParse(schema, params);
  if (given.success) return given.output;
  throw new Misasked(
    RPC.params,
    `the params are wrong: ${v.getDotPath(given.issues[0]) ?? 'no such object'}`,
  );
}

function malformed(message: string): Failure {
  return { code: 'control-malformed', message };
}

function asRpcError(error: unknown): RpcError {
  if (error instanceof CodedError) return rpcError(RPC.coded, error.failure);
  if (error instanceof Misasked) return rpcError(error.rpc, malformed(error.message));
  const message = `a bug in sotto: ${error instanceof Error ? error.name : 'not an error'}`;
  return rpcError(RPC.internal, { code: 'internal', message });
}

function nothing(): void {
  // Whoever asked hears of it.
}

async function nextTurn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Resolves when `begin`'s argument is called; rejects after `patienceMs`. */
async function waitFor(begin: (resolve: () => void) => void, patienceMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error('the client does not keep up')), patienceMs);
  begin(resolve);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
  }
}
