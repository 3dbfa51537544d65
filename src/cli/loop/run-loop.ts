import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Chat, ChatOptions, Services } from '../../api/index.ts';
import { CodedError } from '../../base/index.ts';
import { describeListening } from '../words/describe.ts';
import { Stopped, type CliContext } from '../context.ts';
import { waitingWords } from '../words/describe.ts';
import type { ExitCode } from '../exit-code.ts';
import { chatOptions, readSettings, type Settings } from '../settings/settings.ts';
import { Conversation } from './conversation.ts';
import { prepareStart } from './first-start.ts';
import { runLineFace, streamScreen } from './line-face.ts';

/** After Ctrl-C there is no time for farewells; peers see the end all the same. */
const INTERRUPT_GRACE_MS = 200;

/** `sotto` without a command: prepares, opens the chat, and talks until the person leaves. */
export async function runLoop(command: CommandUnknownOpts, context: CliContext): Promise<void> {
  const settings = readSettings(command, context.env);
  const { stdin, stdout } = context.stdio;
  context.output.plain = settings.plain;
  const isTerminal = stdin.isTTY === true && stdout.isTTY === true && !settings.plain && !settings.json;
  const services = await context.services();
  const start = await prepareStart(settings, services, context);
  // Loaded before the chat opens: between that and the first look at its events nothing may wait.
  const talkOver = isTerminal ? (await import('./terminal-face.ts')).runTerminalFace : talkInLines;
  const options: ChatOptions = {
    ...chatOptions({ ...settings, directory: start.directory }, context, 'listen'),
    ...(start.port !== undefined && { port: start.port }),
    ...(start.as !== undefined && { as: start.as }),
  };
  const { chat, isGuest } = await openAsking(options, services, context);
  try {
    context.exitCode = await talkOver(chat, settings, context);
    await reportUndelivered(chat, isGuest, context);
  } catch (error) {
    if (error instanceof Stopped) await reportUndelivered(chat, isGuest, context);
    throw error;
  } finally {
    await chat.close(context.signal.aborted ? { graceMs: INTERRUPT_GRACE_MS } : {});
  }
}

async function talkInLines(chat: Chat, settings: Settings, context: CliContext): Promise<ExitCode> {
  const talk = new Conversation(chat, streamScreen(context, settings));
  const done = new AbortController();
  const watching = talk.watch(done.signal);
  try {
    await talk.start();
    context.output.note(`${chat.self.username} is ${describeListening(chat.self)}`);
    talk.begin();
    // When showing an event fails, the loop ends with that; when the events just end, it goes on.
    const failed = watching.then(async () => new Promise<never>(() => undefined));
    const exitCode = await Promise.race([runLineFace(talk, settings, context), failed]);
    context.signal.throwIfAborted();
    return exitCode;
  } finally {
    done.abort();
    await watching;
  }
}

interface Opened {
  readonly chat: Chat;
  /** It is that of a node in the background, which runs on. */
  readonly isGuest: boolean;
}

/** Where the directory does not say who one is, a person does; the home remembers the answer. */
async function openAsking(options: ChatOptions, services: Services, context: CliContext): Promise<Opened> {
  const { prompter, output } = context;
  try {
    return await attachOrOpen(options, services, context);
  } catch (error) {
    const isUnclear = error instanceof CodedError && error.code === 'own-entry';
    if (!isUnclear || !prompter.canAsk || options.as !== undefined) throw error;
    output.note(error.message);
    const names = (await services.directory.list(options.directory)).map((entry) => entry.username);
    if (names.length === 0) throw error;
    const as = await prompter.choose('Which of them are you?', names);
    return attachOrOpen({ ...options, as }, services, context);
  }
}

/** Through the node in the background, if there is one; it may begin between a look and the opening. */
async function attachOrOpen(options: ChatOptions, services: Services, context: CliContext): Promise<Opened> {
  const { signal } = context;
  const attached = await attach(options, services, context);
  if (attached) return attached;
  try {
    return { chat: await services.openChat(options, { signal }), isGuest: false };
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'home-locked') throw error;
    const late = await attach(options, services, context);
    if (late) return late;
    throw error;
  }
}

async function attach(
  options: ChatOptions,
  { node }: Services,
  { output, signal }: CliContext,
): Promise<Opened | undefined> {
  const chat = await node.attach(options, { signal });
  if (chat) output.note('· through the Sotto in the background, which runs on when you leave', 'dim');
  return chat && { chat, isGuest: true };
}

/** What waits and goes out later, one line a contact. */
async function reportUndelivered(chat: Chat, isGuest: boolean, { output }: CliContext): Promise<void> {
  for (const { name, undelivered } of await chat.contacts()) {
    if (undelivered === 0) continue;
    const goes = undelivered === 1 ? 'it goes' : 'they go';
    const later = isGuest ? 'the running Sotto goes on trying' : `${goes} out when Sotto next runs`;
    output.note(`${waitingWords(undelivered, name)}; ${later}`);
  }
}
