import { unreachable, type Failure } from '../../base/index.ts';
import type { ChatEvent, ContactView, OutgoingState, SelfView } from '../../api/index.ts';
import type { Style } from '../terminal/output.ts';

export interface Line {
  readonly text: string;
  readonly style: Style;
}

/** How a person types a command here: at a shell or in the loop. */
export type Place = 'shell' | 'loop';

/** `listening on 0.0.0.0:7688 and [::]:7688` */
export function describeListening(self: SelfView): string {
  if (self.listening.length === 0) return 'not listening';
  const places = self.listening.map(({ address, port }) =>
    address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
  );
  return `listening on ${places.join(' and ')}`;
}

/** A progress or outcome of a message, for people: what happened, what happens next, what to do. */
export function describeProgress(to: string, progress: OutgoingState, place: Place): readonly Line[] {
  switch (progress.state) {
    case 'delivered':
      return [{ text: `→ ${to}: delivered (${duration(progress.tookMs)})`, style: 'good' }];
    case 'queued':
    case 'sent':
      return progress.reason === undefined
        ? [{ text: `→ ${to}: ${progress.state}`, style: 'dim' }]
        : [
            { text: `→ ${to}: not delivered yet: ${sentence(progress.reason)}`, style: 'bad' },
            ...hint(progress.reason),
            { text: `  ${whatNext(to, progress, place)}`, style: 'plain' },
          ];
    case 'cancelled':
      return [{ text: `→ ${to}: withdrawn, not delivered`, style: 'plain' }];
    case 'expired':
      return [{ text: `→ ${to}: given up, not delivered: ${sentence(progress.reason)}`, style: 'bad' }];
    case 'refused':
    case 'failed':
      return [
        { text: `→ ${to}: ${progress.state}: ${sentence(progress.reason)}`, style: 'bad' },
        ...hint(progress.reason),
      ];
    default:
      return unreachable(progress);
  }
}

/** Events other than messages and progress, for people. */
export function describeEvent(event: ChatEvent, self: SelfView, place: Place): readonly Line[] {
  switch (event.type) {
    case 'message-received':
    case 'message-progress':
      return [];
    case 'contact-connected':
      return event.firstContact
        ? [dim(`· first contact with ${event.name}: the passwords agree, the key is kept from now on`)]
        : [dim(`· ${event.name} is connected`)];
    case 'contact-disconnected':
      return [dim(`· ${event.name} is disconnected${event.reason ? `: ${sentence(event.reason)}` : ''}`)];
    case 'key-pending':
      return describeKeyPending(event, place);
    case 'own-key-pending':
      return describeOwnKeyPending(event, self);
    case 'password-guesses':
      return describeGuesses(event, place);
    case 'messages-missing':
      return [
        bad(`· ${plural(event.count, 'message')} from ${event.from} can no longer be sent and are lost`),
      ];
    case 'messages-lost-by-peer':
      return describeLoss(event);
    case 'clock-skew':
      return [
        bad(
          `· ${event.name}’s clock is ${duration(Math.abs(event.skewMs))} ${event.skewMs > 0 ? 'ahead of' : 'behind'} this one: its messages bear those times`,
        ),
      ];
    case 'peer-restarted':
      return [dim(describeRestart(event))];
    case 'directory-changed':
      return [dim(`· the directory changed:${listChanges(event)}`)];
    case 'directory-rejected':
      return [
        bad('· the edited directory has mistakes; the last good one stays in force'),
        ...event.problems.map((problem) => bad(`  ${sentence(problem)}`)),
      ];
    case 'messages-deleted':
      return [
        dim(
          `· deleted ${plural(event.count, 'message')} that were older than ${duration(event.keepMs)} (--keep)`,
        ),
      ];
    case 'events-skipped':
      return [dim('· more happened since than is remembered; no message is missing')];
    case 'disk-recovered':
      return [{ text: '· the disk can be written again: texts are taken and sent as before', style: 'good' }];
    case 'trouble':
      return [
        bad(`· ${event.name === undefined ? '' : `${event.name}: `}${sentence(event.reason)}`),
        ...hint(event.reason),
      ];
    default:
      return unreachable(event);
  }
}

