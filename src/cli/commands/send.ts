import type { Command } from '@commander-js/extra-typings';
import type { Chat, ChatEvent, MessageId, OutgoingState } from '../../api/index.ts';
import type { Failure } from '../../base/index.ts';
import { knownNames } from '../contact-name.ts';
import type { CliContext } from '../context.ts';
import { describeEvent, duration, sentence } from '../describe.ts';
import { progressToJson, reasonToJson } from '../event-json.ts';
import { EXIT, exitCodeOf, worstExitCode, type ExitCode } from '../exit-code.ts';
import { checkText, readText } from '../read-text.ts';
import { usageError } from '../report-error.ts';
import { addGlobalFlags, chatOptions, readSettings, type Settings } from '../settings.ts';

export function define(command: Command, context: CliContext): void {
  command
    .description('Sends one text to each NAME and waits until each has it.')
    .usage('[options] NAME [TEXT | -]\n       sotto send [options] NAME NAME… TEXT|-')
    .argument('<words...>', 'one or more names, then the text; - or nothing reads it from stdin')
    .addHelpText(
      'before',
      `Examples:
  sotto send bob 'the build is green'
  df -h | sotto send ops
  df -h | sotto send alice bob -
  sotto send bob -- '--a text that begins with dashes'

`,
    )
    .action(async (words, _options, self) => {
      const settings = readSettings(self, context.env);
      context.output.plain = settings.plain;
      context.exitCode = await send(words, settings, context);
    });
  addGlobalFlags(command, ['port', 'directory', 'as', 'home', 'timeout', 'plain', 'json']);
}

async function send(words: readonly string[], settings: Settings, context: CliContext): Promise<ExitCode> {
  const { names, text } = await readMessage(words, context);
  const services = await context.services();
  const options = { ...chatOptions(settings, context.env, 'dial'), lingerMs: 0 };
  await using chat = await services.openChat(options, { signal: context.signal });
  const outcomes = await sendToAll(chat, await knownNames(chat, names), text, settings, context);
  context.signal.throwIfAborted();
  return worstExitCode(outcomes);
}

/** The last of several words is the text; a single word is a name, and the text comes from stdin. */
async function readMessage(
  words: readonly string[],
  { stdio, signal }: CliContext,
): Promise<{ readonly names: readonly string[]; readonly text: string }> {
  const last = words.at(-1) ?? '-';
  if (words.length > 1 && last !== '-') return { names: words.slice(0, -1), text: checkText(last) };
  const names = last === '-' ? words.slice(0, -1) : words;
  if (names.length === 0) throw usageError('a name is missing', 'sotto send NAME TEXT');
  if (last !== '-' && stdio.stdin.isTTY === true)
    throw usageError('there is no text', `sotto send ${last} TEXT, or pipe the text in.`);
  return { names, text: await readText(stdio.stdin, signal) };
}

interface Waiting {
  readonly to: string;
  lastReason: Failure | undefined;
  hasLeft: boolean;
}

async function sendToAll(
  chat: Chat,
  names: readonly string[],
  text: string,
  settings: Settings,
  context: CliContext,
): Promise<readonly ExitCode[]> {
  const done = new AbortController();
  const signal = AbortSignal.any([done.signal, context.signal]);
  const early = new Map<MessageId, OutgoingState>();
  const waiting = new Map<MessageId, Waiting>();
  const outcomes: ExitCode[] = [];
  const settle = (id: MessageId, progress: OutgoingState): void => {
    const message = waiting.get(id);
    if (!message) return void early.set(id, progress);
    if ('reason' in progress) message.lastReason = progress.reason;
    message.hasLeft ||= progress.state === 'sent';
    if (!isOutcome(progress)) return;
    waiting.delete(id);
    outcomes.push(report(message.to, id, progress, settings, context));
    if (waiting.size === 0) done.abort();
  };
  const watch = watchEvents(chat, signal, context, settle);
  // It is awaited below; a failure before that must not count as unhandled.
  watch.catch(() => undefined);
  for (const to of names) {
    const id = await chat.sendText({ to, text });
    waiting.set(id, { to, lastReason: undefined, hasLeft: false });
    const progress = early.get(id);
    if (progress) settle(id, progress);
  }
  const timer = setTimeout(() => done.abort(), settings.timeoutMs);
  await watch.finally(() => clearTimeout(timer));
  for (const [id, message] of waiting) outcomes.push(reportTimeout(message, id, settings, context));
  // Nothing is kept: what waits for a person, too, is withdrawn.
  for (const message of await chat.undelivered()) await chat.cancel(message.id);
  return outcomes;
}

async function watchEvents(
  chat: Chat,
  signal: AbortSignal,
  { output }: CliContext,
  settle: (id: MessageId, progress: OutgoingState) => void,
): Promise<void> {
  for await (const event of chat.events({ signal })) {
    if (event.type === 'message-progress') settle(event.id, event.progress);
    else if (isLoud(event))
      for (const line of describeEvent(event, chat.self, 'shell')) output.note(line.text, line.style);
    if (signal.aborted) return;
  }
}

function isLoud(event: ChatEvent): boolean {
  return event.type === 'key-pending' || event.type === 'own-key-pending';
}

/** Settled, or nothing will happen before a person acts: a one-shot command does not wait for that. */
function isOutcome(progress: OutgoingState): boolean {
  if (progress.state !== 'queued' && progress.state !== 'sent') return true;
  if (progress.held) return true;
  return progress.reason !== undefined && exitCodeOf(progress.reason.code) === EXIT.identity;
}

function report(
  to: string,
  id: MessageId,
  progress: OutgoingState,
  settings: Settings,
  { output }: CliContext,
): ExitCode {
  if (progress.state === 'delivered') {
    if (settings.json) output.json({ type: 'outcome', to, id, ...progressToJson(progress) });
    output.note(`delivered to ${to} in ${duration(progress.tookMs)}`, 'good');
    return EXIT.done;
  }
  const { reason } = progress;
  if (settings.json)
    output.json({ type: 'outcome', to, id, state: 'failed', kept: false, ...reasonToJson(reason) });
  const why = reason === undefined ? 'it is held until a person acts' : sentence(reason);
  output.note(`not delivered to ${to}, not kept: ${why}`, 'bad');
  if (reason?.hint !== undefined) output.note(`  ${reason.hint}`);
  return reason === undefined ? EXIT.identity : exitCodeOf(reason.code);
}

function reportTimeout(
  message: Waiting,
  id: MessageId,
  settings: Settings,
  { output }: CliContext,
): ExitCode {
  const { to, lastReason, hasLeft } = message;
  const text = `not delivered to ${to} within ${duration(settings.timeoutMs)}, not kept${hasLeft ? ' (it left, and may have arrived)' : ''}`;
  if (settings.json)
    output.json({
      type: 'outcome',
      to,
      id,
      state: 'failed',
      kept: false,
      code: 'timeout',
      message: text,
      ...(lastReason && { cause: reasonToJson(lastReason) }),
    });
  output.note(`${text}${lastReason ? `: ${sentence(lastReason)}` : ' [timeout]'}`, 'bad');
  if (lastReason?.hint !== undefined) output.note(`  ${lastReason.hint}`);
  return EXIT.io;
}
