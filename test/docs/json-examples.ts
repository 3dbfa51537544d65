// What docs/json.md shows: views as a chat gives them, written by the program's own functions.
import { MUTED_FOR_GOOD, type MessageId, type OutgoingView, type StatusView } from '../../src/api/index.ts';
import {
  contactToJson,
  eventToJson,
  failureToJson,
  historyPageToJson,
  historyToJson,
  identityToJson,
  outboxPageToJson,
  outgoingToJson,
  safetyToJson,
  stateToJson,
  statusToJson,
  stoppedToJson,
  type PublicJson,
} from '../../src/api/json/index.ts';
import { PeerText, type Failure } from '../../src/base/index.ts';

const ID = '01a205bc-1afe-7322-a42a-7cade3ae5401' as MessageId;
const ANSWERED = '01a205bb-9c41-7a0c-8d3e-19f0c6b7d210' as MessageId;
const AT = Date.UTC(2026, 10, 23, 9, 30);
const KEY = 'q8Kx0v1cVJ2q0m3n5Yt6Zb7LrWd8Xe9Pf0Gh1Ij2Kl4=';
const NUMBER = '04817 66210 39582 11940 72055 83164 27709 50318 94427 60853 18296 35571';
const OTHER_NUMBER = '71930 22845 60417 58263 99104 37752 10689 44318 82057 63921 05576 28490';
const REFUSED: Failure = {
  code: 'refused',
  message: 'Nobody listens at 192.168.1.20:7688.',
  hint: 'Is bob’s Sotto running, with this port?',
};
const KEY_CHANGED: Failure = {
  code: 'key-changed',
  message: 'bob proved the password with another key than the pinned one',
  hint: 'Look at both safety numbers: sotto trust bob',
};
const SELF = {
  username: 'alice',
  key: KEY,
  home: '/home/alice/.local/share/sotto/alice',
  directory: '/home/alice/.config/sotto/directory.json',
  listening: [{ address: '0.0.0.0', port: 7688 }],
};
const QUEUED: OutgoingView = {
  id: ID,
  position: 42,
  to: 'bob',
  text: 'the build is green',
  writtenAtWall: AT,
  progress: { state: 'queued', held: false, reason: REFUSED, nextTryWall: AT + 30_000 },
};
const SAID = {
  position: 41,
  id: ANSWERED,
  with: 'bob',
  direction: 'in',
  text: new PeerText('is it green?'),
  writtenAtWall: AT - 5000,
  storedAtWall: AT - 4950,
} as const;
const CONTACT = {
  name: 'bob',
  ip: '192.168.1.20',
  port: 7688,
  trust: 'pinned',
  verified: true,
  connected: false,
  undelivered: 1,
  unread: 2,
  readUpTo: 39,
  lastSeenWall: AT - 60_000,
  mutedUntilWall: MUTED_FOR_GOOD,
  draft: 'I will look at',
  trouble: REFUSED,
} as const;
const STATUS: StatusView = {
  version: '0.1.0',
  pid: 4711,
  mode: 'listen',
  isAttended: false,
  startedAtWall: AT - 86_400_000,
  self: SELF,
  connected: ['carol'],
  contacts: 3,
  waiting: { messages: 1, bytes: 18 },
  unread: 2,
  store: { bytes: 1_409_024, logBytes: 82_432 },
  loopDelayMs: { p50: 0.1, p99: 1.2, max: 14.8 },
};
const ENTRY = {
  type: 'entry',
  username: 'bob',
  ip: '192.168.1.20',
  port: 7688,
  has_password: true,
  line: 2,
} as const;

