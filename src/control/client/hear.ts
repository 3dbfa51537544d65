import { CodedError, ERROR_CODES, type ErrorCode } from '../../base/index.ts';
import { isJson, NOTIFICATIONS, parseJson, type Json } from '../rpc.ts';

/** What the client makes of a line. */
export type Heard =
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | { readonly type: 'error'; readonly id: number | null; readonly error: CodedError }
  | { readonly type: 'told'; readonly subscription: number; readonly params: Json }
  | { readonly type: 'ended'; readonly subscription: number; readonly reason: CodedError | undefined }
  | { readonly type: 'ending'; readonly isYielding: boolean }
  /** A notification that means nothing to us. */
  | { readonly type: 'other' };

/**
 * Undefined for what no server says. By hand, without a library of schemas: a command that only sends a text is to begin at once, and
 * what speaks here is a Sotto of the same control version in a folder that is ours alone.
 */
export function hear(line: string): Heard | undefined {
  const said = parseJson(line);
  if (!isJson(said)) return undefined;
  if (typeof said['method'] === 'string') return hearNotification(said['method'], said['params']);
  const { id, error } = said;
  if (error !== undefined) {
    if (!isJson(error) || (typeof id !== 'number' && id !== null)) return undefined;
    return { type: 'error', id, error: failureOf(error['data']) };
  }
  return typeof id === 'number' && 'result' in said
    ? { type: 'result', id, result: said['result'] }
    : undefined;
}

function hearNotification(method: string, params: unknown): Heard {
  const { subscription, yielding } = isJson(params) ? params : ({} as Json);
  if (method === NOTIFICATIONS.ending) return { type: 'ending', isYielding: yielding === true };
  if (!isJson(params) || typeof subscription !== 'number') return { type: 'other' };
  if (method === NOTIFICATIONS.event || method === NOTIFICATIONS.trace)
    return { type: 'told', subscription, params };
  if (method !== NOTIFICATIONS.ended) return { type: 'other' };
  const reason = params['code'] === undefined ? undefined : failureOf(params);
  return { type: 'ended', subscription, reason };
}

/** A code that a later version may have is none that this one can act on. */
function failureOf(data: unknown): CodedError {
  const { code, message, hint } = isJson(data) ? data : {};
  return new CodedError({
    code: typeof code === 'string' && Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'internal',
    message: typeof message === 'string' ? message : 'the program that uses this home has failed',
    ...(typeof hint === 'string' && { hint }),
  });
}
