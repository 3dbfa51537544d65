import type { Chat, ChatEvent, ChatOptions, LaunchedNode, Services } from '../../api/index.ts';
import { Stopped, type CliContext } from '../context.ts';
import { describeEvent, describeListening, describeProgress, type Line } from '../words/describe.ts';
import { toFailure } from '../report-error.ts';
import { chatOptions, type Settings } from '../settings/settings.ts';

/** A signal leaves a second in all. */
const STOPPED_GRACE_MS = 700;

/**
 * The node itself: listens, says on stderr what happens, and runs until a signal or another program ends it. `reportFd`: another program has
 * started it, waits there for how that went, and made stderr its log.
 */
export async function runNode(
  settings: Settings,
  reportFd: number | undefined,
  context: CliContext,
): Promise<void> {
  const services = await context.services();
  const launched = reportFd === undefined ? undefined : services.node.launched(reportFd);
  try {
    await open(settings, services, launched, context);
  } catch (error) {
    // Whoever stopped it knows that.
    if (launched && !(error instanceof Stopped)) {
      launched.failed(toFailure(error));
      context.output.note(`${new Date().toISOString()} it cannot go on:`, 'bad');
    }
    throw error;
  }
}

async function open(
  settings: Settings,
  services: Services,
  launched: LaunchedNode | undefined,
  context: CliContext,
): Promise<void> {
  const { signal } = context;
  const ended = new AbortController();
  const options: ChatOptions = { ...chatOptions(settings, context, 'listen'), onEnd: () => ended.abort() };
  const chat = await services.openChat(options, { signal });
  try {
    const done = AbortSignal.any([signal, ended.signal]);
    const events = chat.events({ signal: done });
    const log = logOf(chat, launched, context);
    log([
      {
        text: `${chat.self.username} is ${describeListening(chat.self)} (process ${process.pid})`,
        style: 'plain',
      },
    ]);
    let notices: readonly string[] | undefined = [];
    // What was found while it opened waits in its events, and is told by then.
    setImmediate(() => {
      launched?.ready(notices ?? []);
      notices = undefined;
    });
    for await (const event of events) {
      const lines = linesOf(event, chat);
      notices &&= [...notices, ...lines.map(({ text }) => text)];
      log(lines);
    }
    log([{ text: signal.aborted ? 'ended by a signal' : 'ended by sotto down', style: 'plain' }]);
  } finally {
    await chat.close(signal.aborted ? { graceMs: STOPPED_GRACE_MS } : {});
  }
  signal.throwIfAborted();
}

/** Where nothing else dates the lines, they date themselves. */
function logOf(
  chat: Chat,
  launched: LaunchedNode | undefined,
  { output }: CliContext,
): (lines: readonly Line[]) => void {
  return (lines) => {
    const date = launched ? `${new Date().toISOString()} ` : '';
    for (const { text, style } of lines) output.note(`${date}${text}`, style);
    launched?.keepLogShort(chat.self.home);
  };
}

/** What a person may have to act upon. A log is readable where the home is not: who was there when, and that they wrote, is not in it. */
function linesOf(event: ChatEvent, { self }: Chat): readonly Line[] {
  switch (event.type) {
    case 'contact-connected':
      return event.firstContact ? describeEvent(event, self, 'shell') : [];
    case 'contact-disconnected':
    case 'message-received':
    case 'peer-restarted':
      return [];
    case 'message-progress':
      return ['refused', 'failed', 'expired'].includes(event.progress.state)
        ? describeProgress(event.to, event.progress, 'shell')
        : [];
    default:
      return describeEvent(event, self, 'shell');
  }
}
