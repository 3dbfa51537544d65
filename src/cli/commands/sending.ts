// What `send` does between opening a chat and closing it: queue, watch, and say of each text what became of it.
import type { Chat, ChatEvent, MessageId, OutgoingState } from '../../api/index.ts';
import { failureToJson, stateToJson } from '../../api/to-json/index.ts';
import { CodedError, type Failure } from '../../base/index.ts';
import type { CliContext } from '../context.ts';
import { describeEvent, duration, sentence } from '../words/describe.ts';
import { EXIT, exitCodeOf, type ExitCode } from '../exit-code.ts';
import { KEPT, keptWords } from '../words/kept.ts';
import { shortId } from '../lookup/message-id.ts';
import type { Settings } from '../settings/settings.ts';
import { answerMs, inTime } from './in-time.ts';

export type WaitFor = 'delivered' | 'sent' | 'queued';

export interface Order {
  readonly names: readonly string[];
  readonly text: string;
  readonly replyTo?: MessageId;
  readonly waitFor: WaitFor;
  /** Of the text, when it goes to one name alone. */
  readonly id?: MessageId;
  /** UTC ms. */
  readonly expiresAtWall?: number;
}

type Open = Extract<OutgoingState, { state: 'queued' | 'sent' }>;

interface Waiting {
  readonly to: string;
  progress: Open;
}

interface Outgoing<State> {
  readonly to: string;
  readonly id: MessageId;
  readonly progress: State;
}

interface Queued {
  readonly to: string;
  readonly id?: MessageId;
  readonly failure?: ExitCode;
}

const QUEUED: Open = { state: 'queued', held: false };

/** For `--wait queued`: what is on the disk is done. */
export async function queueForAll(
  chat: Chat,
  order: Order,
  settings: Settings,
  { output }: CliContext,
): Promise<readonly ExitCode[]> {
  const outcomes: ExitCode[] = [];
  for await (const { to, id, failure } of queue(chat, order, settings, output)) {
    if (failure !== undefined) outcomes.push(failure);
    if (id === undefined) continue;
    if (settings.json) output.json({ type: 'outcome', to, id, ...stateToJson(QUEUED), kept: true });
    output.note(`queued for ${to}, ${keptWords(chat.self)}`);
  }
  return outcomes;
}

/** Resolves when each text is settled, held, or the time is over; with the exit codes of all. */
export async function sendToAll(
  chat: Chat,
  order: Order,
  settings: Settings,
  context: CliContext,
): Promise<readonly ExitCode[]> {
  const done = new AbortController();
  const signal = AbortSignal.any([done.signal, context.signal]);
  const early = new Map<MessageId, OutgoingState>();
  const waiting = new Map<MessageId, Waiting>();
  const outcomes: ExitCode[] = [];
  let isQueueing = true;
  const settle = (id: MessageId, to: string, progress: OutgoingState): void => {
    const message = waiting.get(id);
    if (!message) {
      if (isQueueing) early.set(id, progress);
      return settleBehind(to, progress);
    }
    if (isOpen(progress)) {
      message.progress = progress;
      if (!isEnough(progress, order.waitFor)) return;
    }
    waiting.delete(id);
    outcomes.push(reportOutcome({ to: message.to, id, progress }, order, chat, settings, context));
    if (waiting.size === 0 && !isQueueing) done.abort();
  };
  // Of very many texts that wait for a contact only the first are told of; what holds them holds those behind them. One that has
  // left is told of itself: it may count as queued again.
  const settleBehind = (name: string, progress: OutgoingState): void => {
    if (!isOpen(progress) || progress.reason === undefined) return;
    for (const [id, { to, progress: former }] of waiting)
      if (to === name && former.state === 'queued') settle(id, to, { ...progress, state: former.state });
  };
  const watch = watchEvents(chat, signal, context, settle);
  // It is awaited below; a failure before that must not count as unhandled.
  watch.catch(() => undefined);
  for await (const { to, id, failure } of queue(chat, order, settings, context.output)) {
    if (failure !== undefined) outcomes.push(failure);
    if (id === undefined) continue;
    waiting.set(id, { to, progress: QUEUED });
    const progress = early.get(id);
    if (progress) settle(id, to, progress);
  }
  isQueueing = false;
  if (waiting.size === 0) done.abort();
  const timer = setTimeout(() => done.abort(), settings.timeoutMs);
  const broken = await endOf(watch, signal).finally(() => clearTimeout(timer));
  for (const [id, { to, progress }] of waiting)
    outcomes.push(reportKept({ to, id, progress }, { order, broken, chat, settings, context }));
  return outcomes;
}

/** One name's failure does not keep the text from the others. */
async function* queue(
  chat: Chat,
  { names, text, id: chosen, replyTo, expiresAtWall }: Order,
  settings: Settings,
  output: CliContext['output'],
): AsyncGenerator<Queued> {
  const giveUpAt = performance.now() + answerMs(settings.timeoutMs);
  for (const to of names) {
    try {
      const asked = chat.sendText({
        to,
        text,
        ...(chosen !== undefined && { id: chosen }),
        ...(replyTo !== undefined && { replyTo }),
        ...(expiresAtWall !== undefined && { expiresAtWall }),
      });
      const id = await inTime(asked, giveUpAt - performance.now());
      yield { to, id };
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      const { failure } = error;
      // Who was to keep it broke off: it may have been kept before that.
      const isKnown = failure.code !== 'control-unusable';
      const kept = isKnown ? { kept: false } : {};
      if (settings.json)
        output.json({ type: 'outcome', to, state: 'failed', ...kept, ...failureToJson(failure) });
      const words = isKnown ? 'not kept' : 'sotto outbox tells whether it is kept';
      output.note(`not sent to ${to}, ${words}: ${sentence(failure)}`, 'bad');
      if (failure.hint !== undefined) output.note(`  ${failure.hint}`);
      yield { to, failure: exitCodeOf(failure.code) };
    }
  }
}

