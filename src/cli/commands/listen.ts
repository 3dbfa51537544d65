import type { Command } from '@commander-js/extra-typings';
import type { Chat, ChatEvent, SelfView } from '../../api/index.ts';
import { CodedError } from '../../base/index.ts';
import type { CliContext } from '../context.ts';
import { describeEvent, describeProgress } from '../describe.ts';
import { eventToJson } from '../event-json.ts';
import { messageLines } from '../print-message.ts';
import { addGlobalFlags, chatOptions, readSettings, type Settings } from '../settings.ts';

export function define(command: Command, context: CliContext): void {
  command
    .description('Prints every incoming message on stdout until it is stopped.')
    .option('--events', 'print everything that happens, not only messages')
    .addHelpText('before', 'Examples:\n  sotto listen\n  sotto listen --json | jq -r .text\n\n')
    .action(async (options, self) => {
      const settings = readSettings(self, context.env);
      context.output.plain = settings.plain;
      await listen(settings, options.events === true, context);
    });
  addGlobalFlags(command);
}

async function listen(settings: Settings, all: boolean, context: CliContext): Promise<void> {
  const { output, signal: stopped } = context;
  const services = await context.services();
  const signal = AbortSignal.any([stopped, output.closed]);
  await using chat = await services
    .openChat(chatOptions(settings, context, 'listen'), { signal })
    .catch(tellToFollow);
  const events = chat.events({ signal, isScreen: true });
  output.note(`${chat.self.username} is ${describeListening(chat.self)}`);
  await printEvents(events, chat, settings, all, context);
  stopped.throwIfAborted();
}

/** Where another program listens, its messages can still be read. */
function tellToFollow(error: unknown): never {
  if (!(error instanceof CodedError) || error.code !== 'home-locked') throw error;
  const hint = [error.hint ?? [], 'To read beside it what comes: sotto history --follow'].flat().join(' ');
  throw new CodedError({ ...error.failure, hint }, { cause: error });
}

/** `listening on 0.0.0.0:7688 and [::]:7688` */
export function describeListening(self: SelfView): string {
  if (self.listening.length === 0) return 'not listening';
  const places = self.listening.map(({ address, port }) =>
    address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
  );
  return `listening on ${places.join(' and ')}`;
}

async function printEvents(
  events: AsyncIterable<ChatEvent>,
  chat: Chat,
  settings: Settings,
  all: boolean,
  { output }: CliContext,
): Promise<void> {
  let isCatchingUp = false;
  for await (const event of events) {
    const isBelated = event.type === 'message-received' && event.isBelated === true;
    if (isBelated && !isCatchingUp) output.note('while you were away:', 'dim');
    isCatchingUp = isBelated;
    const isMessage = event.type === 'message-received';
    if (settings.json && (isMessage || all)) output.json(eventToJson(event));
    else if (isMessage) for (const line of messageLines(event)) output.data(line);
    // What must not be overlooked is said even where stdout carries messages only.
    if (!isMessage && (all || mustBeSaid(event)))
      for (const line of linesOf(event, chat.self)) output.note(line.text, line.style);
    // Left without asking for the next event, this one does not count as shown: the next screen shows it.
    if (!(await output.drained())) return;
  }
}

function mustBeSaid(event: ChatEvent): boolean {
  return !['contact-connected', 'contact-disconnected', 'message-progress', 'peer-restarted'].includes(
    event.type,
  );
}

function linesOf(event: ChatEvent, self: SelfView): ReturnType<typeof describeEvent> {
  return event.type === 'message-progress'
    ? describeProgress(event.to, event.progress, 'shell')
    : describeEvent(event, self, 'shell');
}
