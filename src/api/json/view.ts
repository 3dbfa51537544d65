import * as v from 'valibot';
import { PeerText } from '../../base/index.ts';
import type {
  AddressJson,
  ContactJson,
  FailedAttemptsJson,
  HistoryJson,
  HistoryPageJson,
  IdentityJson,
  OutboxPageJson,
  OutcomeStateJson,
  OutgoingJson,
  SafetyJson,
  TimeJson,
} from '../to-json/index.ts';
import type {
  ContactView,
  FailedGuessesView,
  HistoryEntry,
  HistoryPage,
  MessageId,
  OutboxPage,
  OutgoingView,
  SafetyView,
  SelfView,
} from '../views.ts';
import { stateFromJson, withState } from './event.ts';
import {
  countOf,
  FAILURE,
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
  untilFromJson,
  untilOf,
  type Perhaps,
  type Shape,
} from './parts.ts';

export const OUTGOING: Shape<OutgoingJson> = withState(
  'outgoing',
  'One message of the outbox: neither delivered nor given up. `sotto outbox`.',
  {
    position: POSITION,
    id: ID,
    to: NAME,
    text: textOf('what was written'),
    written_at: timeOf('when it was queued'),
    expires_at: v.exactOptional(timeOf('it is given up when it has not left by then')),
    waits_for: v.exactOptional(
      said(
        v.picklist(['next-run', 'key-decision', 'pairing']),
        'where no Sotto runs: what must happen first (a run; `sotto trust`; the contact’s agreement to the first session)',
      ),
    ),
  },
);

export const OUTBOX_PAGE: Shape<OutboxPageJson> = said(
  v.object({
    messages: said(v.array(OUTGOING), 'oldest first'),
    next: v.exactOptional(countOf('there is more: `after` of the next page')),
    total: countOf('of all pages'),
  }),
  'Some of the outbox.',
);

/** The fields that say how an outgoing message of the history stands, where it is one. */
export const OUTCOME_STATE_FIELDS: {
  readonly state: Perhaps<OutcomeStateJson['state']>;
  readonly state_at: Perhaps<TimeJson>;
} & typeof PERHAPS_FAILURE_FIELDS = {
  state: v.exactOptional(
    said(
      v.picklist(['queued', 'sent', 'delivered', 'refused', 'failed', 'cancelled', 'expired']),
      'of an outgoing one: how it stands',
    ),
  ),
  ...PERHAPS_FAILURE_FIELDS,
  state_at: v.exactOptional(timeOf('since when it stands so')),
};

export const HISTORY: Shape<HistoryJson> = shape(
  'history',
  'One message of the history: `sotto history`, `sotto export`.',
  {
    position: POSITION,
    id: ID,
    with: NAME,
    direction: said(v.picklist(['in', 'out']), 'who wrote it: they, or we'),
    text: textOf('the very characters that were written: clean them before a terminal sees them'),
    written_at: timeOf('by the writer’s clock'),
    stored_at: timeOf('by our clock: when it was received, or queued'),
    reply_to: v.exactOptional(textOf('the id of the message that it answers')),
    ...OUTCOME_STATE_FIELDS,
  },
);

export const HISTORY_PAGE: Shape<HistoryPageJson> = said(
  v.object({
    entries: said(v.array(HISTORY), 'oldest first'),
    older: v.exactOptional(countOf('there is more: `before` of the next older page')),
    newer: v.exactOptional(countOf('there is more: `after` of the next newer page')),
  }),
  'Some of the history.',
);

const port = said(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(65_535)), 'TCP port');
const trust = said(
  v.picklist(['new', 'unconfirmed', 'pinned', 'key-pending']),
  'new: never met · unconfirmed: the first session is outstanding · pinned · key-pending: another key waits for a decision',
);
const failedAttempts = said(
  v.object({
    failures: countOf('attempts since the name last proved itself'),
    blocked_until: v.exactOptional(timeOf('until then no first contact under this name is heard')),
  }),
  'somebody tried to be this contact and did not know the password',
);

export const CONTACT: Shape<ContactJson> = shape('contact', 'Somebody of the directory: `sotto contacts`.', {
  name: NAME,
  ip: textOf('address or host name, as the directory has it'),
  port,
  trust,
  verified: flagOf('a person has compared the safety number'),
  connected: flagOf('there is a session now'),
  undelivered: countOf('our messages that wait for it'),
  unread: countOf('its messages after the read position, counted up to 1,000'),
  read_up_to: v.exactOptional(countOf('the position up to which a person has read')),
  last_seen_at: v.exactOptional(timeOf('of the last proven contact')),
  muted_until: v.exactOptional(untilOf('faces make no noise for it until then')),
  draft: v.exactOptional(textOf('what a person began to write')),
  trouble: v.exactOptional(said(FAILURE, 'why the last attempt failed, while nothing has succeeded since')),
  failed_attempts: v.exactOptional(failedAttempts),
});

