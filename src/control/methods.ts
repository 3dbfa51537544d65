import * as v from 'valibot';
import type { Chat, EraseQuery, HistoryQuery, MessageId, OutboxQuery, SendText } from '../api/index.ts';
import { decodeBase64 } from './base64.ts';

/** What is asked and answered; the rest of `Chat` is `hello`, `subscribe`, and the client's own end. */
type Asked = Omit<Chat, 'self' | 'events' | 'trace' | 'close' | typeof Symbol.asyncDispose>;
export type MethodName = keyof Asked;

/** The `params` of each method. */
export interface Params {
  readonly status: NoParams;
  readonly contacts: NoParams;
  readonly sendText: SendText;
  readonly cancel: { readonly id: MessageId };
  readonly cancelAll: { readonly to: string };
  readonly outbox: OutboxQuery;
  readonly history: HistoryQuery;
  readonly erase: EraseQuery;
  readonly resend: { readonly to: string; readonly sinceWall: number };
  /** `passphrase`: base64. */
  readonly backup: { readonly path: string; readonly passphrase: string };
  readonly safety: Named;
  readonly markVerified: Named;
  readonly approveKey: { readonly name: string; readonly fingerprint: string };
  readonly openRepair: Named;
  readonly forgiveGuesses: Named;
  readonly retry: Named;
  readonly setDraft: { readonly name: string; readonly text: string };
  readonly markRead: { readonly name: string; readonly upTo?: number };
  readonly mute: { readonly name: string; readonly untilWall?: number };
}
type NoParams = Readonly<Record<string, never>>;
interface Named {
  readonly name: string;
}

export type Value<Name extends MethodName> = Awaited<ReturnType<Asked[Name]>>;

export interface Method<Given, Answer> {
  readonly params: v.GenericSchema<unknown, Given>;
  /** Its answers can be large: one at a time for each client. */
  readonly isPage?: true;
  call(chat: Chat, params: Given): Promise<Answer>;
}

const integer = v.pipe(v.number(), v.safeInteger());
const name = v.pipe(v.string(), v.maxLength(1_000));
const id = v.pipe(
  v.string(),
  v.maxLength(100),
  v.transform((text) => text as MessageId),
);
const named = v.strictObject({ name });

/** A method that `Chat` gains and that is forgotten here does not compile. */
export const METHODS: { readonly [Name in MethodName]: Method<Params[Name], Value<Name>> } = {
  status: { params: v.strictObject({}), call: async (chat) => chat.status() },
  contacts: { params: v.strictObject({}), call: async (chat) => chat.contacts() },
  sendText: {
    params: v.strictObject({
      id: v.exactOptional(id),
      to: name,
      text: v.string(),
      replyTo: v.exactOptional(id),
      expiresAtWall: v.exactOptional(integer),
    }),
    call: async (chat, params) => chat.sendText(params),
  },
  cancel: { params: v.strictObject({ id }), call: async (chat, params) => chat.cancel(params.id) },
  cancelAll: { params: v.strictObject({ to: name }), call: async (chat, { to }) => chat.cancelAll(to) },
  outbox: {
    params: v.strictObject({
      to: v.exactOptional(name),
      after: v.exactOptional(integer),
      limit: v.exactOptional(integer),
    }),
    isPage: true,
    call: async (chat, params) => chat.outbox(params),
  },
  history: {
    params: v.strictObject({
      with: v.exactOptional(name),
      before: v.exactOptional(integer),
      after: v.exactOptional(integer),
      sinceWall: v.exactOptional(integer),
      untilWall: v.exactOptional(integer),
      search: v.exactOptional(v.string()),
      limit: v.exactOptional(integer),
    }),
    isPage: true,
    call: async (chat, params) => chat.history(params),
  },
  erase: {
    params: v.strictObject({
      id: v.exactOptional(id),
      with: v.exactOptional(name),
      beforeWall: v.exactOptional(integer),
    }),
    call: async (chat, params) => chat.erase(params),
  },
  resend: {
    params: v.strictObject({ to: name, sinceWall: integer }),
    call: async (chat, params) => chat.resend(params),
  },
  backup: {
    params: v.strictObject({
      path: v.pipe(v.string(), v.startsWith('/'), v.maxLength(10_000)),
      passphrase: v.pipe(v.string(), v.maxLength(2_000), v.base64()),
    }),
    call: async (chat, { path, passphrase }) => {
      const bytes = decodeBase64(passphrase);
      try {
        await chat.backup({ path, passphrase: bytes });
      } finally {
        bytes.fill(0);
      }
    },
  },
  safety: { params: named, call: async (chat, params) => chat.safety(params.name) },
  markVerified: { params: named, call: async (chat, params) => chat.markVerified(params.name) },
  approveKey: {
    params: v.strictObject({ name, fingerprint: name }),
    call: async (chat, params) => chat.approveKey(params),
  },
  openRepair: { params: named, call: async (chat, params) => chat.openRepair(params.name) },
  forgiveGuesses: { params: named, call: async (chat, params) => chat.forgiveGuesses(params.name) },
  retry: { params: named, call: async (chat, params) => chat.retry(params.name) },
  setDraft: {
    params: v.strictObject({ name, text: v.string() }),
    call: async (chat, params) => chat.setDraft(params),
  },
  markRead: {
    params: v.strictObject({ name, upTo: v.exactOptional(integer) }),
    call: async (chat, params) => chat.markRead(params),
  },
  mute: {
    params: v.strictObject({ name, untilWall: v.exactOptional(integer) }),
    call: async (chat, params) => chat.mute(params),
  },
};
