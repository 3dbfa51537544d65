import { Option, type Command } from '@commander-js/extra-typings';
import type { Chat } from '../../api/index.ts';
import { CodedError } from '../../base/index.ts';
import { knownNames } from '../lookup/contact-name.ts';
import type { CliContext } from '../context.ts';
import { parseSpan } from '../settings/duration.ts';
import { shellWord } from '../words/describe.ts';
import { worstExitCode, type ExitCode } from '../exit-code.ts';
import { checkText, readText } from '../terminal/read-text.ts';
import { usageError } from '../report-error.ts';
import { addGlobalFlags, chatOptions, readSettings, type Settings } from '../settings/settings.ts';
import { answerMs, inTime } from './in-time.ts';
import { queueForAll, sendToAll, type Order, type WaitFor } from './sending.ts';

/** After Ctrl-C there is no time for farewells; the text is on the disk. */
export const INTERRUPT_GRACE_MS = 200;

const EXAMPLES = `Examples:
  sotto send bob 'the build is green'
  df -h | sotto send ops
  df -h | sotto send alice bob -
  sotto send bob --wait queued 'read it when you can'     at once: it goes out when both run
  sotto send ops --timeout 5s --expires 2d 'disk is full'
  sotto send bob -- '--a text that begins with dashes'

`;

const OUTCOMES = `
Exit codes: 0 delivered (or sent, or queued, where --wait says so) · 1 expired, refused or withdrawn · 3 it could not be kept ·
4 held: identity not trusted or changed · 5 not delivered in time: kept, and goes out later · 6 no such contact · 130 interrupted: kept`;

export function define(command: Command, context: CliContext): void {
  command
    .description('Sends one text to each NAME and waits until each has it. What is not delivered is kept.')
    .usage('[options] NAME [TEXT | -]\n       sotto send [options] NAME NAME… TEXT|-')
    .argument('<name...>', 'one or more names, then the text; - or nothing reads it from stdin')
    .addOption(
      new Option('--wait <state>', 'what to wait for: delivered, sent or queued')
        .choices(['delivered', 'sent', 'queued'] as const)
        .default('delivered' as const),
    )
    .option('--expires <time>', 'give it up when it has not left by then, such as 2d (default: never)')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', OUTCOMES)
    .action(async (words, { wait, expires }, self) => {
      const settings = readSettings(self, context.env);
      context.output.plain = settings.plain;
      const expiresMs = expires === undefined ? undefined : parseSpan(expires, '--expires');
      context.exitCode = await send(words, { waitFor: wait, expiresMs }, settings, context);
    });
  addGlobalFlags(command, ['port', 'directory', 'as', 'home', 'timeout', 'plain', 'json']);
}

async function send(
  words: readonly string[],
  how: { readonly waitFor: WaitFor; readonly expiresMs: number | undefined },
  settings: Settings,
  context: CliContext,
): Promise<ExitCode> {
  const { names, text } = await readMessage(words, context);
  const services = await context.services();
  const mode = how.waitFor === 'queued' ? 'offline' : 'dial';
  const answerWithinMs = answerMs(settings.timeoutMs);
  const options = { ...chatOptions(settings, context, mode), lingerMs: 0, answerWithinMs };
  const chat = await services.openChat(options, { signal: context.signal });
  try {
    const order: Order = {
      names: await inTime(recipients(chat, names), answerWithinMs),
      text,
      waitFor: how.waitFor,
      ...(context.messageId !== undefined && { id: context.messageId }),
      ...(how.expiresMs !== undefined && { expiresAtWall: Date.now() + how.expiresMs }),
    };
    return worstExitCode(await carryOut(chat, order, settings, context));
  } finally {
    await chat.close(context.signal.aborted ? { graceMs: INTERRUPT_GRACE_MS } : {});
  }
}

/** Queues it, and waits for what was asked to be waited for. */
export async function carryOut(
  chat: Chat,
  order: Order,
  settings: Settings,
  context: CliContext,
): Promise<readonly ExitCode[]> {
  if (order.waitFor === 'queued') return queueForAll(chat, order, settings, context);
  const outcomes = await sendToAll(chat, order, settings, context);
  context.signal.throwIfAborted();
  return outcomes;
}

/** A text that lost its quotes looks like more names behind the first one. */
async function recipients(chat: Chat, names: readonly string[]): Promise<readonly string[]> {
  const [first = ''] = names;
  await knownNames(chat, [first]);
  try {
    return await knownNames(chat, names);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const quotes = `A text of several words stands in quotes: sotto send ${shellWord(first)} '…'`;
    throw new CodedError({ ...error.failure, hint: [error.hint ?? [], quotes].flat().join(' · ') });
  }
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
