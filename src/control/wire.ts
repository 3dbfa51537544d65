// JSON-RPC 2.0, one object a line. The client asks; the server answers, and tells events as notifications. Batches are not spoken.
import * as v from 'valibot';
import type { ChatEvent, HistoryPage, SelfView } from '../api/index.ts';
import { CodedError, ERROR_CODES, PeerText, type ErrorCode, type Failure } from '../base/index.ts';

/** Of what is said here. Another one is not spoken to. */
export const CONTROL_VERSION = 1;

export const RPC = {
  parse: -32_700,
  request: -32_600,
  method: -32_601,
  params: -32_602,
  internal: -32_603,
  coded: -32_000,
} as const;

/** The answer to `hello`. */
export interface Hello {
  readonly control: number;
  readonly self: SelfView;
}

export type RequestId = string | number;

export interface Request {
  readonly jsonrpc: '2.0';
  /** Only `seen` has none: it is not answered. */
  readonly id?: RequestId;
  readonly method: string;
  readonly params?: unknown;
}

export const REQUEST: v.GenericSchema<unknown, Request> = v.strictObject({
  jsonrpc: v.literal('2.0'),
  id: v.exactOptional(v.union([v.pipe(v.string(), v.maxLength(100)), v.pipe(v.number(), v.safeInteger())])),
  method: v.string(),
  params: v.exactOptional(v.unknown()),
});

/** What the server writes. */
export type Said =
  | { readonly jsonrpc: '2.0'; readonly id: RequestId; readonly result: unknown }
  | { readonly jsonrpc: '2.0'; readonly id: RequestId | null; readonly error: RpcError }
  | { readonly jsonrpc: '2.0'; readonly method: 'event'; readonly params: EventParams }
  | { readonly jsonrpc: '2.0'; readonly method: 'events-ended'; readonly params: EventsEndedParams }
  /** The program is ending. What was asked and is not answered by now, it has not begun. */
  | { readonly jsonrpc: '2.0'; readonly method: 'ending'; readonly params: EndingParams };

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data: Failure;
}
interface EventParams {
  readonly subscription: number;
  readonly event: ChatEvent;
}
interface EndingParams {
  /** A program that listens is about to take the home. */
  readonly isYielding: boolean;
}
interface EventsEndedParams {
  readonly subscription: number;
}

export function rpcError(code: number, failure: Failure): RpcError {
  return { code, message: failure.message, data: failure };
}

const FAILURE = v.object({
  code: v.string(),
  message: v.string(),
  hint: v.exactOptional(v.string()),
});
const SUBSCRIPTION = v.pipe(v.number(), v.safeInteger());
const EVENT = v.custom<ChatEvent>(
  (value) => typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string',
);

const SAID = v.union([
  v.object({ id: v.nullable(v.number()), error: v.object({ data: FAILURE }) }),
  v.object({ method: v.literal('event'), params: v.object({ subscription: SUBSCRIPTION, event: EVENT }) }),
  v.object({ method: v.literal('events-ended'), params: v.object({ subscription: SUBSCRIPTION }) }),
  v.object({ method: v.literal('ending'), params: v.object({ isYielding: v.boolean() }) }),
  v.object({ id: v.number(), result: v.unknown() }),
]);

/** What the client makes of a line. */
export type Heard =
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | { readonly type: 'error'; readonly id: number | null; readonly error: CodedError }
  | { readonly type: 'event'; readonly subscription: number; readonly event: ChatEvent }
  | { readonly type: 'events-ended'; readonly subscription: number }
  | { readonly type: 'ending'; readonly isYielding: boolean };

/** Undefined for what no server says. */
export function hear(line: string): Heard | undefined {
  const parsed = v.safeParse(SAID, parseJson(line));
  if (!parsed.success) return undefined;
  const said = parsed.output;
  if ('result' in said) return { type: 'result', id: said.id, result: said.result };
  if ('error' in said) return { type: 'error', id: said.id, error: codedError(said.error.data) };
  if (said.method === 'ending') return { type: 'ending', ...said.params };
  if (said.method === 'events-ended') return { type: 'events-ended', ...said.params };
  return { type: 'event', subscription: said.params.subscription, event: withPeerText(said.params.event) };
}

/** The value, or undefined: no line is `undefined` in JSON. */
export function parseJson(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

// Texts of peers travel as their very characters (`PeerText.toJSON`), and become `PeerText` again here alone.

export function withPeerText(event: ChatEvent): ChatEvent {
  if (event.type !== 'message-received') return event;
  return { ...event, text: new PeerText(String(event.text)) };
}

export function pageWithPeerText(page: HistoryPage): HistoryPage {
  const entries = page.entries.map((entry) => ({ ...entry, text: new PeerText(String(entry.text)) }));
  return { ...page, entries };
}

function codedError(data: v.InferOutput<typeof FAILURE>): CodedError {
  const code = Object.hasOwn(ERROR_CODES, data.code) ? (data.code as ErrorCode) : 'internal';
  return new CodedError({ ...data, code });
}
