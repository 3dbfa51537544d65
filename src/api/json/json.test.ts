import * as fc from 'fast-check';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { ERROR_CODES, PeerText, type ErrorCode, type Failure } from '../../base/index.ts';
import type { ChatEvent } from '../events.ts';
import {
  MUTED_FOR_GOOD,
  type ContactView,
  type HistoryEntry,
  type MessageId,
  type OutgoingState,
  type OutgoingView,
  type SafetyView,
  type SelfView,
  type StatusView,
} from '../views.ts';
import {
  CONTACT,
  contactFromJson,
  contactToJson,
  EVENT,
  eventFromJson,
  eventToJson,
  FAILURE,
  failureFromJson,
  failureToJson,
  HISTORY_PAGE,
  historyPageFromJson,
  historyPageToJson,
  IDENTITY,
  identityFromJson,
  identityToJson,
  OUTBOX_PAGE,
  outboxPageFromJson,
  outboxPageToJson,
  RUNNING,
  SAFETY,
  safetyFromJson,
  safetyToJson,
  STATUS,
  statusFromJson,
  statusToJson,
  stoppedToJson,
  type Shape,
} from './index.ts';

// Every view and event, written as JSON, as text, read again, and compared: nothing is lost, renamed or invented on the way.

const text = fc.string({ unit: 'binary' });
const name = fc.string();
const count = fc.nat();
// A peer's clock may be anything: before 1970, past the last date, or so large that it is no whole number any more.
const wall = fc.oneof(
  fc.integer({ min: 0, max: 4e12 }),
  fc.constantFrom(-62_198_755_200_001, 8.64e15, 8.64e15 + 1, -8.64e15, 2 ** 64, MUTED_FOR_GOOD - 1),
);
const id = fc.uuid({ version: 7 }) as fc.Arbitrary<MessageId>;
const peerText = text.map((exact) => new PeerText(exact));
const safetyNumber = fc
  .array(fc.integer({ min: 0, max: 99_999 }), { minLength: 12, maxLength: 12 })
  .map((groups) => groups.map((group) => String(group).padStart(5, '0')).join(' '));

/** A record whose keys after `required` may be absent. */
function record<Whole extends object>(
  required: readonly (keyof Whole)[],
  fields: { readonly [Key in keyof Whole]-?: fc.Arbitrary<Exclude<Whole[Key], undefined>> },
): fc.Arbitrary<Whole> {
  const options = { requiredKeys: required as never, noNullPrototype: true };
  const made: unknown = fc.record(fields, options);
  return made as fc.Arbitrary<Whole>;
}

const failure = record<Failure>(['code', 'message'], {
  code: fc.constantFrom(...(Object.keys(ERROR_CODES) as ErrorCode[])),
  message: text,
  hint: text,
});
type Open = Extract<OutgoingState, { state: 'queued' }>;
interface Over {
  readonly state: 'refused' | 'failed' | 'cancelled' | 'expired';
  readonly reason: Failure;
}
const outgoingState: fc.Arbitrary<OutgoingState> = fc.oneof(
  record<Omit<Open, 'state'> & { state: 'queued' | 'sent' }>(['state', 'held'], {
    state: fc.constantFrom('queued', 'sent'),
    held: fc.boolean(),
    reason: failure,
    nextTryWall: wall,
  }),
  fc.record({ state: fc.constant('delivered' as const), tookMs: count }, { noNullPrototype: true }),
  record<Over>(['state', 'reason'], {
    state: fc.constantFrom('refused', 'failed', 'cancelled', 'expired'),
    reason: failure,
  }),
);
const guesses = record<NonNullable<ContactView['failedGuesses']>>(['failures'], {
  failures: count,
  blockedUntilWall: wall,
});

