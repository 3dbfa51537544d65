import type { ErrorCode } from './error-codes.ts';

/**
 * A fault of the peer or of an input: a value, never thrown. `code` is stable (spec/errors.md); `message` says which step
 * failed and what it means; `hint` says what to do.
 */
export interface Failure {
  /** Stable; what programs branch on. */
  readonly code: ErrorCode;
  /** For a person: which step failed, and what it means. */
  readonly message: string;
  /** For a person: what to do about it. */
  readonly hint?: string;
}

/** What came out, or why nothing did. */
export type Result<Value, Fault = Failure> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly failure: Fault };

export function success<Value>(value: Value): { readonly ok: true; readonly value: Value } {
  return { ok: true, value };
}

export function failure(
  code: ErrorCode,
  message: string,
  hint?: string,
): { readonly ok: false; readonly failure: Failure } {
  return { ok: false, failure: hint === undefined ? { code, message } : { code, message, hint } };
}
