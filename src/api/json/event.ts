import * as v from 'valibot';
import { PeerText, unreachable, type Failure } from '../../base/index.ts';
import type { ChatEvent } from '../events.ts';
import type { EventJson, MessageJson, ProgressJson, StateJson } from '../to-json/index.ts';
import type { MessageId, OutgoingState } from '../views.ts';
import {
  countOf,
  FAILURE,
  FAILURE_FIELDS,
  failureFromJson,
  flagOf,
  ID,
  NAME,
  PERHAPS_FAILURE_FIELDS,
  POSITION,
  reasonFromJson,
  said,
  shape,
  textOf,
  timeFromJson,
  timeOf,
  type Perhaps,
  type Shape,
} from './parts.ts';

const safetyNumber = (whose: string): Shape<string> => textOf(`${whose}: 60 digits in 12 groups of 5`);
const names = (words: string): Shape<readonly string[]> => said(v.array(v.string()), words);

export const CURSOR: Perhaps<string> = v.exactOptional(
  textOf('`sotto listen`: with it as `--after` a later one goes on behind this'),
);

export const MESSAGE: Shape<MessageJson> = shape('message', 'An incoming message.', {
  id: ID,
  position: POSITION,
  from: NAME,
  text: textOf('the very characters that were written: clean them before a terminal sees them'),
  written_at: timeOf('by the writer’s clock'),
  received_at: timeOf('by our clock'),
  clock_mark: flagOf('the writer’s clock is more than 120 s ahead of ours'),
  belated: flagOf('it came before this program began, and no screen is known to have shown it'),
  reply_to: v.exactOptional(textOf('the id of the message that it answers')),
  cursor: CURSOR,
});

/** A shape that says, among other fields, how an outgoing message stands. */
export function withState<Type extends string, Entries extends v.ObjectEntries>(
  type: Type,
  words: string,
  entries: Entries,
): Shape<{ readonly type: Type } & v.InferOutput<v.ObjectSchema<Entries, undefined>> & StateJson> {
  const state = <State extends v.GenericSchema>(schema: State): State =>
    said(schema, 'how the message stands: only delivered is delivered');
  return v.variant('state', [
    shape(type, words, {
      ...entries,
      state: state(v.picklist(['queued', 'sent'])),
      held: flagOf('it waits until a person acts'),
      ...PERHAPS_FAILURE_FIELDS,
      next_try_at: v.exactOptional(timeOf('when it is tried again')),
    }),
    shape(type, words, {
      ...entries,
      state: state(v.literal('delivered')),
      took_ms: said(v.number(), 'from the time it was queued until the peer had it'),
    }),
    shape(type, words, {
      ...entries,
      state: state(v.picklist(['refused', 'failed', 'cancelled', 'expired'])),
      ...FAILURE_FIELDS,
    }),
  ]) as never;
}

export const PROGRESS: Shape<ProgressJson> = withState(
  'progress',
  'An outgoing message stands otherwise than before.',
  { id: ID, to: NAME, cursor: CURSOR },
);

function event<Type extends string, Entries extends v.ObjectEntries>(
  type: Type,
  words: string,
  entries: Entries,
): ReturnType<typeof shape<Type, Entries & { readonly cursor: typeof CURSOR }>> {
  return shape(type, words, { ...entries, cursor: CURSOR });
}

/** All events but messages and progress, by their `type`. */
const HAPPENED = [
  event('contact-connected', 'There is a session with the contact.', {
    name: NAME,
    first_contact: flagOf('the passwords agreed: the key is kept from now on'),
  }),
  event('contact-disconnected', 'The session is over, and why, if it was not meant.', {
    name: NAME,
    ...PERHAPS_FAILURE_FIELDS,
  }),
  event(
    'key-pending',
    'The contact proved the password with another key than the pinned one: everything to it stops until `sotto trust` decides.',
    {
      name: NAME,
      old_safety_number: v.exactOptional(safetyNumber('with the key that is in force')),
      new_safety_number: safetyNumber('with the key that waits for a decision'),
    },
  ),
  event('own-key-pending', 'The contact holds another key for us, and waits for its person.', {
    name: NAME,
    safety_number: safetyNumber('what the contact has to compare'),
    ...FAILURE_FIELDS,
  }),
  event(
    'password-guesses',
    'Somebody keeps trying to be this contact with wrong passwords: told at 3, 5, 10, 20, 40 … failures.',
    {
      name: NAME,
      failures: countOf('attempts under this name that did not know the password'),
      address: textOf('where the last of them came from'),
      blocked_until: v.exactOptional(timeOf('until then no first contact under this name is heard')),
    },
  ),
  event('messages-missing', 'Messages for us that are lost.', {
    from: NAME,
    count: countOf('messages that the contact can no longer send'),
  }),
  event(
    'messages-lost-by-peer',
    'The contact has lost messages that it had; the others go out again by `sotto outbox resend`.',
    {
      name: NAME,
      count: countOf('delivered messages that the contact has lost'),
      resent: countOf('how many of them go out once more by themselves'),
    },
  ),
  event('clock-skew', 'The contact’s clock is more than 5 minutes from ours; told once a session.', {
    name: NAME,
    skew_ms: said(v.number(), 'positive: the contact’s clock is ahead of ours'),
  }),
  event('peer-restarted', 'The contact’s numbering began again.', {
    name: NAME,
    from_copy: flagOf('it still holds messages of ours: it was restored or repaired'),
  }),
  event('directory-changed', 'The directory file was changed, and is in force.', {
    added: names('who is new'),
    removed: names('who is gone'),
    changed: names('whose entry is another one'),
  }),
  event('directory-rejected', 'The directory file was changed, and has mistakes.', {
    problems: said(v.array(FAILURE), 'the mistakes; the last good directory stays in force'),
  }),
  event('messages-deleted', 'Messages older than `--keep` are deleted.', {
    count: countOf('messages that were older'),
    keep_ms: countOf('than this'),
  }),
  event(
    'events-skipped',
    'Of a stream that went on from a cursor: between that and here more happened than is remembered. Messages are complete.',
    {},
  ),
  event('disk-recovered', 'The disk takes again what is to be kept.', {}),
  event('trouble', 'Something went wrong and is being handled.', {
    name: v.exactOptional(NAME),
    ...FAILURE_FIELDS,
  }),
] as const;

