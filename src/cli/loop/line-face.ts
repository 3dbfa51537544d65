import { eventToJson, stateToJson } from '../../api/to-json/index.ts';
import type { CliContext } from '../context.ts';
import { EXIT, worstExitCode, type ExitCode } from '../exit-code.ts';
import { messageLines } from '../words/print-message.ts';
import { usageError } from '../report-error.ts';
import type { Settings } from '../settings/settings.ts';
import { commandNames, Conversation } from './conversation.ts';
import { parseNames } from './parse-line.ts';
import type { Screen } from './screen.ts';

/** Incoming texts on stdout, all else on stderr, and no escape sequence but colours. */
export function streamScreen({ output }: CliContext, settings: Settings): Screen {
  return {
    message: (event) => {
      if (settings.json) output.json(eventToJson(event));
      else for (const line of messageLines(event)) output.data(line);
    },
    bell: () => undefined,
    say: (line) => output.note(line.text, line.style),
    outcome: (to, id, progress) => {
      const kept = progress.state === 'delivered' ? {} : { kept: false };
      if (settings.json) output.json({ type: 'outcome', to, id, ...stateToJson(progress), ...kept });
    },
    failed: (failure, exitCode) => {
      if (settings.json) output.json({ type: 'error', ...failure, exit_code: exitCode });
    },
    drained: async () => output.drained(),
  };
}

/** The loop line by line: for pipes, and for people with `--plain`. Resolves to the exit code. */
export async function runLineFace(
  talk: Conversation,
  settings: Settings,
  context: CliContext,
): Promise<ExitCode> {
  const { prompter, signal, output } = context;
  const isPerson = prompter.canAsk;
  talk.isRead = isPerson;
  if (isPerson) output.note(`Type a text and press Enter. Commands: /${commandNames().join(' /')}`);
  const reading = AbortSignal.any([signal, output.closed]);
  for (;;) {
    const line = await readLine(context, reading);
    if (line === undefined) break;
    const result = await talk.submit(line);
    if (result.type === 'needs-names') await sendAsking(talk, result.text, isPerson, context);
    if (result.type !== 'quit') continue;
    if (isPerson) return EXIT.done;
    break;
  }
  const exitCode = await waitForOutcomes(talk, settings, context);
  if (settings.json)
    for (const { to, id, progress } of talk.unsettled)
      output.json({ type: 'outcome', to, id, ...stateToJson(progress), kept: true });
  // A person has seen what went wrong; only a script needs it as a number.
  return isPerson ? EXIT.done : exitCode;
}

async function readLine({ prompter }: CliContext, signal: AbortSignal): Promise<string | undefined> {
  try {
    return await prompter.lines.next(signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

async function sendAsking(
  talk: Conversation,
  text: string,
  isPerson: boolean,
  { prompter, output, signal }: CliContext,
): Promise<void> {
  if (!isPerson) {
    talk.fail(usageError('the line does not say for whom', 'Begin it with @name, or set /to name before.'));
    return;
  }
  const fallback = talk.suggested.join(', ');
  const names = await prompter.ask('to', fallback === '' ? {} : { fallback }).catch((error: unknown) => {
    // The terminal shows ^C and goes on in the same line.
    if (signal.aborted) output.note('');
    output.note('· the text is dropped');
    throw error;
  });
  await talk.send(parseNames(names, talk.names), text);
}

async function waitForOutcomes(
  talk: Conversation,
  settings: Settings,
  { signal }: CliContext,
): Promise<ExitCode> {
  const timeout = AbortSignal.timeout(settings.timeoutMs);
  await talk.settled(AbortSignal.any([signal, timeout]));
  signal.throwIfAborted();
  return worstExitCode(talk.exitCodes);
}