export function describeKeyPending(
  key: { readonly name: string; readonly oldSafetyNumber?: string; readonly newSafetyNumber: string },
  place: Place,
): readonly Line[] {
  const { name, oldSafetyNumber, newSafetyNumber } = key;
  const digits = newSafetyNumber.replaceAll(/\D/g, '');
  const approve =
    place === 'loop' ? `/trust ${name} ${digits}` : `sotto trust ${shellWord(name)} --fingerprint ${digits}`;
  return loud(
    `KEY CHANGED: ${name} proved the password with ${oldSafetyNumber === undefined ? 'a key that is not trusted' : 'another key than before'}.`,
    `Nothing goes to ${name} until you decide; what you wrote is held.`,
    ...(oldSafetyNumber === undefined ? [] : [`  old safety number: ${groups(oldSafetyNumber)}`]),
    `  new safety number: ${groups(newSafetyNumber)}`,
    `Ask ${name} in person or by phone for the new number. Only if it is the same, type:`,
    `  ${approve}`,
  );
}

function describeRestart({ name, isFromCopy }: Extract<ChatEvent, { type: 'peer-restarted' }>): string {
  return isFromCopy
    ? `· ${name} has come back from an older or repaired copy: what it wrote to you last may be missing there`
    : `· ${name} has started anew, and may have kept nothing from before`;
}

function describeLoss(event: Extract<ChatEvent, { type: 'messages-lost-by-peer' }>): readonly Line[] {
  const { name, count, resent } = event;
  const rest = count - resent;
  const again = resent > 0 ? `; ${resent} ${resent === 1 ? 'goes' : 'go'} out again` : '';
  const first = bad(`· ${name} has lost ${plural(count, 'message')} of yours${again}`);
  if (rest <= 0) return [first];
  const whose = resent === 0 ? 'them' : `the other ${rest}`;
  return [
    first,
    { text: `  To send ${whose} again: sotto outbox resend ${shellWord(name)} --since 30d`, style: 'plain' },
  ];
}

function describeGuesses(
  event: Extract<ChatEvent, { type: 'password-guesses' }>,
  place: Place,
): readonly Line[] {
  const { name, failures, address, blockedUntilWall } = event;
  const blocked =
    blockedUntilWall === undefined ? '' : `; no first contact as ${name} until ${clock(blockedUntilWall)}`;
  return [
    bad(`· ${plural(failures, 'failed attempt')} as ${name}, the last from ${address}${blocked}`),
    { text: `  If that was ${name}, compare both passwords. ${forgiveHint(name, place)}`, style: 'plain' },
  ];
}

/** What `failedGuesses` of a contact says, in one line; undefined when nothing speaks against the name. */
export function describeFailedGuesses(contact: ContactView): string | undefined {
  const { failedGuesses, name } = contact;
  if (!failedGuesses) return undefined;
  const { failures, blockedUntilWall } = failedGuesses;
  const parts = [
    ...(failures > 0 ? [`${plural(failures, 'failed attempt')} as ${name}`] : []),
    ...(blockedUntilWall === undefined
      ? []
      : [`no first contact as ${name} until ${clock(blockedUntilWall)}`]),
  ];
  return parts.join('; ');
}

export function forgiveHint(name: string, place: Place): string {
  const command = place === 'loop' ? `/trust ${name} forgive` : `sotto trust ${shellWord(name)} --forgive`;
  return `To forget the attempts: ${command}`;
}

/** Sixty digits as twelve groups of five. */
export function groups(safetyNumber: string): string {
  return safetyNumber.replaceAll(/\D/g, '').replaceAll(/(\d{5})(?=\d)/g, '$1 ');
}

