import { unreachable, type Failure } from '../base/index.ts';
import type { ChatEvent, HistoryEntry, OutgoingState, OutgoingView } from '../api/index.ts';

type Json = Readonly<Record<string, unknown>>;

/** An event as scripts see it: snake_case fields, times in ISO 8601. The line encoder escapes what a terminal would obey. */
export function eventToJson(event: ChatEvent): Json {
  switch (event.type) {
    case 'message-received':
      return messageToJson(event);
    case 'message-progress':
      return { type: 'progress', id: event.id, to: event.to, ...progressToJson(event.progress) };
    case 'contact-connected':
      return { type: event.type, name: event.name, first_contact: event.firstContact };
    case 'contact-disconnected':
      return { type: event.type, name: event.name, ...reasonToJson(event.reason) };
    case 'key-pending':
      return {
        type: event.type,
        name: event.name,
        old_safety_number: event.oldSafetyNumber,
        new_safety_number: event.newSafetyNumber,
      };
    case 'own-key-pending':
      return {
        type: event.type,
        name: event.name,
        safety_number: event.safetyNumber,
        ...reasonToJson(event.reason),
      };
    case 'password-guesses':
      return {
        type: event.type,
        name: event.name,
        failures: event.failures,
        address: event.address,
        ...(event.blockedUntilWall !== undefined && { blocked_until: iso(event.blockedUntilWall) }),
      };
    case 'messages-missing':
    case 'messages-lost-by-peer':
    case 'events-skipped':
    case 'disk-recovered':
      return { ...event };
    case 'messages-deleted':
      return { type: event.type, count: event.count, keep_ms: event.keepMs };
    case 'clock-skew':
      return { type: event.type, name: event.name, skew_ms: event.skewMs };
    case 'peer-restarted':
      return { type: event.type, name: event.name, from_copy: event.isFromCopy === true };
    case 'directory-changed':
      return { type: event.type, added: event.added, removed: event.removed, changed: event.changed };
    case 'directory-rejected':
      return { type: event.type, problems: event.problems };
    case 'trouble':
      return { type: event.type, name: event.name, ...reasonToJson(event.reason) };
    default:
      return unreachable(event);
  }
}

function messageToJson(event: Extract<ChatEvent, { type: 'message-received' }>): Json {
  return {
    type: 'message',
    id: event.id,
    from: event.from,
    text: event.text,
    written_at: iso(event.writtenAtWall),
    received_at: iso(event.receivedAtWall),
    clock_mark: event.clockMark,
    ...(event.replyTo !== undefined && { reply_to: event.replyTo }),
    ...(event.isBelated && { belated: true }),
  };
}

export function progressToJson(progress: OutgoingState): Json {
  switch (progress.state) {
    case 'delivered':
      return { state: progress.state, took_ms: progress.tookMs };
    case 'queued':
    case 'sent':
      return {
        state: progress.state,
        held: progress.held,
        ...reasonToJson(progress.reason),
        ...(progress.nextTryWall !== undefined && { next_try: iso(progress.nextTryWall) }),
      };
    case 'refused':
    case 'failed':
    case 'cancelled':
    case 'expired':
      return { state: progress.state, ...reasonToJson(progress.reason) };
    default:
      return unreachable(progress);
  }
}

export function historyToJson(entry: HistoryEntry): Json {
  const { outcome } = entry;
  return {
    type: 'history',
    position: entry.position,
    id: entry.id,
    with: entry.with,
    direction: entry.direction,
    text: entry.text,
    written_at: iso(entry.writtenAtWall),
    stored_at: iso(entry.storedAtWall),
    ...(entry.replyTo !== undefined && { reply_to: entry.replyTo }),
    ...(outcome && stateToJson(outcome)),
  };
}

/** How an outgoing message stands, and since when. */
export function stateToJson({ state, reason, atWall }: NonNullable<HistoryEntry['outcome']>): Json {
  return { state, ...reasonToJson(reason), ...(atWall !== undefined && { state_at: iso(atWall) }) };
}

export function outgoingToJson(message: OutgoingView): Json {
  return {
    type: 'outgoing',
    position: message.position,
    id: message.id,
    to: message.to,
    text: message.text,
    written_at: iso(message.writtenAtWall),
    ...(message.expiresAtWall !== undefined && { expires_at: iso(message.expiresAtWall) }),
    ...progressToJson(message.progress),
  };
}

export function reasonToJson(reason: Failure | undefined): Json {
  if (reason === undefined) return {};
  const { code, message, hint } = reason;
  return { code, message, ...(hint !== undefined && { hint }) };
}

/** A peer's clock may be anything: what is no date stays a number. */
function iso(wall: number): string | number {
  return Math.abs(wall) <= 8.64e15 ? new Date(wall).toISOString() : wall;
}
