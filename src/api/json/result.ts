import * as v from 'valibot';
import type {
  CancelledJson,
  EntryJson,
  ErrorJson,
  OutcomeJson,
  PublicJson,
  ResultJson,
} from '../to-json/index.ts';
import { CURSOR, EVENT, withState } from './event.ts';
import {
  countOf,
  FAILURE,
  FAILURE_FIELDS,
  flagOf,
  ID,
  NAME,
  PERHAPS_FAILURE_FIELDS,
  POSITION,
  said,
  shape,
  textOf,
  timeOf,
  untilOf,
  type Shape,
} from './parts.ts';
import { STATUS } from './status.ts';
import { ADDRESS, CONTACT, HISTORY, IDENTITY, OUTCOME_STATE_FIELDS, OUTGOING, SAFETY } from './view.ts';

export const ERROR: Shape<ErrorJson> = shape('error', 'A command that failed: the last line it writes.', {
  ...FAILURE_FIELDS,
  exit_code: countOf('what the command exits with'),
});

export const OUTCOME: Shape<OutcomeJson> = withState(
  'outcome',
  'What became of one text: `sotto send`, and the loop in a pipe.',
  {
    to: NAME,
    id: v.exactOptional(ID),
    kept: v.exactOptional(
      flagOf('not delivered, but kept: it goes out later; absent when it is delivered, or nobody knows'),
    ),
    cause: v.exactOptional(said(FAILURE, 'where `code` is timeout: why it was not delivered in time')),
  },
);

export const CANCELLED: Shape<CancelledJson> = shape(
  'cancelled',
  '`sotto outbox cancel ID`: one for each text.',
  {
    id: ID,
    to: NAME,
    cancelled: flagOf('it is withdrawn; if not, it had left, or was settled already'),
    ...OUTCOME_STATE_FIELDS,
  },
);

const host = { ip: textOf('address or host name'), port: countOf('TCP port') };

export const ENTRY: Shape<EntryJson> = shape(
  'entry',
  'One person of the directory file: `sotto directory list`, `show`, `add` and `set`.',
  {
    username: textOf('the name'),
    ...host,
    addresses: v.exactOptional(said(v.array(v.object(host)), 'where to dial besides')),
    has_password: flagOf('the entry has a password'),
    password: v.exactOptional(textOf('the password, where it was asked for or just made')),
    key: v.exactOptional(textOf('the public key in base64')),
    line: countOf('of the file, from 1'),
  },
);

const count = (words: string): { readonly count: Shape<number> } => ({ count: countOf(words) });
const named = { name: NAME };

/** By their `type`. */
const RESULTS = [
  shape('cancelled-all', '`sotto outbox cancel --to` and `--all`.', {
    ...count('texts that are withdrawn'),
    left: countOf('texts that had left, and may arrive'),
  }),
  shape('retried', '`sotto outbox retry`: one for each contact for whom something waited.', {
    to: NAME,
    delivered: countOf('texts that are delivered now'),
    waiting: countOf('texts that still wait'),
    ...PERHAPS_FAILURE_FIELDS,
  }),
  shape('resent', '`sotto outbox resend`.', { to: NAME, ...count('texts that are queued again') }),
  shape('deleted', '`sotto delete`.', { ...count('messages') }),
  shape('exported', '`sotto export --output`.', { ...count('messages'), file: textOf('the new file') }),
  shape('trusted', '`sotto trust --fingerprint`: the key that waited is in force.', { ...named }),
  shape('repair', '`sotto trust --repair`.', {
    ...named,
    until: timeOf('until then the contact may pair again with the pinned key'),
  }),
  shape('forgiven', '`sotto trust --forgive`.', { ...named }),
  shape('muted', '`sotto mute`.', { ...named, muted_until: untilOf('until then') }),
  shape('unmuted', '`sotto unmute`.', { ...named }),
  shape('read', '`sotto read`.', {
    ...named,
    unread: countOf('messages that are still unread, counted up to 1,000'),
    read_up_to: v.exactOptional(countOf('the position up to which a person has read')),
  }),
  shape('draft', '`sotto draft`: as it is now.', {
    ...named,
    text: v.exactOptional(textOf('absent: there is none')),
  }),
  shape('passphrase', '`sotto passphrase set`, `change` and `remove`.', {
    locked: flagOf('the home is under a passphrase now'),
  }),
  shape('backup', '`sotto backup`.', { file: textOf('the new file') }),
  shape('restored', '`sotto restore`.', {
    home: textOf('the new folder'),
    username: textOf('whose home it is'),
  }),
  shape('removed', '`sotto directory remove`.', { username: textOf('the name') }),
  shape('directory-created', '`sotto directory init`.', { directory: textOf('the new file') }),
  shape('check', '`sotto directory check`.', {
    directory: textOf('the file'),
    entries: countOf('how many people it has'),
    problems: said(v.array(FAILURE), 'its mistakes: with one, no Sotto uses it'),
    warnings: said(v.array(FAILURE), 'what is unsafe about it'),
  }),
  shape('up', '`sotto up`.', {
    started: flagOf('it was started just now; if not, it ran already'),
    pid: countOf('its process'),
    listening: said(v.array(ADDRESS), 'where it takes incoming connections'),
  }),
  shape('down', '`sotto down`.', { stopped: flagOf('it was ended just now; if not, none ran') }),
  shape('exec', '`sotto listen --exec`: a message that is done with.', {
    id: ID,
    from: NAME,
    position: POSITION,
    exit_code: v.exactOptional(countOf('of the command')),
    signal: v.exactOptional(textOf('what killed the command')),
    message: v.exactOptional(textOf('why the command was not started')),
    tries: countOf('how often it was run'),
    took_ms: said(v.number(), 'the last time'),
    cursor: CURSOR,
  }),
  shape('setting', '`sotto config get`, `set` and `list`.', {
    key: textOf('the flag without its dashes'),
    value: said(v.union([v.string(), v.number(), v.boolean(), v.array(v.string())]), 'as the file has it'),
    from: said(v.picklist(['environment', 'file']), 'where it is said'),
  }),
  shape('unset', '`sotto config unset`; `sotto config get` of what nothing says.', {
    key: textOf('the flag without its dashes'),
  }),
  shape('config', '`sotto config path`.', { file: textOf('where the settings are, or would be') }),
  shape('service', '`sotto service`, how it stands then.', {
    unit: textOf('the file of the unit'),
    installed: said(v.boolean(), 'there is such a file'),
    enabled: said(v.boolean(), 'systemd starts it by itself'),
    active: said(v.boolean(), 'systemd runs it'),
  }),
  shape('trace', '`sotto trace`: one transition.', {
    at: timeOf('when it was heard of'),
    line: textOf('what happened inside: for people, it may change'),
  }),
] as const;

export const RESULT: Shape<ResultJson> = v.variant('type', [
  ERROR as never,
  OUTCOME as never,
  CANCELLED as never,
  ...RESULTS,
  ENTRY as never,
]);

/** Every object that a command may write to stdout. */
export const PUBLIC: Shape<PublicJson> = v.variant('type', [
  EVENT as never,
  OUTGOING as never,
  HISTORY as never,
  CONTACT as never,
  IDENTITY as never,
  SAFETY as never,
  STATUS as never,
  RESULT as never,
]);