async function watchEvents(
  chat: Chat,
  signal: AbortSignal,
  { output }: CliContext,
  settle: (id: MessageId, to: string, progress: OutgoingState) => void,
): Promise<void> {
  for await (const event of chat.events({ signal })) {
    if (event.type === 'message-progress') settle(event.id, event.to, event.progress);
    else if (isLoud(event))
      for (const line of describeEvent(event, chat.self, 'shell')) output.note(line.text, line.style);
    if (signal.aborted) return;
  }
}

/** Why nothing more can be heard of the texts, when it is neither the end of the time nor a Ctrl-C. */
async function endOf(watch: Promise<void>, signal: AbortSignal): Promise<Failure | undefined> {
  try {
    await watch;
  } catch (error) {
    if (error instanceof CodedError) return error.failure;
    throw error;
  }
  return signal.aborted ? undefined : { code: 'control-unusable', message: 'the running Sotto has ended' };
}

function isLoud(event: ChatEvent): boolean {
  return event.type === 'key-pending' || event.type === 'own-key-pending';
}

function isOpen(progress: OutgoingState): progress is Open {
  return progress.state === 'queued' || progress.state === 'sent';
}

/** It is what was waited for, or nothing will happen before a person acts: nobody waits for that. */
function isEnough(progress: Open, waitFor: WaitFor): boolean {
  if (progress.state === 'sent' && waitFor === 'sent') return true;
  if (progress.held) return true;
  return progress.reason !== undefined && exitCodeOf(progress.reason.code) === EXIT.identity;
}

function reportOutcome(
  { to, id, progress }: Outgoing<OutgoingState>,
  { waitFor }: Order,
  chat: Chat,
  settings: Settings,
  { output }: CliContext,
): ExitCode {
  const isKept = isOpen(progress);
  const isSentEnough = progress.state === 'sent' && waitFor === 'sent' && !progress.held;
  const kept = progress.state === 'delivered' ? {} : { kept: isKept };
  if (settings.json) {
    const told = isKept && !isSentEnough ? toHeld(progress) : progress;
    output.json({ type: 'outcome', to, id, ...stateToJson(told), ...kept });
  }
  if (progress.state === 'delivered') {
    output.note(`delivered to ${to} in ${duration(progress.tookMs)}`, 'good');
    return EXIT.done;
  }
  const { reason } = progress;
  if (isSentEnough) {
    output.note(`sent to ${to}, not confirmed yet; ${keptWords(chat.self)}`);
    return EXIT.done;
  }
  const why = reason === undefined ? 'a person must act first' : sentence(reason);
  output.note(`not delivered to ${to}, ${isKept ? 'held' : progress.state}: ${why}`, 'bad');
  if (reason?.hint !== undefined) output.note(`  ${reason.hint}`);
  if (isKept)
    output.note(
      `  The text is kept, and goes out when that is settled. To withdraw it: sotto outbox cancel ${shortId(id)}`,
    );
  return reason === undefined ? EXIT.identity : exitCodeOf(reason.code);
}

/** It may be tried again by itself, but only a person makes it succeed: that is what this command calls held. */
function toHeld({ state, reason }: Open): Open {
  return { state, held: true, ...(reason && { reason }) };
}

/** The time is over, a person pressed Ctrl-C, or the running program ended; the text stays. */
function reportKept(
  { to, id, progress }: Outgoing<Open>,
  run: {
    readonly order: Order;
    readonly broken: Failure | undefined;
    readonly chat: Chat;
    readonly settings: Settings;
    readonly context: CliContext;
  },
): ExitCode {
  const { settings, broken } = run;
  const { output, signal } = run.context;
  const what = run.order.waitFor === 'sent' ? 'sent' : 'delivered';
  const isCut = signal.aborted || broken !== undefined;
  const since = isCut ? ' yet' : ` within ${duration(settings.timeoutMs)}`;
  const text = `not ${what} to ${to}${since}, ${broken ? KEPT : keptWords(run.chat.self)}`;
  const left = progress.state === 'sent' ? ' (it left, and may have arrived)' : '';
  const { reason, ...state } = progress;
  const cause = broken ?? reason;
  const code = signal.aborted ? 'interrupted' : (broken?.code ?? 'timeout');
  if (settings.json)
    output.json({
      type: 'outcome',
      to,
      id,
      ...stateToJson({ ...state, reason: { code, message: text } }),
      kept: true,
      ...(cause && { cause: failureToJson(cause) }),
    });
  output.note(`${text}${left}${cause ? `: ${cause.message}` : ''} [${code}]`, 'bad');
  if (cause?.hint !== undefined) output.note(`  ${cause.hint}`);
  return exitCodeOf(code);
}