type Event<Type extends ChatEvent['type']> = Extract<ChatEvent, { readonly type: Type }>;
const names = fc.array(name);
/** One for each type of event: a new one that is forgotten here does not compile. */
const EVENTS: { readonly [Type in ChatEvent['type']]: fc.Arbitrary<Omit<Event<Type>, 'type'>> } = {
  'message-received': record(
    ['id', 'position', 'from', 'text', 'writtenAtWall', 'receivedAtWall', 'clockMark'],
    {
      id,
      position: count,
      from: name,
      text: peerText,
      writtenAtWall: wall,
      receivedAtWall: wall,
      clockMark: fc.boolean(),
      replyTo: id,
      isBelated: fc.constant(true as const),
    },
  ),
  'message-progress': record(['id', 'to', 'progress'], { id, to: name, progress: outgoingState }),
  'contact-connected': record(['name', 'firstContact'], { name, firstContact: fc.boolean() }),
  'contact-disconnected': record(['name'], { name, reason: failure }),
  'key-pending': record(['name', 'newSafetyNumber'], {
    name,
    oldSafetyNumber: safetyNumber,
    newSafetyNumber: safetyNumber,
  }),
  'password-guesses': record(['name', 'failures', 'address'], {
    name,
    failures: count,
    address: name,
    blockedUntilWall: wall,
  }),
  'own-key-pending': record(['name', 'safetyNumber', 'reason'], { name, safetyNumber, reason: failure }),
  'messages-missing': record(['from', 'count'], { from: name, count }),
  'messages-lost-by-peer': record(['name', 'count', 'resent'], { name, count, resent: count }),
  'clock-skew': record(['name', 'skewMs'], { name, skewMs: fc.integer() }),
  'peer-restarted': record(['name'], { name, isFromCopy: fc.constant(true as const) }),
  'directory-changed': record(['added', 'removed', 'changed'], {
    added: names,
    removed: names,
    changed: names,
  }),
  'directory-rejected': record(['problems'], { problems: fc.array(failure) }),
  'messages-deleted': record(['count', 'keepMs'], { count, keepMs: count }),
  'events-skipped': fc.constant({}),
  'disk-recovered': fc.constant({}),
  trouble: record(['reason'], { reason: failure, name }),
};

const outgoing = record<OutgoingView>(['id', 'to', 'text', 'writtenAtWall', 'progress', 'position'], {
  id,
  to: name,
  text,
  writtenAtWall: wall,
  progress: outgoingState,
  expiresAtWall: wall,
  position: count,
});
const historyEntry = record<HistoryEntry>(
  ['position', 'id', 'with', 'direction', 'text', 'writtenAtWall', 'storedAtWall'],
  {
    position: count,
    id,
    with: name,
    direction: fc.constantFrom('in', 'out'),
    text: peerText,
    writtenAtWall: wall,
    storedAtWall: wall,
    replyTo: id,
    outcome: record<NonNullable<HistoryEntry['outcome']>>(['state'], {
      state: outgoingState.map(({ state }) => state),
      reason: failure,
      atWall: wall,
    }),
  },
);
const contact = record<ContactView>(
  ['name', 'ip', 'port', 'trust', 'verified', 'connected', 'undelivered', 'unread'],
  {
    name,
    ip: name,
    port: fc.integer({ min: 1, max: 65_535 }),
    trust: fc.constantFrom('new', 'unconfirmed', 'pinned', 'key-pending'),
    verified: fc.boolean(),
    connected: fc.boolean(),
    undelivered: count,
    lastSeenWall: wall,
    trouble: failure,
    failedGuesses: guesses,
    unread: count,
    readUpTo: count,
    mutedUntilWall: fc.oneof(wall, fc.constant(MUTED_FOR_GOOD)),
    draft: text,
  },
);
const self: fc.Arbitrary<SelfView> = fc.record(
  {
    username: name,
    key: name,
    home: text,
    directory: text,
    listening: fc.array(
      fc.record({ address: name, port: fc.integer({ min: 0, max: 65_535 }) }, { noNullPrototype: true }),
    ),
  },
  { noNullPrototype: true },
);
const safety = record<SafetyView>(['name'], {
  name,
  current: fc.record({ safetyNumber, key: name, verified: fc.boolean() }, { noNullPrototype: true }),
  pending: fc.record({ safetyNumber, key: name }, { noNullPrototype: true }),
});
const delay = fc.double({ min: 0, max: 1e6, noNaN: true }).map((ms) => ms + 0);
const status: fc.Arbitrary<StatusView> = fc.record(
  {
    version: name,
    pid: count,
    mode: fc.constantFrom('listen', 'dial', 'offline'),
    isAttended: fc.boolean(),
    startedAtWall: wall,
    self,
    connected: names,
    contacts: count,
    waiting: fc.record({ messages: count, bytes: count }, { noNullPrototype: true }),
    unread: count,
    store: record<StatusView['store']>(['bytes', 'logBytes'], {
      bytes: count,
      logBytes: count,
      trouble: failure,
    }),
    loopDelayMs: fc.record({ p50: delay, p99: delay, max: delay }, { noNullPrototype: true }),
  },
  { noNullPrototype: true },
);

function holds<View, Json>(
  views: fc.Arbitrary<View>,
  schema: Shape<Json>,
  toJson: (view: View) => Json,
  fromJson: (json: Json) => View,
): void {
  fc.assert(
    fc.property(views, (view) => {
      const json: unknown = JSON.parse(JSON.stringify(toJson(view)));
      const read = v.parse(schema, json);
      // Nothing is written that the schema does not know.
      expect(read).toEqual(json);
      const again = fromJson(read);
      expect(again).toEqual(view);
      // Two texts of peers are equal to the test's eyes, whatever they hold: their characters are in the JSON.
      expect(toJson(again)).toEqual(json);
    }),
    { numRuns: 200 },
  );
}