export const ADDRESS: Shape<AddressJson> = v.object({ address: textOf('literal IP address'), port });

export const IDENTITY: Shape<IdentityJson> = shape(
  'identity',
  'Who one is here: `sotto identity`, and part of `status`.',
  {
    username: textOf('one’s own name in the directory'),
    key: textOf('one’s own public key in base64: what others may put into the `key` field of our entry'),
    home: textOf('the folder with keys and messages'),
    directory: textOf('the file of people'),
    listening: said(v.array(ADDRESS), 'where incoming connections are taken; empty when they are not'),
  },
);

export const SAFETY: Shape<SafetyJson> = shape(
  'safety',
  'What one compares with the contact: `sotto verify`, `sotto trust`.',
  {
    name: NAME,
    trust: v.exactOptional(trust),
    verified: flagOf('a person has compared the safety number'),
    safety_number: v.exactOptional(textOf('60 digits in 12 groups of 5, the same on both sides')),
    key: v.exactOptional(textOf('the contact’s public key in base64')),
    failed_attempts: v.exactOptional(failedAttempts),
    pending: v.exactOptional(
      said(
        v.object({
          safety_number: textOf('with that key'),
          key: textOf('in base64'),
        }),
        'the key that waits for a decision',
      ),
    ),
  },
);

export function outgoingFromJson(json: OutgoingJson): OutgoingView {
  return {
    id: json.id as MessageId,
    to: json.to,
    text: json.text,
    writtenAtWall: timeFromJson(json.written_at),
    progress: stateFromJson(json),
    ...(json.expires_at !== undefined && { expiresAtWall: timeFromJson(json.expires_at) }),
    position: json.position,
  };
}

export function outboxPageFromJson({ messages, next, total }: OutboxPageJson): OutboxPage {
  return {
    messages: messages.map((message) => outgoingFromJson(message)),
    ...(next !== undefined && { next }),
    total,
  };
}

export function historyFromJson(json: HistoryJson): HistoryEntry {
  const reason = reasonFromJson(json);
  return {
    position: json.position,
    id: json.id as MessageId,
    with: json.with,
    direction: json.direction,
    text: new PeerText(json.text),
    writtenAtWall: timeFromJson(json.written_at),
    storedAtWall: timeFromJson(json.stored_at),
    ...(json.reply_to !== undefined && { replyTo: json.reply_to as MessageId }),
    ...(json.state !== undefined && {
      outcome: {
        state: json.state,
        ...(reason && { reason }),
        ...(json.state_at !== undefined && { atWall: timeFromJson(json.state_at) }),
      },
    }),
  };
}

export function historyPageFromJson({ entries, older, newer }: HistoryPageJson): HistoryPage {
  return {
    entries: entries.map((entry) => historyFromJson(entry)),
    ...(older !== undefined && { older }),
    ...(newer !== undefined && { newer }),
  };
}

export function contactFromJson(json: ContactJson): ContactView {
  return {
    name: json.name,
    ip: json.ip,
    port: json.port,
    trust: json.trust,
    verified: json.verified,
    connected: json.connected,
    undelivered: json.undelivered,
    unread: json.unread,
    ...(json.read_up_to !== undefined && { readUpTo: json.read_up_to }),
    ...(json.last_seen_at !== undefined && { lastSeenWall: timeFromJson(json.last_seen_at) }),
    ...(json.muted_until !== undefined && { mutedUntilWall: untilFromJson(json.muted_until) }),
    ...(json.draft !== undefined && { draft: json.draft }),
    ...(json.trouble && { trouble: failureFromJson(json.trouble) }),
    ...(json.failed_attempts && { failedGuesses: failedAttemptsFromJson(json.failed_attempts) }),
  };
}

export function identityFromJson({ username, key, home, directory, listening }: IdentityJson): SelfView {
  return { username, key, home, directory, listening };
}

export function safetyFromJson(json: SafetyJson): SafetyView {
  const { name, verified, safety_number: safetyNumber, key, pending } = json;
  return {
    name,
    ...(safetyNumber !== undefined && key !== undefined && { current: { safetyNumber, key, verified } }),
    ...(pending && { pending: { safetyNumber: pending.safety_number, key: pending.key } }),
  };
}

function failedAttemptsFromJson({ failures, blocked_until: until }: FailedAttemptsJson): FailedGuessesView {
  return { failures, ...(until !== undefined && { blockedUntilWall: timeFromJson(until) }) };
}
