import type { Chat, OutgoingView } from '../../api/index.ts';
import { toSafeLine } from '../../base/index.ts';
import { knownNames } from '../contact-name.ts';
import type { CliContext } from '../context.ts';
import { clock, dayAndTime, duration, plural, sentence } from '../describe.ts';
import { outgoingToJson } from '../event-json.ts';
import { shortId } from '../message-id.ts';
import { outboxPages } from '../pages.ts';
import type { Settings } from '../settings.ts';

/** A text's beginning that still leaves room on one line. */
const TEXT_MAX = 50;

export async function listOutbox(
  chat: Chat,
  to: string | undefined,
  settings: Settings,
  { output }: CliContext,
): Promise<void> {
  const [name] = to === undefined ? [] : await knownNames(chat, [to]);
  let count = 0;
  for await (const page of outboxPages(chat, name)) {
    count += page.length;
    for (const message of page) {
      if (settings.json) output.json(outgoingToJson(message));
      else for (const line of outgoingLines(message, Date.now())) output.data(line);
    }
    await output.drained();
    if (output.closed.aborted) return;
  }
  if (!settings.json)
    output.note(count === 0 ? 'nothing waits' : `${plural(count, 'text')} ${count === 1 ? 'waits' : 'wait'}`);
}

/** Two lines: what it is, and how it stands. */
export function outgoingLines(message: OutgoingView, nowWall: number): readonly string[] {
  const { id, to, text, writtenAtWall, progress, expiresAtWall } = message;
  const line = toSafeLine(text.replaceAll('\n', ' '));
  const start = Array.from(line).slice(0, TEXT_MAX).join('');
  const reason = 'reason' in progress && progress.reason ? [sentence(progress.reason)] : [];
  const isOpen = progress.state === 'queued' || progress.state === 'sent';
  const next =
    isOpen && progress.nextTryWall !== undefined ? [`next try at ${clock(progress.nextTryWall)}`] : [];
  return [
    `${shortId(id)}  ${to}  ${start}${start.length < line.length ? '…' : ''}`,
    [
      `  ${isOpen && progress.held ? 'held, queued' : progress.state} ${ageWords(nowWall - writtenAtWall)}`,
      ...reason,
      ...next,
      ...(expiresAtWall === undefined ? [] : [`given up at ${dayAndTime(expiresAtWall)}`]),
    ].join(' · '),
  ];
}

/** Whole seconds; a clock that was set back says nothing. */
function ageWords(ms: number): string {
  return ms < 1000 ? 'just now' : `${duration(Math.floor(ms / 1000) * 1000)} ago`;
}
