import { CodedError, decodeUtf8, encodeUtf8, type Bytes } from '../../base/index.ts';
import { identityToJson } from '../../api/to-json/index.ts';
import type { Channel } from '../channel.ts';
import {
  BATCH_ANSWER_BYTES_MAX,
  BATCH_MAX,
  FINISH_PATIENCE_MS,
  REQUEST_BYTES_MAX,
  REQUESTS_MAX,
  WAITING_MS,
} from '../limits.ts';
import { LineSplitter } from '../line-splitter.ts';
import { CONTROL_VERSION, NOTIFICATIONS, parseJson, RPC, type Json } from '../rpc.ts';
import type { Desk } from './desk.ts';
import { LineWriter } from './line-writer.ts';
import { Later, type Method, type Served } from './method.ts';
import { METHODS } from './methods.ts';
import { errorAnswer, Misasked, readParams, readRequest, type Answer, type Request } from './requests.ts';
import { Subscriptions } from './subscriptions.ts';
import { nextTurn, nothing, waitFor } from './waiting.ts';

/** Answers that are to leave together. */
interface Batch {
  bytes: number;
}

/** One client: reads its requests in order, answers each when it is done, tells it events. */
export class ServedClient {
  readonly #desk: Desk;
  readonly #channel: Channel;
  readonly #left: () => void;
  readonly #writer: LineWriter;
  readonly #lines = new LineSplitter(REQUEST_BYTES_MAX);
  readonly #subscriptions: Subscriptions;
  readonly #served: Served;
  readonly #gone = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  /** Requests that hold up further ones, and their bytes. */
  #busy = 0;
  #busyBytes = 0;
  #batchBytes = 0;
  #slot = Promise.withResolvers<void>();
  #pages: Promise<void> = Promise.resolve();
  /** What is next begins after this. */
  #beginning: Promise<void> | undefined;
  #isFinishing = false;
  /** It has said something that was a request. */
  hasAsked = false;

