import { unreachable } from '../../base/index.ts';
import type { ChatEvent } from '../events.ts';
import type { OutgoingState } from '../views.ts';
import type { EventJson, MessageJson, ProgressJson, StateJson } from './shapes.ts';
import { failureToJson, reasonToJson, timeToJson } from './time.ts';

type Event<Type extends ChatEvent['type']> = Extract<ChatEvent, { readonly type: Type }>;

/** Texts are the very characters: a line of JSON for a terminal is made by `toJsonLine`, which escapes what one would obey. */
export function eventToJson(event: ChatEvent): EventJson {
  switch (event.type) {
    case 'message-received':
      return messageToJson(event);
    case 'message-progress':
      return progressToJson(event);
    case 'contact-connected':
      return { type: event.type, name: event.name, first_contact: event.firstContact };
    case 'contact-disconnected':
      return { type: event.type, name: event.name, ...reasonToJson(event.reason) };
    case 'key-pending':
      return keyPendingToJson(event);
    case 'own-key-pending':
      return {
        type: event.type,
        name: event.name,
        safety_number: event.safetyNumber,
        ...failureToJson(event.reason),
      };
    case 'password-guesses':
      return guessesToJson(event);
    case 'messages-missing':
      return { type: event.type, from: event.from, count: event.count };
    case 'messages-lost-by-peer':
      return { type: event.type, name: event.name, count: event.count, resent: event.resent };
    case 'clock-skew':
      return { type: event.type, name: event.name, skew_ms: event.skewMs };
    case 'peer-restarted':
      return { type: event.type, name: event.name, from_copy: event.isFromCopy === true };
    case 'directory-changed':
      return { type: event.type, added: event.added, removed: event.removed, changed: event.changed };
    case 'directory-rejected':
      return { type: event.type, problems: event.problems.map((problem) => failureToJson(problem)) };
    case 'messages-deleted':
      return { type: event.type, count: event.count, keep_ms: event.keepMs };
    case 'events-skipped':
    case 'disk-recovered':
      return { type: event.type };
    case 'trouble':
      return {
        type: event.type,
        ...(event.name !== undefined && { name: event.name }),
        ...failureToJson(event.reason),
      };
    default:
      return unreachable(event);
  }
}

export function messageToJson(event: Event<'message-received'>): MessageJson {
  return {
    type: 'message',
    id: event.id,
    position: event.position,
    from: event.from,
    text: event.text.exact(),
    written_at: timeToJson(event.writtenAtWall),
    received_at: timeToJson(event.receivedAtWall),
    clock_mark: event.clockMark,
    belated: event.isBelated === true,
    ...(event.replyTo !== undefined && { reply_to: event.replyTo }),
  };
}

export function progressToJson(event: Event<'message-progress'>): ProgressJson {
  return { type: 'progress', id: event.id, to: event.to, ...stateToJson(event.progress) };
}

/** The fields of everything that says how an outgoing message stands. */
export function stateToJson(progress: OutgoingState): StateJson {
  switch (progress.state) {
    case 'delivered':
      return { state: progress.state, took_ms: progress.tookMs };
    case 'queued':
    case 'sent':
      return {
        state: progress.state,
        held: progress.held,
        ...reasonToJson(progress.reason),
        ...(progress.nextTryWall !== undefined && { next_try_at: timeToJson(progress.nextTryWall) }),
      };
    case 'refused':
    case 'failed':
    case 'cancelled':
    case 'expired':
      return { state: progress.state, ...failureToJson(progress.reason) };
    default:
      return unreachable(progress);
  }
}

function keyPendingToJson(event: Event<'key-pending'>): EventJson {
  return {
    type: event.type,
    name: event.name,
    ...(event.oldSafetyNumber !== undefined && { old_safety_number: event.oldSafetyNumber }),
    new_safety_number: event.newSafetyNumber,
  };
}

function guessesToJson(event: Event<'password-guesses'>): EventJson {
  return {
    type: event.type,
    name: event.name,
    failures: event.failures,
    address: event.address,
    ...(event.blockedUntilWall !== undefined && { blocked_until: timeToJson(event.blockedUntilWall) }),
  };
}