/** In the order of the page: of each `type` at least one. */
export const EXAMPLES: readonly PublicJson[] = [
  {
    type: 'error',
    code: 'contact-unknown',
    message: 'there is no contact “bobb” in the directory',
    hint: 'Did you mean bob?',
    exit_code: 6,
  },
  eventToJson({
    type: 'message-received',
    id: ID,
    position: 42,
    from: 'bob',
    text: new PeerText('the build is green'),
    writtenAtWall: AT,
    receivedAtWall: AT + 53,
    clockMark: false,
    replyTo: ANSWERED,
  }),
  eventToJson({
    type: 'message-progress',
    id: ID,
    to: 'bob',
    progress: { state: 'delivered', tookMs: 57 },
  }),
  eventToJson({ type: 'contact-connected', name: 'bob', firstContact: true }),
  eventToJson({ type: 'contact-disconnected', name: 'bob' }),
  eventToJson({
    type: 'key-pending',
    name: 'bob',
    oldSafetyNumber: NUMBER,
    newSafetyNumber: OTHER_NUMBER,
  }),
  eventToJson({
    type: 'own-key-pending',
    name: 'bob',
    safetyNumber: NUMBER,
    reason: { code: 'key-refused', message: 'bob ended the connection after it saw our key' },
  }),
  eventToJson({
    type: 'password-guesses',
    name: 'bob',
    failures: 10,
    address: '192.0.2.7',
    blockedUntilWall: AT + 3_600_000,
  }),
  eventToJson({ type: 'messages-missing', from: 'bob', count: 2 }),
  eventToJson({ type: 'messages-lost-by-peer', name: 'bob', count: 5, resent: 2 }),
  eventToJson({ type: 'clock-skew', name: 'bob', skewMs: 372_000 }),
  eventToJson({ type: 'peer-restarted', name: 'bob' }),
  eventToJson({ type: 'directory-changed', added: ['dave'], removed: [], changed: ['bob'] }),
  eventToJson({
    type: 'directory-rejected',
    problems: [{ code: 'directory-invalid', message: 'line 3, bob: the port is not from 1 to 65535' }],
  }),
  eventToJson({ type: 'messages-deleted', count: 12, keepMs: 7_776_000_000 }),
  eventToJson({ type: 'events-skipped' }),
  eventToJson({ type: 'disk-recovered' }),
  eventToJson({
    type: 'trouble',
    reason: { code: 'listen-failed', message: 'the listener on port 7688 could not be opened' },
  }),
  outgoingToJson(QUEUED),
  historyToJson(SAID),
  contactToJson(CONTACT),
  identityToJson(SELF),
  safetyToJson({ name: 'bob', current: { safetyNumber: NUMBER, key: KEY, verified: true } }, CONTACT),
  statusToJson(STATUS),
  stoppedToJson({ ...STATUS, self: { ...SELF, listening: [] } }, AT),
  {
    type: 'outcome',
    to: 'bob',
    id: ID,
    ...stateToJson({ state: 'queued', held: true, reason: KEY_CHANGED }),
    kept: true,
  },
  { type: 'cancelled', id: ID, to: 'bob', cancelled: true },
  { type: 'cancelled-all', count: 3, left: 0 },
  { type: 'retried', to: 'bob', delivered: 0, waiting: 3, ...failureToJson(REFUSED) },
  { type: 'resent', to: 'bob', count: 8 },
  { type: 'deleted', count: 12 },
  { type: 'exported', count: 812, file: '/home/alice/bob.jsonl' },
  { type: 'trusted', name: 'bob' },
  { type: 'repair', name: 'bob', until: '2026-11-23T09:40:00.000Z' },
  { type: 'forgiven', name: 'bob' },
  { type: 'muted', name: 'bob', muted_until: 'forever' },
  { type: 'unmuted', name: 'bob' },
  { type: 'read', name: 'bob', unread: 0, read_up_to: 42 },
  { type: 'draft', name: 'bob', text: 'I will look at' },
  { type: 'passphrase', locked: true },
  { type: 'backup', file: '/media/stick/sotto-2026-11-23' },
  { type: 'restored', home: '/home/alice/.local/share/sotto/alice', username: 'alice' },
  ENTRY,
  { type: 'removed', username: 'bob' },
  { type: 'directory-created', directory: '/home/alice/people.json' },
  {
    type: 'check',
    directory: '/home/alice/people.json',
    entries: 2,
    problems: [],
    warnings: [{ code: 'directory-unsafe', message: 'others can read /home/alice/people.json' }],
  },
  { type: 'up', started: true, pid: 4711, listening: SELF.listening },
  { type: 'down', stopped: true },
  { type: 'exec', id: ID, from: 'bob', position: 42, exit_code: 0, tries: 1, took_ms: 12 },
  { type: 'setting', key: 'port', value: 7688, from: 'file' },
  { type: 'unset', key: 'port' },
  { type: 'config', file: '/home/alice/.config/sotto/config.json' },
  {
    type: 'service',
    unit: '/home/alice/.config/systemd/user/sotto.service',
    installed: true,
    enabled: true,
    active: true,
  },
  { type: 'trace', at: '2026-11-20T17:03:12.418Z', line: 'link bob: dialling 192.168.1.20:7688' },
];

/** Of the shapes that have no `type`: they are part of something else, or an answer of the control socket. */
export const PART_EXAMPLES: Readonly<Record<'failure' | 'outbox page' | 'history page', object>> = {
  failure: failureToJson(REFUSED),
  'outbox page': outboxPageToJson({ messages: [], total: 0 }),
  'history page': historyPageToJson({ entries: [SAID], older: 41 }),
};
