import type { Command } from '@commander-js/extra-typings';
import type { Chat, OutgoingState } from '../../api/index.ts';
import { reasonToJson } from '../../api/to-json/index.ts';
import type { Failure } from '../../base/index.ts';
import { knownNames } from '../lookup/contact-name.ts';
import type { CliContext } from '../context.ts';
import { plural } from '../words/describe.ts';
import { EXIT, exitCodeOf, worstExitCode, type ExitCode } from '../exit-code.ts';
import { keptWords } from '../words/kept.ts';
import { HOME_FLAGS, withHome } from '../home/open-home.ts';
import { addGlobalFlags, type Settings } from '../settings/settings.ts';

const EXAMPLES = `Examples:
  sotto outbox retry
  sotto outbox retry bob --timeout 1m

`;

export function retryCommand(parent: Command, context: CliContext): void {
  const command = parent.command('retry').summary('try now what waits');
  command
    .description(
      'Dials each NAME now and waits until all that waited is delivered; without names: everybody for whom something waits.',
    )
    .argument('[names...]', 'contacts')
    .addHelpText('before', EXAMPLES)
    .action(async (names, _options, self) =>
      withHome(self, context, 'dial', async (chat, settings) => retry(chat, names, settings, context)),
    );
  addGlobalFlags(command, [...HOME_FLAGS, 'timeout']);
}

/** How the texts for one contact stand. */
interface Backlog {
  waiting: number;
  delivered: number;
  /** The last reason why not, and whether nothing happens before a person acts. */
  reason: Failure | undefined;
  isHeld: boolean;
}

async function retry(
  chat: Chat,
  words: readonly string[],
  settings: Settings,
  context: CliContext,
): Promise<ExitCode> {
  const done = new AbortController();
  const signal = AbortSignal.any([done.signal, context.signal]);
  const events = chat.events({ signal });
  const backlogs = await backlogsOf(chat, words);
  if (backlogs.size === 0) {
    done.abort();
    if (!settings.json) context.output.note('nothing waits');
    return EXIT.done;
  }
  const timer = setTimeout(() => done.abort(), settings.timeoutMs);
  try {
    for (const name of backlogs.keys()) await chat.retry(name);
    for await (const event of events) {
      if (event.type !== 'message-progress') continue;
      const backlog = backlogs.get(event.to);
      if (!backlog) continue;
      count(backlog, event.progress);
      // What settled before it was counted, or came meanwhile, makes the count wrong; the outbox knows.
      if (backlog.waiting <= 0) backlog.waiting = await totalFor(chat, event.to);
      if ([...backlogs.values()].every((each) => each.waiting === 0 || each.isHeld)) break;
    }
  } finally {
    clearTimeout(timer);
    done.abort();
  }
  const exitCodes: ExitCode[] = [];
  for (const [name, backlog] of backlogs) {
    await lookAgain(chat, name, backlog);
    exitCodes.push(report(name, backlog, chat, settings, context));
  }
  context.signal.throwIfAborted();
  return worstExitCode(exitCodes);
}

async function backlogsOf(chat: Chat, words: readonly string[]): Promise<Map<string, Backlog>> {
  const names =
    words.length > 0
      ? await knownNames(chat, words)
      : (await chat.contacts()).filter((contact) => contact.undelivered > 0).map(({ name }) => name);
  const backlogs = new Map<string, Backlog>();
  for (const name of names) {
    const waiting = await totalFor(chat, name);
    if (waiting > 0) backlogs.set(name, { waiting, delivered: 0, reason: undefined, isHeld: false });
  }
  return backlogs;
}

async function totalFor(chat: Chat, to: string): Promise<number> {
  return (await chat.outbox({ to, limit: 1 })).total;
}

/** Where nothing has changed there was no event; the outbox says how it stands. */
async function lookAgain(chat: Chat, to: string, backlog: Backlog): Promise<void> {
  const { total, messages } = await chat.outbox({ to, limit: 1 });
  backlog.waiting = total;
  const [first] = messages;
  if (first) judge(backlog, first.progress);
}

function judge(backlog: Backlog, progress: OutgoingState): void {
  if (progress.state !== 'queued' && progress.state !== 'sent') return;
  backlog.reason = progress.reason ?? backlog.reason;
  backlog.isHeld =
    progress.held || (progress.reason !== undefined && exitCodeOf(progress.reason.code) === EXIT.identity);
}

function count(backlog: Backlog, progress: OutgoingState): void {
  if (progress.state === 'queued' || progress.state === 'sent') return judge(backlog, progress);
  backlog.waiting -= 1;
  if (progress.state === 'delivered') backlog.delivered += 1;
}

function report(
  to: string,
  { waiting, delivered, reason, isHeld }: Backlog,
  chat: Chat,
  settings: Settings,
  { output }: CliContext,
): ExitCode {
  if (settings.json) output.json({ type: 'retried', to, delivered, waiting, ...reasonToJson(reason) });
  if (delivered > 0) output.note(`delivered to ${to}: ${plural(delivered, 'text')}`, 'good');
  if (waiting === 0) return EXIT.done;
  const why = reason === undefined ? '[timeout]' : `${reason.message} [${reason.code}]`;
  output.note(`not delivered to ${to}: ${plural(waiting, 'text')}, ${keptWords(chat.self)}: ${why}`, 'bad');
  if (reason?.hint !== undefined) output.note(`  ${reason.hint}`);
  return isHeld ? EXIT.identity : EXIT.kept;
}
