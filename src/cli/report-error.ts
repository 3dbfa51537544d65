import { CodedError, type Failure } from '../base/index.ts';
import { Stopped, type Environment } from './context.ts';
import { EXIT, exitCodeOf, type ExitCode } from './exit-code.ts';
import type { Output } from './terminal/output.ts';

export interface ReportOptions {
  readonly output: Output;
  readonly env: Environment;
  /** For a script: on stdout as an object, too (docs/json.md, “When something fails”). */
  readonly json: boolean;
}

/** Says what went wrong, in one form for every command, and returns the exit code. */
export function reportError(error: unknown, { output, env, json }: ReportOptions): ExitCode {
  if (error instanceof Stopped) return error.exitCode;
  const failure = toFailure(error);
  const exitCode = exitCodeOf(failure.code);
  output.failure(failure);
  if (json) output.json({ type: 'error', ...failure, exit_code: exitCode });
  if ((env['SOTTO_TRACE'] ?? '') !== '' && error instanceof Error && error.stack !== undefined)
    for (const line of error.stack.split('\n')) output.note(line, 'dim');
  return exitCode;
}

/** A command line may be so wrong that its flags are not known: then the word alone counts. */
export function wantsJson(argv: readonly string[]): boolean {
  return hasFlag(argv, '--json');
}

/** What the flags say counts for their own mistakes, too. */
export function wantsPlain(argv: readonly string[], env: Environment): boolean {
  return hasFlag(argv, '--plain') || /^(?:1|yes|true)$/i.test((env['SOTTO_PLAIN'] ?? '').trim());
}

function hasFlag(argv: readonly string[], flag: string): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes(flag);
}

/** Anything thrown, as a failure: what is not coded is a bug of ours. */
export function toFailure(error: unknown): Failure {
  if (error instanceof CodedError) {
    const { code, message, hint } = error;
    return hint === undefined ? { code, message } : { code, message, hint };
  }
  if (error instanceof Stopped && error.exitCode === EXIT.interrupted)
    return { code: 'interrupted', message: 'interrupted' };
  return {
    code: 'internal',
    message: `a bug in sotto: ${error instanceof Error ? error.message : String(error)}`,
    hint: 'Please report it. SOTTO_TRACE=all shows where it happened.',
  };
}

export function usageError(message: string, hint?: string): CodedError {
  return new CodedError(hint === undefined ? { code: 'usage', message } : { code: 'usage', message, hint });
}
