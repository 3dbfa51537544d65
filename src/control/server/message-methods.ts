import * as v from 'valibot';
import type { MessageId, OutgoingState, SendText } from '../../api/index.ts';
import {
  countOf,
  HISTORY_PAGE,
  historyPageToJson,
  ID,
  NAME,
  OUTBOX_PAGE,
  outboxPageToJson,
  said,
  stateToJson,
  textOf,
  timeFromJson,
  timeOf,
  withState,
} from '../../api/json/index.ts';
import { CodedError } from '../../base/index.ts';
import { WAITS_MAX } from '../limits.ts';
import {
  contactName,
  done,
  Later,
  limit,
  messageId,
  method,
  named,
  optional,
  usage,
  type Method,
  type Served,
} from './method.ts';

const WAITING = {
  wait: optional(
    said(
      v.picklist(['queued', 'sent', 'delivered']),
      'answer when it is on the disk (default), has left, or is with the contact; also when it is given up or held',
    ),
  ),
  timeout_ms: optional(
    said(
      v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(2_147_483_647)),
      'answer at the latest then, with how it stands; the message stays queued',
    ),
  ),
} as const;

const SENT = withState('outcome', 'How one text stands.', { to: NAME, id: ID });

/** What is said, and what becomes of it. */
export const MESSAGE_METHODS: Readonly<Record<string, Method>> = {
  send: method({
    summary:
      'Sends a text: it is on the disk when this is answered, and goes out as soon as the contact is there.',
    params: {
      to: contactName,
      text: textOf('1 byte to 32 KiB of UTF-8'),
      reply_to: optional(messageId('the id of the message that it answers')),
      id: optional(messageId('a UUIDv7 of your own: with it, the same call made twice is one message')),
      expires_at: optional(timeOf('it is given up when it has not left by then (default: never)')),
      ...WAITING,
    },
    result: SENT,
    call: async (served, { to, text, reply_to: replyTo, id, expires_at: expiresAt, ...wait }) =>
      send(
        served,
        {
          to,
          text,
          ...(replyTo !== undefined && { replyTo: replyTo as MessageId }),
          ...(id !== undefined && { id: id as MessageId }),
          ...(expiresAt !== undefined && { expiresAtWall: timeFromJson(expiresAt) }),
        },
        wait,
      ),
  }),
  reply: method({
    summary: 'Sends a text that answers a message, to whom that message was said with.',
    params: {
      id: messageId('the message that it answers'),
      text: textOf('1 byte to 32 KiB of UTF-8'),
      ...WAITING,
    },
    result: SENT,
    call: async (served, { id, text, ...wait }) =>
      served.inOrder(partnerOf(served, id as MessageId), async (to) =>
        send(served, { to, text, replyTo: id as MessageId }, wait),
      ),
  }),
  outbox: method({
    summary: 'Lists what is neither delivered nor given up, oldest first, a page at a time.',
    params: {
      to: optional(contactName),
      after: optional(limit('the `next` of the page before')),
      limit: optional(limit('1 to 1,000; default 100')),
    },
    result: OUTBOX_PAGE,
    isPage: true,
    call: async ({ chat }, params) => outboxPageToJson(await chat.outbox(params)),
  }),
  'outbox.cancel': method({
    summary: 'Withdraws what has not left: one message, or everything for one contact.',
    params: { id: optional(messageId('this message')), to: optional(contactName) },
    result: v.object({ count: countOf('messages that were withdrawn') }),
    call: async ({ chat }, { id, to }) => {
      if ((id === undefined) === (to === undefined)) throw usage('give either “id” or “to”');
      if (to !== undefined) return { count: await chat.cancelAll(to) };
      return { count: (await chat.cancel(id as MessageId)) ? 1 : 0 };
    },
  }),
  'outbox.retry': method({
    summary: 'Dials now instead of at the next try, and starts over where messages are held.',
    params: named,
    result: done,
    call: async ({ chat }, { name }) => chat.retry(name),
  }),
  'outbox.resend': method({
    summary: 'Queues again what a contact has lost after it was delivered.',
    params: { to: contactName, since: timeOf('what was stored from then on') },
    result: v.object({
      type: v.literal('resent'),
      to: NAME,
      count: countOf('messages that were queued again'),
    }),
    call: async ({ chat }, { to, since }) => ({
      type: 'resent',
      to,
      count: await chat.resend({ to, sinceWall: timeFromJson(since) }),
    }),
  }),
  history: method({
    summary: 'Shows what was said, a page at a time; without “after”: the newest that fit.',
    params: {
      id: optional(messageId('only this message; not together with “search”')),
      with: optional(contactName),
      before: optional(limit('only what lies before this position')),
      after: optional(limit('only what lies after this position')),
      since: optional(timeOf('only what was stored from then on')),
      until: optional(timeOf('only what was stored before then')),
      search: optional(textOf('all of these words, or words that begin so; at most 1,000 characters')),
      limit: optional(limit('1 to 1,000; default 50')),
    },
    result: HISTORY_PAGE,
    isPage: true,
    call: async ({ chat }, { id, since, until, ...query }) =>
      historyPageToJson(
        await chat.history({
          ...query,
          ...(id !== undefined && { id: id as MessageId }),
          ...(since !== undefined && { sinceWall: timeFromJson(since) }),
          ...(until !== undefined && { untilWall: timeFromJson(until) }),
        }),
      ),
  }),
  delete: method({
    summary:
      'Deletes messages here, for good; at least one of the params is given, and each narrows it further.',
    params: {
      id: optional(messageId('this message')),
      with: optional(contactName),
      before: optional(timeOf('what was stored before then')),
    },
    result: v.object({ type: v.literal('deleted'), count: countOf('messages') }),
    call: async ({ chat }, { id, with: name, before }) => {
      const query = {
        ...(id !== undefined && { id: id as MessageId }),
        ...(name !== undefined && { with: name }),
        ...(before !== undefined && { beforeWall: timeFromJson(before) }),
      };
      if (Object.keys(query).length === 0) throw usage('give at least one of “id”, “with” and “before”');
      return { type: 'deleted', count: await chat.erase(query) };
    },
  }),
};

/** With whom this message was said. Rejects with message-unknown. */
async function partnerOf({ chat }: Served, id: MessageId): Promise<string> {
  const [found] = (await chat.history({ id })).entries;
  if (found) return found.with;
  throw new CodedError({ code: 'message-unknown', message: 'there is no message of this id' });
}

type Waiting = v.InferOutput<v.StrictObjectSchema<typeof WAITING, undefined>>;

async function send(
  served: Served,
  command: SendText,
  { wait = 'queued', timeout_ms: timeoutMs }: Waiting,
): Promise<unknown> {
  const { to } = command;
  const json = (id: MessageId, state: OutgoingState): unknown => ({
    type: 'outcome',
    id,
    to,
    ...stateToJson(state),
  });
  if (wait === 'queued') return json(await served.chat.sendText(command), { state: 'queued', held: false });
  const { waits, watch, gone } = served;
  if (waits.count >= WAITS_MAX)
    throw usage(`one client waits for at most ${WAITS_MAX} texts: say wait “queued”`);
  waits.count += 1;
  try {
    const { id, outcome } = await watch.send(command, {
      until: wait,
      signal: gone,
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
    return new Later(outcome.then((state) => json(id, state)).finally(() => (waits.count -= 1)));
  } catch (error) {
    waits.count -= 1;
    throw error;
  }
}
