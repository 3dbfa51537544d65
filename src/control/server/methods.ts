import * as v from 'valibot';
import type { Chat, EventCursor } from '../../api/index.ts';
import {
  CONTACT,
  contactToJson,
  flagOf,
  IDENTITY,
  identityToJson,
  NAME,
  RUNNING,
  SAFETY,
  safetyToJson,
  said,
  statusToJson,
  textOf,
  timeOf,
  timeToJson,
  untilFromJson,
  untilOf,
  untilToJson,
} from '../../api/json/index.ts';
import { CodedError } from '../../base/index.ts';
import { decodeBase64 } from '../base64.ts';
import { SUBSCRIPTIONS_MAX } from '../limits.ts';
import { MESSAGE_METHODS } from './message-methods.ts';
import { contactName, done, limit, method, named, optional, usage, type Method } from './method.ts';

const SUBSCRIPTION = said(v.pipe(v.number(), v.safeInteger()), 'as the answer to listen or trace says');
const CURSOR = said(
  v.pipe(v.string(), v.maxLength(200)),
  'where an earlier stream of this home stood: opaque',
);

/** By the names of the command line, and in its order. */
export const METHODS: Readonly<Record<string, Method>> = {
  ...MESSAGE_METHODS,
  contacts: method({
    summary: 'Lists everyone in the directory but oneself.',
    params: {},
    result: v.object({ contacts: said(v.array(CONTACT), 'in the order of the directory') }),
    isPage: true,
    call: async ({ chat }) => ({
      contacts: (await chat.contacts()).map((contact) => contactToJson(contact)),
    }),
  }),
  identity: method({
    summary: 'Says who one is oneself, and where one listens.',
    params: {},
    result: IDENTITY,
    call: async ({ chat }) => identityToJson(chat.self),
  }),
  status: method({
    summary: 'Says how the program is doing.',
    params: {},
    result: RUNNING,
    call: async ({ chat }) => statusToJson(await chat.status()),
  }),
  verify: method({
    summary: 'Shows the safety number to compare with the contact’s person, or marks it as compared.',
    params: { ...named, confirm: optional(flagOf('the numbers were compared and are equal')) },
    result: SAFETY,
    call: async ({ chat }, { name, confirm }) => {
      if (confirm === true) await chat.markVerified(name);
      return safetyToJson(await chat.safety(name));
    },
  }),
  trust: method({
    summary: 'Decides about a contact: exactly one of the three.',
    params: {
      ...named,
      fingerprint: optional(
        said(v.pipe(v.string(), v.maxLength(1_000)), 'approve the waiting key: its 60 digits, as compared'),
      ),
      repair: optional(
        said(v.literal(true), 'let it pair again with the pinned key during the next ten minutes'),
      ),
      forgive: optional(said(v.literal(true), 'forget the failed attempts in its name')),
    },
    result: v.object({
      type: v.picklist(['trusted', 'repair', 'forgiven']),
      name: NAME,
      until: optional(timeOf('it may pair again until then')),
    }),
    call: async ({ chat }, { name, fingerprint, repair, forgive }) => {
      if ([fingerprint, repair, forgive].filter((each) => each !== undefined).length !== 1)
        throw usage('give one of “fingerprint”, “repair” and “forgive”');
      if (fingerprint !== undefined) {
        await chat.approveKey({ name, fingerprint });
        return { type: 'trusted', name };
      }
      if (forgive !== undefined) {
        await chat.forgiveGuesses(name);
        return { type: 'forgiven', name };
      }
      return { type: 'repair', name, until: timeToJson((await chat.openRepair(name)).untilWall) };
    },
  }),
  draft: method({
    summary: 'Keeps what was begun to be written to a contact; without a text: shows it.',
    params: { ...named, text: optional(textOf('at most 32 KiB of UTF-8; empty removes it')) },
    result: v.object({
      type: v.literal('draft'),
      name: NAME,
      text: optional(textOf('the draft, if there is one')),
    }),
    call: async ({ chat }, { name, text }) => {
      if (text !== undefined) await chat.setDraft({ name, text });
      const draft = text ?? (await contactOf(chat, name)).draft ?? '';
      return { type: 'draft', name, ...(draft !== '' && { text: draft }) };
    },
  }),
  read: method({
    summary: 'Marks everything of a contact as read, or up to a position; it never goes back.',
    params: { ...named, up_to: optional(limit('a position; default: all that there is')) },
    result: done,
    call: async ({ chat }, { name, up_to: upTo }) =>
      chat.markRead({ name, ...(upTo !== undefined && { upTo }) }),
  }),
  mute: method({
    summary: 'Lets faces make no noise for a contact, until a time or until it is unmuted.',
    params: { ...named, until: optional(untilOf('default: forever')) },
    result: v.object({ type: v.literal('muted'), name: NAME, muted_until: untilOf('until then') }),
    call: async ({ chat }, { name, until = 'forever' }) => {
      const untilWall = untilFromJson(until);
      await chat.mute({ name, untilWall });
      return { type: 'muted', name, muted_until: untilToJson(untilWall) };
    },
  }),
  unmute: method({
    summary: 'Lets faces make noise for a contact again.',
    params: named,
    result: v.object({ type: v.literal('unmuted'), name: NAME }),
    call: async ({ chat }, { name }) => {
      await chat.mute({ name, untilWall: 0 });
      return { type: 'unmuted', name };
    },
  }),
  backup: method({
    summary: 'Writes an encrypted copy of the whole home to a new file.',
    params: {
      path: said(
        v.pipe(
          v.string(),
          v.startsWith('/', 'it begins with a slash: the program has a folder of its own'),
          v.maxLength(10_000),
          v.check((path) => path.isWellFormed()),
        ),
        'absolute; it does not exist yet',
      ),
      passphrase: said(
        v.pipe(v.string(), v.maxLength(2_000), v.base64()),
        'what is to open it again, 1 byte to 1 KiB, in base64',
      ),
    },
    result: v.object({ type: v.literal('backup'), file: textOf('where it is') }),
    call: async ({ chat }, { path, passphrase }) => {
      const bytes = decodeBase64(passphrase);
      try {
        await chat.backup({ path, passphrase: bytes });
        return { type: 'backup', file: path };
      } finally {
        bytes.fill(0);
      }
    },
  }),
  listen: method({
    summary: 'Tells from now on, or from a cursor on, what happens: a notification “event” each.',
    params: {
      events: optional(flagOf('everything that happens; default: messages only')),
      from: optional(
        said(v.pipe(v.array(contactName), v.maxLength(1_000)), 'only what concerns these contacts'),
      ),
      screen: optional(
        flagOf(
          'the messages go before a person’s eyes: each event is told when “seen” was said of the one before',
        ),
      ),
      after: optional(CURSOR),
    },
    result: v.object({ subscription: SUBSCRIPTION, cursor: CURSOR }),
    call: async ({ subscriptions }, { after, ...how }) =>
      subscriptions.listen({ ...how, after: after as EventCursor | undefined }),
  }),
  seen: method({
    summary: 'Of a screen: the event that was told last has been shown. As a notification, without an id.',
    params: { subscription: SUBSCRIPTION },
    result: done,
    call: async ({ subscriptions }, { subscription }) => subscriptions.seen(subscription),
  }),
  trace: method({
    summary:
      'Tells what goes on inside, never a text, a key or a password: a notification “trace” each line.',
    params: {
      topics: optional(
        said(v.array(v.picklist(['link', 'event', 'commit', 'envelope'])), 'default: all but envelope'),
      ),
    },
    result: v.object({ subscription: SUBSCRIPTION }),
    call: async ({ subscriptions }, params) => subscriptions.trace(params),
  }),
  unlisten: method({
    summary: `Ends what listen or trace began; one client has at most ${SUBSCRIPTIONS_MAX} of them.`,
    params: { subscription: SUBSCRIPTION },
    result: done,
    call: async ({ subscriptions }, { subscription }) => subscriptions.unlisten(subscription),
  }),
  down: method({
    summary: 'Ends the program, unless a person sits in front of it.',
    params: {},
    result: done,
    call: async (served) => served.down(),
  }),
  'rpc.discover': method({
    summary: 'Answers this document.',
    params: {},
    result: v.object({ openrpc: textOf('the version of OpenRPC') }),
    isPage: true,
    call: async ({ document }) => document(),
  }),
};

async function contactOf(chat: Chat, name: string): Promise<{ readonly draft?: string }> {
  const contact = (await chat.contacts()).find((each) => each.name === name);
  if (contact) return contact;
  throw new CodedError({ code: 'contact-unknown', message: `there is no contact “${name}”` });
}
