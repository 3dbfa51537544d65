import type { Chat, ChatOptions, EventCursor, Services } from '../../api/index.ts';
import { CodedError } from '../../base/index.ts';
import { knownNames } from '../lookup/contact-name.ts';
import { Stopped, type CliContext } from '../context.ts';
import { describeListening } from '../words/describe.ts';
import { Ahead, Several } from './ahead.ts';
import { Exec, KILL_AFTER_MS, type ExecOptions } from './exec.ts';
import { openHost, nextListens } from './host.ts';
import { keyOf, type Received, type Sink } from './message.ts';
import { Print, sayEvent } from './print.ts';

export interface ListenOptions {
  readonly chat: ChatOptions;
  /** Settings that are for the program that has the home, as they were given. */
  readonly hostFlags: readonly string[];
  readonly all: boolean;
  readonly json: boolean;
  /** Only these; empty: everybody. */
  readonly from: readonly string[];
  readonly after?: EventCursor;
  readonly exec?: ExecOptions;
}

/** After a broken connection a message may come once more that was taken already. */
const TAKEN_MAX = 1_000;
/** Sessions and the home are closed after the commands. */
const CLOSE_MS = 1_000;

/** Prints messages, or runs a command for each, until it is stopped: in this program or as the guest of the one that listens. */
export class Listener {
  readonly #options: ListenOptions;
  readonly #services: Services;
  readonly #context: CliContext;
  /** Aborts at Ctrl-C, and when nobody reads the output any more. */
  readonly #signal: AbortSignal;
  readonly #exec: Exec | undefined;
  #ahead: Ahead | undefined;
  readonly #taken = new Set<string>();
  #print: Print | undefined;
  #from: ReadonlySet<string> | undefined;
  #where = '';
  /** Where the last stream stood; only for one with a place of its own. */
  #cursor: EventCursor | undefined;

  constructor(options: ListenOptions, services: Services, context: CliContext) {
    this.#options = options;
    this.#services = services;
    this.#context = context;
    this.#signal = AbortSignal.any([context.signal, context.output.closed]);
    this.#cursor = options.after;
    if (!options.exec) return;
    this.#exec = new Exec(options.exec, context);
    context.stopGraceMs = KILL_AFTER_MS + CLOSE_MS;
  }

  async run(): Promise<void> {
    const signal = this.#signal;
    const onAbort = (): void => void this.#exec?.stop();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await this.#listen();
    } catch (error) {
      // Whatever was waited for at that moment says only that it was broken off.
      if (!signal.aborted || !isEnding(error)) throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      await this.#exec?.stop();
    }
    this.#context.signal.throwIfAborted();
  }

  async #listen(): Promise<void> {
    const { chat } = this.#options;
    while (!(await this.#listenOnce()) && !this.#signal.aborted)
      if (!(await nextListens(this.#services, chat, this.#signal)))
        this.#context.output.note('· the Sotto that listened has ended', 'dim');
  }

  /** Resolves to false when the program ended whose guest this was. */
  async #listenOnce(): Promise<boolean> {
    const { chat: options, from } = this.#options;
    const { chat, isGuest } = await openHost(this.#services, options, this.#signal);
    await using _closing = chat;
    try {
      this.#from ??= new Set(await knownNames(chat, from));
      this.#sayWhere(chat, isGuest);
      return (await this.#readOn(chat)) || !isGuest;
    } catch (error) {
      if (isGuest && error instanceof CodedError && isBroken(error)) return false;
      throw error;
    } finally {
      // A command may still ask this program for something.
      if (this.#signal.aborted) await this.#exec?.stop();
    }
  }

  /** Once for each place. */
  #sayWhere(chat: Chat, isGuest: boolean): void {
    const { output } = this.#context;
    const words = `${chat.self.username} is ${describeListening(chat.self)}${isGuest ? ', in another program' : ''}`;
    if (words === this.#where) return;
    this.#where = words;
    output.note(words);
    const { hostFlags } = this.#options;
    if (isGuest && hostFlags.length > 0)
      output.note(`· of no effect here, since that one listens: ${hostFlags.join(', ')}`, 'bad');
  }

  /** A reader with a place of its own goes on there when it was too slow for what is remembered. */
  async #readOn(chat: Chat): Promise<boolean> {
    for (;;)
      try {
        return await this.#readEvents(chat);
      } catch (error) {
        const isMissed = error instanceof CodedError && error.code === 'events-missed';
        if (!isMissed || this.#cursor === undefined) throw error;
      }
  }

  /** Resolves to true when no more is to be read. */
  async #readEvents(chat: Chat): Promise<boolean> {
    const { output } = this.#context;
    const hasPlace = this.#cursor !== undefined || this.#options.from.length > 0;
    const events = chat.events({
      signal: this.#signal,
      isScreen: !hasPlace,
      ...(this.#cursor !== undefined && { after: this.#cursor }),
    });
    const sink = this.#sink(chat, hasPlace);
    try {
      for await (const event of events) {
        const { cursor } = events;
        if (event.type !== 'message-received') {
          sayEvent(event, chat.self, output, { ...this.#options, cursor });
          if (!(await output.drained())) return true;
        } else if (this.#isWanted(event)) {
          // Left without asking for the next event, this one does not count as shown: the next screen shows it.
          if (!(await sink.take(event, cursor))) return true;
          this.#noteTaken(keyOf(event));
        }
      }
    } finally {
      if (hasPlace && events.cursor !== '') this.#cursor = events.cursor;
    }
    return this.#signal.aborted;
  }

  #sink(chat: Chat, hasPlace: boolean): Sink {
    const { exec, json } = this.#options;
    const commands = this.#exec;
    if (!exec || !commands) return (this.#print ??= new Print(this.#context.output, { json }));
    if (exec.jobs === 1) return { take: async (event, cursor) => commands.run(event, chat.self, cursor) };
    // Nothing is held up by a reader that is no screen: there is nothing to look ahead for.
    if (hasPlace) return new Several(commands, chat.self);
    this.#ahead ??= new Ahead(commands, chat, this.#signal);
    void this.#ahead.follow(chat);
    return this.#ahead;
  }

  #isWanted(event: Received): boolean {
    const isFrom = this.#options.from.length === 0 || this.#from?.has(event.from) === true;
    return isFrom && !this.#taken.has(keyOf(event));
  }

  #noteTaken(key: string): void {
    this.#taken.add(key);
    if (this.#taken.size <= TAKEN_MAX) return;
    const [oldest = ''] = this.#taken;
    this.#taken.delete(oldest);
  }
}

/** The connection, or the program at its other end, has gone. */
function isBroken({ code }: CodedError): boolean {
  return code === 'control-unusable' || code === 'cancelled';
}

/** What is no bug of ours. */
function isEnding(error: unknown): boolean {
  const isAbort = error instanceof Error && error.name === 'AbortError';
  return isAbort || error instanceof Stopped || error instanceof CodedError;
}
