import type { ErrorCode } from './error-codes.ts';
import type { Failure } from './result.ts';

/** A fault of the world (disk, network, configuration) on its way to a person: an Error with a stable code. */
export class CodedError extends Error {
  /** For those who print errors. */
  override readonly name = 'CodedError';
  /** Stable; spec/errors.md lists them all. */
  readonly code: ErrorCode;
  /** What a person may do about it. */
  readonly hint: string | undefined;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.message, options);
    this.code = failure.code;
    this.hint = failure.hint;
  }

  /** The same as a value. */
  get failure(): Failure {
    const { code, message, hint } = this;
    return hint === undefined ? { code, message } : { code, message, hint };
  }
}
