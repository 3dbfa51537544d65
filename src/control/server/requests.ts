import * as v from 'valibot';
import { CodedError, systemCode, systemReason, type Failure } from '../../base/index.ts';
import { ID_CHARS_MAX } from '../limits.ts';
import { isJson, RPC, type Json } from '../rpc.ts';
import type { Method } from './method.ts';

export type RequestId = string | number | null;

export interface Request {
  /** Undefined: it is executed, and not answered. */
  readonly id: RequestId | undefined;
  readonly method: string;
  readonly params: unknown;
}

/** What is said to a request. */
export type Answer =
  | { readonly jsonrpc: '2.0'; readonly id: RequestId; readonly result: unknown }
  | { readonly jsonrpc: '2.0'; readonly id: RequestId; readonly error: RpcError };

export interface RpcError {
  readonly code: number;
  readonly message: string;
  /** What `--json` says of a failure. */
  readonly data: Failure;
}

/** A line, or a request, that is not as JSON-RPC or the method wants it. */
export class Misasked extends Error {
  readonly rpc: number;

  constructor(rpc: number, message: string) {
    super(message);
    this.rpc = rpc;
  }
}

/** The request, or the answer to what is none. */
export function readRequest(json: unknown): Request | { readonly answer: Answer } {
  const { jsonrpc, id, method, params } = isJson(json) ? json : ({} as Json);
  const isId = id === undefined || id === null || isShort(id) || isExact(id);
  const isParams = params === undefined || isJson(params) || Array.isArray(params);
  if (jsonrpc === '2.0' && isId && typeof method === 'string' && isParams) return { id, method, params };
  const error = new Misasked(RPC.request, 'this is no JSON-RPC 2.0 request');
  return { answer: errorAnswer(isId ? (id ?? null) : null, error) };
}

/** Throws `Misasked`. */
export function readParams({ params: schema }: Method, params: unknown): unknown {
  // All are named; without any, an empty list says the same.
  const isEmpty = params === undefined || (Array.isArray(params) && params.length === 0);
  if (Array.isArray(params) && !isEmpty) throw new Misasked(RPC.params, 'params are an object of named ones');
  const given = v.safeParse(schema, isEmpty ? {} : params);
  if (given.success) return given.output;
  const [issue] = given.issues;
  const where = v.getDotPath(issue) ?? '';
  throw new Misasked(RPC.params, `the params are wrong${where && `: “${where}”`}, ${wordsOf(issue)}`);
}

export function errorAnswer(id: RequestId, error: unknown): Answer {
  return { jsonrpc: '2.0', id, error: rpcError(error) };
}

function rpcError(error: unknown): RpcError {
  if (error instanceof CodedError) return fromFailure(RPC.coded, error.failure);
  if (error instanceof Misasked)
    return fromFailure(error.rpc, { code: 'control-malformed', message: error.message });
  // The system, or what it has little of.
  if (systemCode(error) !== '')
    return fromFailure(RPC.coded, {
      code: 'home-unusable',
      message: `it cannot be done now: ${systemReason(error)}`,
    });
  const name = error instanceof Error ? error.name : 'not an error';
  return fromFailure(RPC.internal, { code: 'internal', message: `a bug in sotto: ${name}` });
}

function fromFailure(code: number, failure: Failure): RpcError {
  return { code, message: failure.message, data: failure };
}

/** Without what was given: it may be a passphrase. */
function wordsOf({ kind, type, expected, message }: v.BaseIssue<unknown>): string {
  if (type === 'strict_object') return expected === 'never' ? 'there is none of this name' : 'it is missing';
  // Words of our own; those of the library begin so, and quote what was given.
  if (kind === 'validation' && !message.startsWith('Invalid ')) return message;
  return kind === 'schema' && expected !== null ? `expected ${expected}` : 'not as it must be';
}

/** A larger whole number may have been another one before it was read. */
function isExact(id: unknown): id is number {
  return typeof id === 'number' && Number.isFinite(id) && (Number.isSafeInteger(id) || !Number.isInteger(id));
}

function isShort(id: unknown): id is string {
  return typeof id === 'string' && id.length <= ID_CHARS_MAX;
}
