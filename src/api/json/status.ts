import * as v from 'valibot';
import { JSON_FORMAT, type RunningJson, type StatusJson, type StoppedJson } from '../to-json/index.ts';
import type { StatusView } from '../views.ts';
import {
  countOf,
  FAILURE,
  failureFromJson,
  flagOf,
  said,
  shape,
  textOf,
  timeFromJson,
  timeOf,
  type Shape,
} from './parts.ts';
import { IDENTITY, identityFromJson } from './view.ts';

const fields = {
  json_format: countOf(`of the shapes of this page: ${JSON_FORMAT}`),
  version: textOf('of the program'),
  identity: IDENTITY,
  contacts: countOf('in the directory, oneself not counted'),
  waiting: said(
    v.object({ messages: countOf('how many'), bytes: countOf('of their texts') }),
    'what is neither delivered nor given up',
  ),
  unread: countOf('of all contacts; of each at most 1,000 are counted'),
  store: said(
    v.object({
      bytes: countOf('of the database'),
      log_bytes: countOf('of its log'),
      trouble: v.exactOptional(said(FAILURE, 'why it takes nothing at present')),
    }),
    'what is on the disk',
  ),
} as const;
const isRunning = <Running extends v.GenericSchema>(schema: Running): Running =>
  said(schema, 'a program has the home, and this is of that program');
const delay = said(v.number(), 'ms');

export const RUNNING: Shape<RunningJson> = shape(
  'status',
  'How the program is doing that has the home: `sotto status`, while one runs.',
  {
    running: isRunning(v.literal(true)),
    ...fields,
    pid: countOf('its process'),
    mode: said(v.picklist(['listen', 'dial', 'offline']), 'what it was started for'),
    attended: flagOf('a person or a command sits in front of it: `sotto down` leaves it alone'),
    started_at: timeOf('since when it runs'),
    connected: said(v.array(v.string()), 'contacts with a session'),
    loop_delay_ms: said(
      v.object({ p50: delay, p99: delay, max: delay }),
      'how much later than due its event loop came round, since the start',
    ),
  },
);

export const STOPPED: Shape<StoppedJson> = shape(
  'status',
  'How the home stands that no program has: `sotto status`, while none runs.',
  {
    running: isRunning(v.literal(false)),
    ...fields,
    last_message_at: v.exactOptional(timeOf('of the newest message')),
  },
);

export const STATUS: Shape<StatusJson> = v.variant('running', [RUNNING as never, STOPPED as never]);

export function statusFromJson(json: RunningJson): StatusView {
  const { version, pid, mode, identity, connected, contacts, waiting, unread, store } = json;
  return {
    version,
    pid,
    mode,
    isAttended: json.attended,
    startedAtWall: timeFromJson(json.started_at),
    self: identityFromJson(identity),
    connected,
    contacts,
    waiting,
    unread,
    store: {
      bytes: store.bytes,
      logBytes: store.log_bytes,
      ...(store.trouble && { trouble: failureFromJson(store.trouble) }),
    },
    loopDelayMs: json.loop_delay_ms,
  };
}