export function sentence(failure: Failure): string {
  return `${failure.message} [${failure.code}]`;
}

/** Time of day for people; scripts get ISO 8601. */
export function clock(wall: number): string {
  return new Date(wall).toTimeString().slice(0, 8);
}

/** To the millisecond, where what follows what is the question. */
export function preciseClock(wall: number): string {
  return `${clock(wall)}.${String(new Date(wall).getMilliseconds()).padStart(3, '0')}`;
}

/** A local day, for people; a peer's clock may say what is no date. */
export function day(wall: number): string {
  if (Math.abs(wall) > 8.64e15) return 'at no known time';
  const date = new Date(wall);
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Day and minute. */
export function dayAndTime(wall: number): string {
  return Math.abs(wall) > 8.64e15 ? day(wall) : `${day(wall)} ${clock(wall).slice(0, 5)}`;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `2 texts wait for bob` */
export function waitingWords(count: number, name: string): string {
  return `${plural(count, 'text')} ${count === 1 ? 'waits' : 'wait'} for ${name}`;
}

export function duration(ms: number): string {
  if (ms >= 172_800_000) return `${Math.round(ms / 86_400_000)} d`;
  if (ms >= 7_200_000) return `${Math.round(ms / 3_600_000)} h`;
  if (ms >= 120_000) return `${Math.round(ms / 60_000)} min`;
  const isWhole = ms >= 1000 && ms % 1000 === 0;
  return ms >= 10_000 || isWhole ? `${Math.round(ms / 1000)} s` : `${Math.round(ms)} ms`;
}

function describeOwnKeyPending(
  event: Extract<ChatEvent, { type: 'own-key-pending' }>,
  self: SelfView,
): readonly Line[] {
  const digits = event.safetyNumber.replaceAll(/\D/g, '');
  return loud(
    `YOUR KEY WAITS: ${event.name} holds another key for you and does not talk to this one yet.`,
    `  ${sentence(event.reason)}`,
    `  your safety number with ${event.name}: ${groups(event.safetyNumber)}`,
    `Read it to ${event.name} in person or by phone. If it is the same there, ${event.name} types into the running program:`,
    `  /trust ${self.username} ${digits}`,
    `or, where none runs: sotto trust ${shellWord(self.username)} --fingerprint ${digits}`,
  );
}

function whatNext(
  to: string,
  progress: Extract<OutgoingState, { state: 'queued' | 'sent' }>,
  place: Place,
): string {
  if (progress.nextTryWall !== undefined && !progress.held)
    return `The next try is at ${clock(progress.nextTryWall)}.${place === 'loop' ? ` /retry ${to} tries now.` : ''}`;
  if (!progress.held) return 'It is tried again by itself.';
  return place === 'loop'
    ? `It is held until you act: /verify ${to} shows what waits, /retry ${to} tries again.`
    : `It is held until you act: sotto verify ${shellWord(to)} shows what waits.`;
}

function listChanges(event: Extract<ChatEvent, { type: 'directory-changed' }>): string {
  const parts = [
    ...event.added.map((name) => ` +${name}`),
    ...event.removed.map((name) => ` -${name}`),
    ...event.changed.map((name) => ` ~${name}`),
  ];
  return parts.length === 0 ? ' nothing that matters here' : parts.join('');
}

export function shellWord(word: string): string {
  return /^[\w.@+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function hint(failure: Failure): readonly Line[] {
  return failure.hint === undefined ? [] : [{ text: `  ${failure.hint}`, style: 'plain' }];
}

function loud(...lines: readonly string[]): readonly Line[] {
  return lines.map((text) => ({ text: `!!! ${text}`, style: 'loud' }));
}

function dim(text: string): Line {
  return { text, style: 'dim' };
}

function bad(text: string): Line {
  return { text, style: 'bad' };
}