export const EVENT: Shape<EventJson> = v.variant('type', [MESSAGE as never, PROGRESS as never, ...HAPPENED]);

export function eventFromJson(event: EventJson): ChatEvent {
  switch (event.type) {
    case 'message':
      return messageFromJson(event);
    case 'progress':
      return progressFromJson(event);
    case 'contact-connected':
      return { type: event.type, name: event.name, firstContact: event.first_contact };
    case 'contact-disconnected':
      return { type: event.type, name: event.name, ...reasonOf(event) };
    case 'key-pending':
      return {
        type: event.type,
        name: event.name,
        ...(event.old_safety_number !== undefined && { oldSafetyNumber: event.old_safety_number }),
        newSafetyNumber: event.new_safety_number,
      };
    case 'own-key-pending':
      return {
        type: event.type,
        name: event.name,
        safetyNumber: event.safety_number,
        reason: failureFromJson(event),
      };
    case 'password-guesses':
      return {
        type: event.type,
        name: event.name,
        failures: event.failures,
        address: event.address,
        ...(event.blocked_until !== undefined && { blockedUntilWall: timeFromJson(event.blocked_until) }),
      };
    case 'clock-skew':
      return { type: event.type, name: event.name, skewMs: event.skew_ms };
    case 'peer-restarted':
      return { type: event.type, name: event.name, ...(event.from_copy && { isFromCopy: true }) };
    case 'directory-rejected':
      return { type: event.type, problems: event.problems.map((problem) => failureFromJson(problem)) };
    case 'messages-deleted':
      return { type: event.type, count: event.count, keepMs: event.keep_ms };
    case 'messages-missing':
      return { type: event.type, from: event.from, count: event.count };
    case 'messages-lost-by-peer':
      return { type: event.type, name: event.name, count: event.count, resent: event.resent };
    case 'directory-changed':
      return { type: event.type, added: event.added, removed: event.removed, changed: event.changed };
    case 'events-skipped':
    case 'disk-recovered':
      return { type: event.type };
    case 'trouble':
      return {
        type: event.type,
        ...(event.name !== undefined && { name: event.name }),
        reason: failureFromJson(event),
      };
    default:
      return unreachable(event);
  }
}

type Event<Type extends ChatEvent['type']> = Extract<ChatEvent, { readonly type: Type }>;

export function messageFromJson(message: MessageJson): Event<'message-received'> {
  return {
    type: 'message-received',
    id: message.id as MessageId,
    position: message.position,
    from: message.from,
    text: new PeerText(message.text),
    writtenAtWall: timeFromJson(message.written_at),
    receivedAtWall: timeFromJson(message.received_at),
    clockMark: message.clock_mark,
    ...(message.reply_to !== undefined && { replyTo: message.reply_to as MessageId }),
    ...(message.belated && { isBelated: true }),
  };
}

export function progressFromJson(progress: ProgressJson): Event<'message-progress'> {
  return {
    type: 'message-progress',
    id: progress.id as MessageId,
    to: progress.to,
    progress: stateFromJson(progress),
  };
}

export function stateFromJson(json: StateJson): OutgoingState {
  switch (json.state) {
    case 'delivered':
      return { state: json.state, tookMs: json.took_ms };
    case 'queued':
    case 'sent':
      return {
        state: json.state,
        held: json.held,
        ...reasonOf(json),
        ...(json.next_try_at !== undefined && { nextTryWall: timeFromJson(json.next_try_at) }),
      };
    case 'refused':
    case 'failed':
    case 'cancelled':
    case 'expired':
      return { state: json.state, reason: failureFromJson(json) };
    default:
      return unreachable(json);
  }
}

function reasonOf(json: Parameters<typeof reasonFromJson>[0]): { readonly reason?: Failure } {
  const reason = reasonFromJson(json);
  return reason === undefined ? {} : { reason };
}
