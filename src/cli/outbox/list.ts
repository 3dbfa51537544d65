import type { Chat, OutgoingView } from '../../api/index.ts';
import { outgoingToJson, type OutgoingJson } from '../../api/to-json/index.ts';
import { toSafeLine } from '../../base/index.ts';
import { knownNames } from '../lookup/contact-name.ts';
import type { CliContext } from '../context.ts';
import { clock, dayAndTime, duration, plural, sentence, shellWord } from '../words/describe.ts';
import { shortId } from '../lookup/message-id.ts';
import { outboxPages } from '../lookup/pages.ts';
import type { Settings } from '../settings/settings.ts';

/** A text's beginning that still leaves room on one line. */
const TEXT_MAX = 50;
/** A time before that needs no day. */
const NEAR_MS = 3_600_000;

export async function listOutbox(
  chat: Chat,
  to: string | undefined,
  settings: Settings,
  { output }: CliContext,
): Promise<void> {
  const [name] = to === undefined ? [] : await knownNames(chat, [to]);
  const waitsFor = await waitsForOf(chat);
  let count = 0;
  for await (const page of outboxPages(chat, name)) {
    count += page.length;
    for (const message of page) {
      const what = waitsFor(message);
      if (settings.json) output.json(outgoingToJson(message, what));
      else for (const line of outgoingLines(message, Date.now(), what)) output.data(line);
    }
    await output.drained();
    if (output.closed.aborted) return;
  }
  if (!settings.json)
    output.note(count === 0 ? 'nothing waits' : `${plural(count, 'text')} ${count === 1 ? 'waits' : 'wait'}`);
}

/** What must happen first, where no program is at work that could say when it is tried. */
type WaitsFor = NonNullable<OutgoingJson['waits_for']>;

const WAITS_FOR: Readonly<Record<WaitsFor, (name: string) => string>> = {
  'next-run': () => 'goes out when Sotto next runs',
  'key-decision': (name) => `to decide about the new key: sotto trust ${shellWord(name)}`,
  pairing: (name) => `goes out when ${name} has agreed to the first session; your key may wait there`,
};

async function waitsForOf(chat: Chat): Promise<(message: OutgoingView) => WaitsFor | undefined> {
  if (chat.self.listening.length > 0) return () => undefined;
  const trustOf = new Map((await chat.contacts()).map(({ name, trust }) => [name, trust]));
  return ({ to, progress }) => {
    const trust = trustOf.get(to);
    if (trust === 'key-pending') return 'key-decision';
    if ('reason' in progress && progress.reason) return undefined;
    return trust === 'unconfirmed' ? 'pairing' : 'next-run';
  };
}

/** Two lines: what it is, and how it stands. */
export function outgoingLines(
  message: OutgoingView,
  nowWall: number,
  waitsFor?: WaitsFor,
): readonly string[] {
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
      ...(waitsFor === undefined ? [] : [WAITS_FOR[waitsFor](to)]),
      ...(expiresAtWall === undefined ? [] : [`given up at ${expiryWords(expiresAtWall, nowWall)}`]),
    ].join(' · '),
  ];
}

/** To the second when it is near. */
function expiryWords(wall: number, nowWall: number): string {
  return wall - nowWall < NEAR_MS ? clock(wall) : dayAndTime(wall);
}

/** Whole seconds; a clock that was set back says nothing. */
function ageWords(ms: number): string {
  return ms < 1000 ? 'just now' : `${duration(Math.floor(ms / 1000) * 1000)} ago`;
}
