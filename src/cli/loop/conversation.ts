import type { Chat, ChatEvent, MessageId, OutgoingState } from '../../api/index.ts';
import { CodedError, toSafeLine, type Failure } from '../../base/index.ts';
import { findContact } from '../commands/verify.ts';
import { knownNames } from '../lookup/contact-name.ts';
import { isMuted } from '../words/contact-words.ts';
import { describeEvent, describeProgress, waitingWords, type Line } from '../words/describe.ts';
import { EXIT, exitCodeOf, type ExitCode } from '../exit-code.ts';
import { checkText } from '../terminal/read-text.ts';
import { toFailure, usageError } from '../report-error.ts';
import { LOOP_COMMANDS, runLoopCommand } from './loop-command.ts';
import { parseLine } from './parse-line.ts';
import { Presence } from './presence.ts';
import { Quotes } from './quotes.ts';
import { Reading } from './reading.ts';
import type { Incoming, Screen } from './screen.ts';

/** What a line led to: done, a mistake that has been shown, or the face must ask for names, or end. */
export type Submitted =
  | { readonly type: 'done' }
  /** `unsent`: the text did not go to these names, and is not kept; the face gives it back to whoever typed it. */
  | {
      readonly type: 'failed';
      readonly exitCode: ExitCode;
      readonly unsent?: { readonly names: readonly string[]; readonly text: string };
    }
  | { readonly type: 'needs-names'; readonly text: string }
  | { readonly type: 'quit' };

/** A message of this talk that waits, or is on its way. */
export interface Unsettled {
  readonly id: MessageId;
  readonly to: string;
  readonly progress: OutgoingState;
}

/** A message that can be answered. */
export interface Answerable {
  readonly id: MessageId;
  readonly with: string;
}

/** Many messages at once ring once. */
const BELL_MS = 1_000;

const DONE: Submitted = { type: 'done' };

/** The loop without its face: lines come in, messages go out, events are shown. */
export class Conversation {
  readonly chat: Chat;
  readonly screen: Screen;
  /** A person sits there, and reads what is shown. */
  isRead = false;
  /** A text was taken for this contact. */
  onSent: (name: string) => void = () => undefined;
  #fixed: readonly string[] = [];
  #last: readonly string[] = [];
  #lastWriter: string | undefined;
  /** In the order of the directory; kept current for completion. */
  names: readonly string[] = [];
  readonly outcomes: ExitCode[] = [];
  readonly #open = new Map<MessageId, { readonly to: string; readonly progress: OutgoingState }>();
  /** What was told last of why texts for a contact wait. */
  readonly #told = new Map<string, string>();
  /** States that came before `sendText` gave the id. */
  readonly #early = new Map<MessageId, { readonly to: string; readonly progress: OutgoingState }>();
  #sending = 0;
  readonly #shown = new Map<MessageId, string>();
  /** What was said last of why texts for a contact wait. */
  readonly #trouble = new Map<string, string>();
  /** How many texts of earlier runs, or of other programs, still wait for each contact. */
  readonly #backlog = new Map<string, number>();
  readonly #presence = new Presence();
  readonly #reading: Reading;
  readonly #quotes = new Quotes();
  /** What came last of each contact. */
  readonly #newest = new Map<string, Answerable>();
  #heardAt = Number.NEGATIVE_INFINITY;
  #isCatchingUp = false;
  readonly #begun = Promise.withResolvers<void>();
  #onChange: (() => void) | undefined;

  constructor(chat: Chat, screen: Screen) {
    this.chat = chat;
    this.screen = screen;
    this.#reading = new Reading(chat);
  }

  /** Set by /to: texts go there without asking. */
  get fixed(): readonly string[] {
    return this.#fixed;
  }
  open(names: readonly string[]): void {
    this.#fixed = names;
    this.#reading.open(names);
  }

