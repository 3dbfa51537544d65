import * as v from 'valibot';
import type { Chat } from '../../api/index.ts';
import { said } from '../../api/json/index.ts';
import { CodedError } from '../../base/index.ts';
import type { ProgressWatch } from './progress-watch.ts';
import type { Subscriptions } from './subscriptions.ts';

/** What a method works with. */
export interface Served {
  readonly chat: Chat;
  readonly watch: ProgressWatch;
  readonly subscriptions: Subscriptions;
  /** Of this client. */
  readonly waits: { count: number };
  /** Aborts when the client has left. */
  readonly gone: AbortSignal;
  /** Begins what needs something else first: what the client asks next begins after it. */
  inOrder<Found, Answer>(first: Promise<Found>, begin: (found: Found) => Promise<Answer>): Promise<Answer>;
  /** Ends the program, when this is answered. Rejects with node-attended. */
  down(): void;
  readonly document: () => unknown;
}

/** An answer for which others need not wait: the request is done, what it is to say is not. */
export class Later {
  readonly answer: Promise<unknown>;

  constructor(answer: Promise<unknown>) {
    this.answer = answer;
  }
}

export interface Method {
  /** In one sentence. */
  readonly summary: string;
  /** An object of named params. */
  readonly params: v.GenericSchema & { readonly entries: Readonly<Record<string, v.GenericSchema>> };
  readonly result: v.GenericSchema;
  /** Its answers can be large: one at a time for each client. */
  readonly isPage: boolean;
  /** Begins before it first waits, or by `inOrder`: requests take effect in the order in which they came, but for pages. */
  call(served: Served, params: unknown): Promise<unknown>;
}

export function method<Given extends v.ObjectEntries>(options: {
  readonly summary: string;
  readonly params: Given;
  readonly result: v.GenericSchema;
  readonly isPage?: true;
  readonly call: (
    served: Served,
    params: v.InferOutput<v.StrictObjectSchema<Given, undefined>>,
  ) => Promise<unknown>;
}): Method {
  const params = v.strictObject(options.params);
  return {
    ...options,
    isPage: options.isPage === true,
    params,
    call: async (served, given) => options.call(served, given as v.InferOutput<typeof params>),
  };
}

export const optional: typeof v.exactOptional = v.exactOptional;
export const contactName: v.GenericSchema<string> = said(v.pipe(v.string(), v.maxLength(1_000)), 'a contact');
export const messageId = (words: string): v.GenericSchema<string> =>
  said(v.pipe(v.string(), v.maxLength(100)), words);
export const limit = (words: string): v.GenericSchema<number> =>
  said(v.pipe(v.number(), v.safeInteger()), words);
export const named: { readonly name: v.GenericSchema<string> } = { name: contactName };
export const done: v.GenericSchema = v.object({});

export function usage(message: string): CodedError {
  return new CodedError({ code: 'usage', message });
}
