import type { ErrorCode } from './error-codes.ts';
import type { Failure } from './result.ts';

/** A fault of the world (disk, network, configuration) on its way to a person: an Error with a stable code. */
export class CodedError extends Error {
  override readonly name = 'CodedError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.message, options);
    this.code = failure.code;
    this.hint = failure.hint;
  }

  get failure(): Failure {
    const { code, message, hint } = this;
    return hint === undefined ? { code, message } : { code, message, hint };
  }
}