test.each(Object.entries(EVENTS))('an event %s is read as it was written', (type, fields) => {
  const events = (fields as fc.Arbitrary<object>).map((rest) => ({ type, ...rest }) as ChatEvent);
  holds(events, EVENT, eventToJson, eventFromJson);
});

test('a page of the outbox is read as it was written, whatever its messages wait for', () => {
  const page = record<ReturnType<typeof outboxPageFromJson>>(['messages', 'total'], {
    messages: fc.array(outgoing, { maxLength: 3 }),
    next: count,
    total: count,
  });
  holds(page, OUTBOX_PAGE, outboxPageToJson, outboxPageFromJson);
});

test('a page of the history is read as it was written', () => {
  const page = record<ReturnType<typeof historyPageFromJson>>(['entries'], {
    entries: fc.array(historyEntry, { maxLength: 3 }),
    older: count,
    newer: count,
  });
  holds(page, HISTORY_PAGE, historyPageToJson, historyPageFromJson);
});

test('a contact, an identity, a safety number, a status and a failure are read as they were written', () => {
  holds(contact, CONTACT, contactToJson, contactFromJson);
  holds(self, IDENTITY, identityToJson, identityFromJson);
  holds(safety, SAFETY, safetyToJson, safetyFromJson);
  holds(status, RUNNING, statusToJson, statusFromJson);
  holds(failure, FAILURE, failureToJson, failureFromJson);
});

test('a home that no program has says what is in it, and of no program', () => {
  fc.assert(
    fc.property(status, wall, (view, last) => {
      const json: unknown = JSON.parse(JSON.stringify(stoppedToJson(view, last)));
      expect(v.parse(STATUS, json)).toEqual(json);
      expect(json).not.toHaveProperty('pid');
    }),
  );
});

test('of a contact a safety number tells the trust, and who tried to be it', () => {
  fc.assert(
    fc.property(safety, contact, (view, who) => {
      const json = safetyToJson(view, who);
      expect(v.parse(SAFETY, json)).toEqual(json);
      expect(json.trust).toBe(who.trust);
      expect(json.failed_attempts?.failures).toBe(who.failedGuesses?.failures);
    }),
  );
});

test('a time is ISO 8601 in UTC, what no date can say stays a number, and for good is forever', () => {
  const at = (wall: number) => eventToJson({ ...MESSAGE_AT, writtenAtWall: wall });
  expect(at(0)).toMatchObject({ written_at: '1970-01-01T00:00:00.000Z' });
  expect(at(8.64e15 + 1)).toMatchObject({ written_at: 8.64e15 + 1 });
  expect(contactToJson({ ...CONTACT_MUTED, mutedUntilWall: MUTED_FOR_GOOD }).muted_until).toBe('forever');
});

test('what no Sotto writes is not read: another type, a time that is none, a state without what belongs to it', () => {
  const message = eventToJson(MESSAGE_AT);
  expect(v.is(EVENT, message)).toBe(true);
  expect(v.is(EVENT, { ...message, type: 'massage' })).toBe(false);
  for (const time of ['yesterday', '2026-13-01T00:00:00.000Z', '2026-01-01', true, null])
    expect(v.is(EVENT, { ...message, written_at: time }), String(time)).toBe(false);
  expect(v.is(EVENT, { type: 'progress', id: 'x', to: 'bob', state: 'delivered' })).toBe(false);
  expect(v.is(EVENT, { type: 'progress', id: 'x', to: 'bob', state: 'failed' })).toBe(false);
});

test('what a later version adds is passed over, and a code that it may have is a bug to this one', () => {
  const message = { ...eventToJson(MESSAGE_AT), colour: 'green' };
  expect(v.parse(EVENT, message)).not.toHaveProperty('colour');
  expect(failureFromJson({ code: 'no-such-code', message: 'it failed' })).toEqual({
    code: 'internal',
    message: 'it failed',
  });
});

const MESSAGE_AT: Event<'message-received'> = {
  type: 'message-received',
  id: '01910000-0000-7000-8000-0000aaaa0001' as MessageId,
  position: 1,
  from: 'bob',
  text: new PeerText('hi'),
  writtenAtWall: 0,
  receivedAtWall: 0,
  clockMark: false,
};
const CONTACT_MUTED: ContactView = {
  name: 'bob',
  ip: '127.0.0.1',
  port: 7688,
  trust: 'pinned',
  verified: false,
  connected: false,
  undelivered: 0,
  unread: 0,
};
