import { Option, type Command } from '@commander-js/extra-typings';
import type { CliContext } from '../context.ts';
import { parseSpan } from '../settings/duration.ts';
import { worstExitCode, type ExitCode } from '../exit-code.ts';
import { findMessage } from '../lookup/find-message.ts';
import { ONE_ID_WORDS, wholeId } from '../lookup/message-id.ts';
import { checkText, readText } from '../terminal/read-text.ts';
import { usageError } from '../report-error.ts';
import { addGlobalFlags, chatOptions, readSettings, type Settings } from '../settings/settings.ts';
import { answerMs, inTime } from './in-time.ts';
import { carryOut, INTERRUPT_GRACE_MS } from './send.ts';
import type { Order, WaitFor } from './sending.ts';

const EXAMPLES = `Examples:
  sotto reply 9f31c2ab 'on my way'        by the end of its id, as sotto history --ids shows it
  uptime | sotto reply 9f31c2ab
  sotto listen --exec 'tr a-z A-Z | sotto reply "$SOTTO_ID"'

`;

export function define(command: Command, context: CliContext): void {
  command
    .description(
      'Answers one message: the text goes to whom it is with, and quotes it. Waits, keeps and exits as sotto send does.',
    )
    .argument('<id>', `of the message to answer: ${ONE_ID_WORDS}`)
    .argument('[text]', 'the answer; - or nothing reads it from stdin')
    .addOption(
      new Option('--wait <state>', 'what to wait for: delivered, sent or queued')
        .choices(['delivered', 'sent', 'queued'] as const)
        .default('delivered' as const),
    )
    .option('--expires <time>', 'give it up when it has not left by then, such as 2d (default: never)')
    .addHelpText('before', EXAMPLES)
    .action(async (id, text, { wait, expires }, self) => {
      const settings = readSettings(self, context.env);
      context.output.plain = settings.plain;
      const expiresMs = expires === undefined ? undefined : parseSpan(expires, '--expires');
      // A mistyped id is said before a pipe is waited for.
      wholeId(id);
      const answer = await readAnswer(id, text, context);
      context.exitCode = await reply(id, { text: answer, waitFor: wait, expiresMs }, settings, context);
    });
  addGlobalFlags(command, ['port', 'directory', 'as', 'home', 'timeout', 'plain', 'json']);
}

async function reply(
  id: string,
  how: { readonly text: string; readonly waitFor: WaitFor; readonly expiresMs: number | undefined },
  settings: Settings,
  context: CliContext,
): Promise<ExitCode> {
  const services = await context.services();
  const answerWithinMs = answerMs(settings.timeoutMs);
  const mode = how.waitFor === 'queued' ? 'offline' : 'dial';
  const options = { ...chatOptions(settings, context, mode), lingerMs: 0, answerWithinMs };
  const chat = await services.openChat(options, { signal: context.signal });
  try {
    const { id: replyTo, with: peer } = await inTime(findMessage(chat, id), answerWithinMs);
    const order: Order = {
      names: [peer],
      text: how.text,
      replyTo,
      waitFor: how.waitFor,
      ...(how.expiresMs !== undefined && { expiresAtWall: Date.now() + how.expiresMs }),
    };
    return worstExitCode(await carryOut(chat, order, settings, context));
  } finally {
    await chat.close(context.signal.aborted ? { graceMs: INTERRUPT_GRACE_MS } : {});
  }
}

async function readAnswer(
  id: string,
  text: string | undefined,
  { stdio, signal }: CliContext,
): Promise<string> {
  if (text !== undefined && text !== '-') return checkText(text);
  if (text === undefined && stdio.stdin.isTTY === true)
    throw usageError('there is no text', `sotto reply ${id} TEXT, or pipe the text in.`);
  return readText(stdio.stdin, signal);
}