  /** What Enter at `to:` takes: whom the last text went to, else who wrote last, else the only contact. */
  get suggested(): readonly string[] {
    if (this.#last.length > 0) return this.#last;
    if (this.#lastWriter !== undefined) return [this.#lastWriter];
    return this.names.length === 1 ? this.names : [];
  }
  /** Messages that may still be delivered without a person. */
  get waiting(): number {
    return [...this.#open.values()].filter(({ progress }) => !isStuck(progress)).length;
  }
  /** The one contact that /to fixed. */
  get onlyFixed(): string | undefined {
    return this.fixed.length === 1 ? this.fixed[0] : undefined;
  }
  /** What this talk's messages exit with: the settled ones, and those that wait. */
  get exitCodes(): readonly ExitCode[] {
    return [...this.outcomes, ...[...this.#open.values()].map(({ progress }) => unsettledCode(progress))];
  }
  /** This talk's messages that are not settled, oldest first. */
  get unsettled(): readonly Unsettled[] {
    return [...this.#open].map(([id, { to, progress }]) => ({ id, to, progress }));
  }
  /** What /reply answers: what came last, of those whom /to fixed. */
  get answerable(): Answerable | undefined {
    const all = [...this.#newest.values()];
    return all.findLast((message) => this.fixed.length === 0 || this.fixed.includes(message.with));
  }
  /** Whether it was written in this talk and is not settled: then what becomes of it is shown by itself. */
  isOwn(id: MessageId): boolean {
    return this.#open.has(id);
  }
  /** The newest message of this talk that may not have left yet. */
  get newestOpen(): { readonly id: MessageId; readonly to: string } | undefined {
    const newest = [...this.#open].at(-1);
    return newest && { id: newest[0], to: newest[1].to };
  }

  async start(): Promise<void> {
    const contacts = await this.chat.contacts();
    this.names = contacts.map((contact) => contact.name);
    for (const { name, undelivered } of contacts) if (undelivered > 0) this.#backlog.set(name, undelivered);
  }

  /** After the greeting: says what waits from before, and lets the events be shown that have come meanwhile. */
  begin(): void {
    for (const [name, count] of this.#backlog)
      this.screen.say({ text: `· ${waitingWords(count, name)} from before`, style: 'dim' });
    this.#begun.resolve();
  }

  /** Never rejects: a mistake is shown and counted. */
  async submit(line: string): Promise<Submitted> {
    try {
      return await this.#act(line);
    } catch (error) {
      return this.fail(error);
    }
  }

  /** Rejects with what the text cannot go out for. */
  async reply(message: Answerable, text: string): Promise<void> {
    this.#sending += 1;
    try {
      const { id: replyTo, with: to } = message;
      this.#track(await this.chat.sendText({ to, text: checkText(text), replyTo }), to, text);
    } finally {
      this.#sending -= 1;
      if (this.#sending === 0) this.#passEarly();
    }
  }

  /** Sends to each of the names, or to none when one is unknown. Never rejects. */
  async send(names: readonly string[], text: string): Promise<Submitted> {
    this.#sending += 1;
    try {
      checkText(text);
      const known = await knownNames(this.chat, names);
      if (known.length === 0) throw usageError('there is no name to send to');
      this.#last = known;
      const unsent: string[] = [];
      let failed: Submitted = DONE;
      for (const to of known)
        try {
          this.#track(await this.chat.sendText({ to, text }), to, text);
        } catch (error) {
          if (!(error instanceof CodedError)) throw error;
          unsent.push(to);
          failed = this.fail(error);
        }
      return this.#giveBack(failed, unsent, text);
    } catch (error) {
      const failed = this.fail(error);
      const isGone = error instanceof CodedError && error.code === 'node-not-running';
      return isGone ? this.#giveBack(failed, names, text) : failed;
    } finally {
      this.#sending -= 1;
      if (this.#sending === 0) this.#passEarly();
    }
  }

  #giveBack(submitted: Submitted, names: readonly string[], text: string): Submitted {
    if (submitted.type !== 'failed') return submitted;
    this.screen.say({ text: `· not sent to ${names.join(', ')}, not kept`, style: 'bad' });
    return { ...submitted, unsent: { names, text } };
  }

  fail(error: unknown): Submitted {
    const failure = toFailure(error);
    const exitCode = exitCodeOf(failure.code);
    this.outcomes.push(exitCode);
    for (const line of failureLines(failure)) this.screen.say(line);
    this.screen.failed(failure, exitCode);
    return { type: 'failed', exitCode };
  }

  /** Shows every event until the chat closes or the signal aborts. Begins to listen at once, and to show with `begin`. */
  async watch(signal: AbortSignal): Promise<void> {
    const events = this.chat.events({ signal, isScreen: true });
    signal.addEventListener('abort', () => this.#begun.resolve(), { once: true });
    await this.#begun.promise;
    for await (const event of events) {
      await this.#show(event);
      // Left without asking for the next event, this one does not count as shown: the next screen shows it.
      if (!(await this.screen.drained())) break;
      if (event.type === 'message-received' && this.isRead) this.#reading.shown(event.from, event.position);
    }
    await this.#reading.settled();
  }

  /** Resolves as soon as nothing can be delivered without a person, or at the abort. */
  async settled(signal: AbortSignal): Promise<void> {
    while (this.waiting > 0 && !signal.aborted)
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
  }

  async #act(line: string): Promise<Submitted> {
    const intent = parseLine(line, this.names);
    if (intent.type === 'nothing') return DONE;
    if (intent.type === 'command') {
      if (intent.name === 'quit') return { type: 'quit' };
      await runLoopCommand(this, intent);
      return DONE;
    }
    const names = intent.to ?? this.fixed;
    return names.length === 0
      ? { type: 'needs-names', text: intent.text }
      : await this.send(names, intent.text);
  }

  #track(id: MessageId, to: string, text: string): void {
    this.#quotes.note(id, text);
    this.onSent(to);
    if (this.isRead) this.#reading.answered(to);
    this.#open.set(id, { to, progress: { state: 'queued', held: false } });
    const early = this.#early.get(id);
    this.#early.delete(id);
    if (early) this.#progress(id, to, early.progress);
  }

  /** What nobody has claimed was about other messages than those just sent. */
  #passEarly(): void {
    for (const { to, progress } of this.#early.values()) this.#backlogProgress(to, progress);
    this.#early.clear();
  }

  async #show(event: ChatEvent): Promise<void> {
    if (event.type === 'message-received') {
      if (event.isBelated && !this.#isCatchingUp)
        this.screen.say({ text: 'while you were away:', style: 'dim' });
      this.#isCatchingUp = event.isBelated === true;
      return this.#showMessage(event);
    }
    if (event.type === 'message-progress') {
      if (this.#open.has(event.id)) this.#progress(event.id, event.to, event.progress);
      else if (this.#sending > 0) this.#early.set(event.id, event);
      else this.#backlogProgress(event.to, event.progress);
      return this.#progressBehind(event.to, event.progress);
    }
    if (event.type === 'directory-changed') await this.#learnNames();
    if (!this.#presence.isNews(event)) return;
    for (const line of describeEvent(event, this.chat.self, 'loop')) this.screen.say(line);
  }

  #showMessage(event: Incoming): void {
    const { id, from, text, replyTo } = event;
    this.#lastWriter = from;
    // Last in the order of the map as well.
    this.#newest.delete(from);
    this.#newest.set(from, { id, with: from });
    this.#quotes.note(id, text.exact());
    if (replyTo !== undefined) this.screen.say({ text: this.#quotes.words(from, replyTo), style: 'dim' });
    this.screen.message(event);
    if (!event.isBelated) void this.#ring(from);
  }

  /** Once in a while, and not for somebody who is muted, here or by another program. */
  async #ring(name: string): Promise<void> {
    const now = performance.now();
    if (now < this.#heardAt + BELL_MS) return;
    this.#heardAt = now;
    try {
      const contact = await findContact(this.chat, name);
      if (contact && !isMuted(contact, Date.now())) this.screen.bell();
    } catch {
      // The program is ending, or the one that it speaks with: there is nothing to listen to.
    }
  }

  #progress(id: MessageId, to: string, progress: OutgoingState): void {
    this.#open.set(id, { to, progress });
    if (progress.state !== 'queued' && progress.state !== 'sent') {
      this.#open.delete(id);
      this.#shown.delete(id);
      if (progress.state === 'delivered') this.#trouble.delete(to);
      this.outcomes.push(outcomeCode(progress));
      this.screen.outcome(to, id, progress);
      for (const line of describeProgress(to, progress, 'loop')) this.screen.say(line);
    } else for (const line of this.#newsOf(id, to, progress)) this.screen.say(line);
    this.#onChange?.();
  }

  /** Of very many texts that wait for a contact only the first are told of; what holds them holds those behind them, unsaid. */
  #progressBehind(to: string, progress: OutgoingState): void {
    if ((progress.state !== 'queued' && progress.state !== 'sent') || progress.reason === undefined) return;
    const told = `${progress.reason.code} ${progress.held}`;
    if (this.#told.get(to) === told) return;
    this.#told.set(to, told);
    for (const [id, open] of this.#open) {
      const { state } = open.progress;
      if (open.to === to && (state === 'queued' || state === 'sent'))
        this.#open.set(id, { to, progress: { ...progress, state } });
    }
    this.#onChange?.();
  }

  async #learnNames(): Promise<void> {
    this.names = (await this.chat.contacts()).map((contact) => contact.name);
  }

  /** Of what was written before, or by another command, only the end is said, and what went wrong: there may be thousands. */
  #backlogProgress(to: string, progress: OutgoingState): void {
    if (progress.state === 'queued' || progress.state === 'sent') return;
    // Who withdraws one is told so by the command.
    if (progress.state !== 'delivered' && progress.state !== 'cancelled')
      for (const line of describeProgress(to, progress, 'loop')) this.screen.say(line);
    const waiting = this.#backlog.get(to);
    if (waiting === undefined) return;
    this.#backlog.set(to, waiting - 1);
    if (waiting > 1) return;
    this.#backlog.delete(to);
    if (progress.state === 'delivered')
      this.screen.say({ text: `· everything from before is delivered to ${to}`, style: 'good' });
  }

  /** The same reason is said once for a contact until something arrives there: neither tries nor further texts fill the screen. */
  #newsOf(
    id: MessageId,
    to: string,
    progress: Extract<OutgoingState, { state: 'queued' | 'sent' }>,
  ): readonly Line[] {
    const { state, reason, held } = progress;
    if (state === 'queued' && reason === undefined) return [];
    const news = `${state} ${reason?.code ?? ''} ${held}`;
    const former = this.#shown.get(id);
    if (former === news) return [];
    this.#shown.set(id, news);
    if (reason !== undefined && this.#trouble.get(to) === news)
      return former === undefined ? [{ text: `→ ${to}: ${held ? 'held' : state}`, style: 'dim' }] : [];
    if (reason !== undefined) this.#trouble.set(to, news);
    return describeProgress(to, progress, 'loop');
  }
}

export function failureLines(failure: Failure): readonly Line[] {
  const first: Line = { text: `sotto: ${toSafeLine(failure.message)} [${failure.code}]`, style: 'bad' };
  return failure.hint === undefined ? [first] : [first, { text: `  ${failure.hint}`, style: 'plain' }];
}

/** For completion. */
export function commandNames(): readonly string[] {
  return [...LOOP_COMMANDS.map((command) => command.name), 'quit'];
}

/** The exit code that unsettled messages add at the end: held ones for their reason, the others for the time. */
function unsettledCode(progress: OutgoingState): ExitCode {
  return isStuck(progress) ? outcomeCode(progress) : EXIT.kept;
}

function isStuck(progress: OutgoingState): boolean {
  return (progress.state === 'queued' || progress.state === 'sent') && progress.held;
}

function outcomeCode(progress: OutgoingState): ExitCode {
  if (progress.state === 'delivered') return EXIT.done;
  return progress.reason === undefined ? EXIT.identity : exitCodeOf(progress.reason.code);
}
