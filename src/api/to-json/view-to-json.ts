import type {
  ContactView,
  FailedGuessesView,
  HistoryEntry,
  HistoryPage,
  OutboxPage,
  OutgoingView,
  SafetyView,
  SelfView,
  StatusView,
} from '../views.ts';
import { stateToJson } from './event-to-json.ts';
import {
  JSON_FORMAT,
  type ContactJson,
  type FailedAttemptsJson,
  type HistoryJson,
  type HistoryPageJson,
  type IdentityJson,
  type OutboxPageJson,
  type OutcomeStateJson,
  type OutgoingJson,
  type RunningJson,
  type SafetyJson,
  type StoppedJson,
} from './shapes.ts';
import { failureToJson, reasonToJson, timeToJson, untilToJson } from './time.ts';

/** `waitsFor`: what must happen first, where no program is at work that could say when it is tried. */
export function outgoingToJson(message: OutgoingView, waitsFor?: OutgoingJson['waits_for']): OutgoingJson {
  return {
    type: 'outgoing',
    position: message.position,
    id: message.id,
    to: message.to,
    text: message.text,
    written_at: timeToJson(message.writtenAtWall),
    ...(message.expiresAtWall !== undefined && { expires_at: timeToJson(message.expiresAtWall) }),
    ...stateToJson(message.progress),
    ...(waitsFor !== undefined && { waits_for: waitsFor }),
  };
}

export function outboxPageToJson({ messages, next, total }: OutboxPage): OutboxPageJson {
  return {
    messages: messages.map((message) => outgoingToJson(message)),
    ...(next !== undefined && { next }),
    total,
  };
}

export function historyToJson(entry: HistoryEntry): HistoryJson {
  return {
    type: 'history',
    position: entry.position,
    id: entry.id,
    with: entry.with,
    direction: entry.direction,
    text: entry.text.exact(),
    written_at: timeToJson(entry.writtenAtWall),
    stored_at: timeToJson(entry.storedAtWall),
    ...(entry.replyTo !== undefined && { reply_to: entry.replyTo }),
    ...(entry.outcome && outcomeStateToJson(entry.outcome)),
  };
}

/** How an outgoing message of the history stands, and since when. */
export function outcomeStateToJson(outcome: NonNullable<HistoryEntry['outcome']>): OutcomeStateJson {
  const { state, reason, atWall } = outcome;
  return { state, ...reasonToJson(reason), ...(atWall !== undefined && { state_at: timeToJson(atWall) }) };
}

export function historyPageToJson({ entries, older, newer }: HistoryPage): HistoryPageJson {
  return {
    entries: entries.map((entry) => historyToJson(entry)),
    ...(older !== undefined && { older }),
    ...(newer !== undefined && { newer }),
  };
}

export function contactToJson(contact: ContactView): ContactJson {
  const { readUpTo, lastSeenWall, mutedUntilWall, draft, trouble, failedGuesses } = contact;
  return {
    type: 'contact',
    name: contact.name,
    ip: contact.ip,
    port: contact.port,
    trust: contact.trust,
    verified: contact.verified,
    connected: contact.connected,
    undelivered: contact.undelivered,
    unread: contact.unread,
    ...(readUpTo !== undefined && { read_up_to: readUpTo }),
    ...(lastSeenWall !== undefined && { last_seen_at: timeToJson(lastSeenWall) }),
    ...(mutedUntilWall !== undefined && { muted_until: untilToJson(mutedUntilWall) }),
    ...(draft !== undefined && { draft }),
    ...(trouble && { trouble: failureToJson(trouble) }),
    ...(failedGuesses && { failed_attempts: failedAttemptsToJson(failedGuesses) }),
  };
}

export function identityToJson({ username, key, home, directory, listening }: SelfView): IdentityJson {
  return {
    type: 'identity',
    username,
    key,
    home,
    directory,
    listening: listening.map(({ address, port }) => ({ address, port })),
  };
}

/** With the contact as well, where it is still in the directory: how far its key is trusted, and who tried to be it. */
export function safetyToJson(safety: SafetyView, contact?: ContactView): SafetyJson {
  const { name, current, pending } = safety;
  return {
    type: 'safety',
    name,
    ...(contact && { trust: contact.trust }),
    verified: current?.verified ?? false,
    ...(current && { safety_number: groups(current.safetyNumber), key: current.key }),
    ...(contact?.failedGuesses && { failed_attempts: failedAttemptsToJson(contact.failedGuesses) }),
    ...(pending && { pending: { safety_number: groups(pending.safetyNumber), key: pending.key } }),
  };
}

/** Of the program that has the home. */
export function statusToJson(status: StatusView): RunningJson {
  const { pid, mode, isAttended, startedAtWall, connected, loopDelayMs } = status;
  return {
    type: 'status',
    running: true,
    ...statusFields(status),
    pid,
    mode,
    attended: isAttended,
    started_at: timeToJson(startedAtWall),
    connected,
    loop_delay_ms: { p50: loopDelayMs.p50, p99: loopDelayMs.p99, max: loopDelayMs.max },
  };
}

/** Of a home that no program has: what `status` of a chat says that was opened only to look. `lastWall`: of the newest message. */
export function stoppedToJson(status: StatusView, lastWall?: number): StoppedJson {
  return {
    type: 'status',
    running: false,
    ...statusFields(status),
    ...(lastWall !== undefined && { last_message_at: timeToJson(lastWall) }),
  };
}

function statusFields({ version, self, contacts, waiting, unread, store }: StatusView) {
  return {
    json_format: JSON_FORMAT,
    version,
    identity: identityToJson(self),
    contacts,
    waiting: { messages: waiting.messages, bytes: waiting.bytes },
    unread,
    store: {
      bytes: store.bytes,
      log_bytes: store.logBytes,
      ...(store.trouble && { trouble: failureToJson(store.trouble) }),
    },
  };
}

function failedAttemptsToJson({ failures, blockedUntilWall }: FailedGuessesView): FailedAttemptsJson {
  return {
    failures,
    ...(blockedUntilWall !== undefined && { blocked_until: timeToJson(blockedUntilWall) }),
  };
}

/** Sixty digits as twelve groups of five. */
function groups(safetyNumber: string): string {
  return safetyNumber.replaceAll(/\D/g, '').replaceAll(/(\d{5})(?=\d)/g, '$1 ');
}
