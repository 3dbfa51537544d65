import { MUTED_FOR_GOOD, type ContactView } from '../../api/index.ts';
import { clock, day, dayAndTime, describeFailedGuesses, plural, sentence, type Line } from './describe.ts';

/** Of each contact at most so many are counted. */
const UNREAD_COUNTED_MAX = 1000;

/** Everyone of the directory and how they are, for people. */
export function contactLines(
  contacts: readonly ContactView[],
  nowWall: number,
  indent = '',
): readonly Line[] {
  return contacts.flatMap((contact) => [
    {
      text: `${indent}${contact.name}  ${contactWords(contact, nowWall).join(' · ')}`,
      style: 'plain' as const,
    },
    ...mistakesOf(contact).map((text) => ({ text: `${indent}  ${text}`, style: 'bad' as const })),
  ]);
}

/** Whether faces make no noise for it. */
export function isMuted({ mutedUntilWall }: ContactView, nowWall: number): boolean {
  return mutedUntilWall !== undefined && mutedUntilWall > nowWall;
}

/** `muted`, or until when. */
export function mutedWords(untilWall: number, nowWall: number): string {
  if (untilWall >= MUTED_FOR_GOOD) return 'muted';
  return day(untilWall) === day(nowWall)
    ? `muted until ${clock(untilWall).slice(0, 5)}`
    : `muted until ${dayAndTime(untilWall)}`;
}

/** `3 unread`; of very many only that they are many. */
export function unreadWords(unread: number): string {
  return `${unread >= UNREAD_COUNTED_MAX ? `${UNREAD_COUNTED_MAX} or more` : unread} unread`;
}

function contactWords(contact: ContactView, nowWall: number): readonly string[] {
  const trust = {
    new: 'never met',
    unconfirmed: 'key unconfirmed',
    pinned: 'key pinned',
    'key-pending': 'KEY CHANGED',
  };
  const { undelivered, unread, mutedUntilWall = 0, lastSeenWall } = contact;
  return [
    contact.connected ? 'connected' : 'not connected',
    contact.verified ? 'verified' : trust[contact.trust],
    ...(unread > 0 ? [unreadWords(unread)] : []),
    ...(undelivered > 0 ? [`${plural(undelivered, 'message')} undelivered`] : []),
    ...(isMuted(contact, nowWall) ? [mutedWords(mutedUntilWall, nowWall)] : []),
    ...(contact.draft === undefined ? [] : ['draft']),
    ...(contact.connected || lastSeenWall === undefined ? [] : [`last seen ${dayAndTime(lastSeenWall)}`]),
  ];
}

function mistakesOf(contact: ContactView): readonly string[] {
  const tried = describeFailedGuesses(contact);
  return [...(tried === undefined ? [] : [tried]), ...(contact.trouble ? [sentence(contact.trouble)] : [])];
}