  constructor(desk: Desk, channel: Channel, { left }: { readonly left: () => void }) {
    this.#desk = desk;
    this.#channel = channel;
    this.#left = left;
    this.#writer = new LineWriter(channel.output, {
      onBroken: () => this.cut(),
      onChange: () => this.#account(),
    });
    this.#subscriptions = new Subscriptions(desk.chat, {
      notify: async (method, params) => this.#notify(method, params),
      time: async () => desk.pace.time(),
      cut: () => this.cut(),
    });
    this.#served = {
      chat: desk.chat,
      watch: desk.watch,
      document: desk.document,
      inOrder: async (first, begin) => this.#inOrder(first, begin),
      down: () =>
        desk.down(async () => {
          // Else its answer would have to wait for an end of the events.
          this.#subscriptions.unlistenAll();
          return this.#writer.left();
        }),
      subscriptions: this.#subscriptions,
      waits: { count: 0 },
      gone: this.#gone.signal,
    };
  }

  /** Resolves when the client has nothing more to ask, and has its answers. */
  async serve(): Promise<void> {
    try {
      await this.#read();
      await this.#answered();
      // Who has ended its side cannot say that it has seen an event.
      if (!this.#isFinishing) await this.#end();
    } catch {
      // The channel broke.
      this.cut();
    }
  }

  /** Takes nothing more, answers what was taken, and says that this was all; whoever does not read is not waited for. */
  async finish(isYielding: () => boolean): Promise<void> {
    this.#isFinishing = true;
    this.#subscriptions.unlistenAll();
    const done = this.#answerRest(isYielding);
    await waitFor((resolve) => void done.then(resolve, resolve), FINISH_PATIENCE_MS).catch(nothing);
    this.cut();
  }

  /** At once: what it has asked for still happens, and nobody hears of it. */
  cut(): void {
    if (this.#gone.signal.aborted) return;
    this.#gone.abort();
    this.#left();
    this.#subscriptions.unlistenAll();
    this.#writer.stop();
    this.#desk.memory.holds(this, 0);
    this.#channel.cut();
  }

  async #answerRest(isYielding: () => boolean): Promise<void> {
    // What is being answered at this moment counts as well.
    await nextTurn();
    await Promise.all(this.#underWay);
    void this.#notify(NOTIFICATIONS.ending, { yielding: isYielding() });
    await this.#end();
  }

  async #answered(): Promise<void> {
    const probing = setInterval(() => void this.#notify(NOTIFICATIONS.waiting, {}), WAITING_MS).unref();
    try {
      while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    } finally {
      clearInterval(probing);
    }
  }

  async #end(): Promise<void> {
    await this.#writer.left();
    await new Promise<void>((resolve) => this.#channel.end(resolve));
    this.cut();
  }

  async #read(): Promise<void> {
    // Nothing is read while this waits: the rest stays in the channel.
    for await (const chunk of this.#channel.input) {
      await this.#desk.pace.time();
      for (const line of this.#lines.take(bytesOf(chunk))) {
        if (line?.length === 0) continue;
        await this.#writer.room();
        await this.#desk.pace.time();
        while (this.#busy >= REQUESTS_MAX) await this.#slot.promise;
        while (this.#beginning) await this.#beginning;
        if (this.#isFinishing || this.#gone.signal.aborted) return;
        if (!(await this.#hear(line))) return;
      }
      this.#account();
    }
  }

  /** Resolves when its work has begun; false when nothing more is read: where a line that is too long ends is not looked for. */
  async #hear(line: Bytes | undefined): Promise<boolean> {
    if (line === undefined) {
      this.#say(errorAnswer(null, new Misasked(RPC.request, 'a line has more than 1 MiB')));
      return false;
    }
    const text = decodeUtf8(line);
    if (text?.trim() === '') return true;
    const json = text === undefined ? undefined : parseJson(text);
    if (json === undefined) this.#say(errorAnswer(null, new Misasked(RPC.parse, 'this line is not JSON')));
    else if (Array.isArray(json)) await this.#hearBatch(json, line.length);
    else this.#work(line.length, async (free) => this.#hearOne(json, free));
    return true;
  }

  async #hearOne(json: unknown, free: () => void): Promise<void> {
    const answer = await this.#answer(json, free);
    if (answer) this.#say(answer);
  }

  async #hearBatch(batch: readonly unknown[], bytes: number): Promise<void> {
    if (batch.length === 0 || batch.length > BATCH_MAX) {
      const error = new Misasked(RPC.request, `a batch has 1 to ${BATCH_MAX} requests`);
      return this.#say(errorAnswer(null, error));
    }
    const begun = Promise.withResolvers<void>();
    this.#work(bytes, async (free) => {
      const room: Batch = { bytes: 0 };
      let waiting = batch.length;
      const answerOne = async (json: unknown): Promise<string | undefined> => {
        let isFree = false;
        const freeOne = (): void => {
          if (!isFree && --waiting === 0) free();
          isFree = true;
        };
        const answer = await this.#answer(json, freeOne, room);
        freeOne();
        const said = answer && JSON.stringify(answer);
        this.#hold(room, said?.length ?? 0);
        return said;
      };
      const answers: Promise<string | undefined>[] = [];
      for (const json of batch) {
        await this.#desk.pace.time();
        while (this.#beginning) await this.#beginning;
        answers.push(answerOne(json));
      }
      begun.resolve();
      const said = (await Promise.all(answers)).filter((answer) => answer !== undefined);
      if (said.length > 0) this.#writer.say(`[${said.join(',')}]`);
      this.#hold(room, -room.bytes);
    });
    await begun.promise;
  }

  /** What is answered waits for the rest of its batch. */
  #hold(batch: Batch, bytes: number): void {
    batch.bytes += bytes;
    this.#batchBytes += bytes;
    this.#account();
  }

  /** `free`: from then on it holds up nobody. */
  #work(bytes: number, work: (free: () => void) => Promise<void>): void {
    this.#busy += 1;
    this.#busyBytes += bytes;
    this.#account();
    let isFree = false;
    const free = (): void => {
      if (isFree) return;
      isFree = true;
      this.#busy -= 1;
      this.#busyBytes -= bytes;
      this.#account();
      this.#slot.resolve();
      this.#slot = Promise.withResolvers();
    };
    const done = work(free).finally(() => {
      free();
      this.#underWay.delete(done);
    });
    this.#underWay.add(done);
  }

  /** Undefined for what is not answered. */
  async #answer(json: unknown, free: () => void, batch?: Batch): Promise<Answer | undefined> {
    const request = readRequest(json);
    if ('answer' in request) return request.answer;
    const { id } = request;
    this.hasAsked = true;
    try {
      const result = await this.#result(request, batch);
      if (result instanceof Later) free();
      const said = result instanceof Later ? await result.answer : result;
      return id === undefined ? undefined : { jsonrpc: '2.0', id, result: said ?? {} };
    } catch (error) {
      return id === undefined ? undefined : errorAnswer(id, error);
    }
  }

  async #result({ method: name, params }: Request, batch: Batch | undefined): Promise<unknown> {
    if (name === 'hello') return this.#hello();
    if (name === 'yield') return this.#desk.yieldHome();
    const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
    if (!method) throw new Misasked(RPC.method, 'there is no method of this name: “rpc.discover” lists them');
    const given = readParams(method, params);
    return method.isPage ? this.#page(method, given, batch) : method.call(this.#served, given);
  }

  #hello(): Json {
    const { self } = this.#desk.chat;
    return { control: CONTROL_VERSION, identity: identityToJson(self) };
  }

  async #inOrder<Found, Answer>(
    first: Promise<Found>,
    begin: (found: Found) => Promise<Answer>,
  ): Promise<Answer> {
    const begun = first.then((found) => ({ answer: begin(found) }));
    const isBegun = (): void => {
      if (this.#beginning === beginning) this.#beginning = undefined;
    };
    const beginning = begun.then(isBegun, isBegun);
    this.#beginning = beginning;
    return (await begun).answer;
  }

  /** One page after the other, and none while those before are unread: 64 of them would fill the memory. */
  async #page(method: Method, given: unknown, batch: Batch | undefined): Promise<unknown> {
    const before = this.#pages;
    const work = (async () => {
      await before;
      await nextTurn();
      await this.#writer.room();
      if (this.#gone.signal.aborted) return undefined;
      if (batch && batch.bytes > BATCH_ANSWER_BYTES_MAX) throw tooMuch();
      return method.call(this.#served, given);
    })();
    this.#pages = work.then(nothing, nothing);
    return work;
  }

  #say(answer: Answer): void {
    this.#writer.say(JSON.stringify(answer));
  }
  async #notify(method: string, params: Json): Promise<void> {
    this.#writer.say(JSON.stringify({ jsonrpc: '2.0', method, params }));
    await this.#writer.room();
  }

  #account(): void {
    if (this.#gone.signal.aborted) return;
    this.#desk.memory.holds(
      this,
      this.#busyBytes + this.#batchBytes + this.#lines.held + this.#writer.length,
    );
  }
}

function bytesOf(chunk: Uint8Array | string): Bytes {
  return typeof chunk === 'string' ? encodeUtf8(chunk) : chunk;
}

function tooMuch(): CodedError {
  return new CodedError({
    code: 'usage',
    message: 'the answers of this batch are too large together',
    hint: 'Ask for fewer pages at a time.',
  });
}
