import type { MessageId, Services } from '../api/index.ts';
import type { ExitCode } from './exit-code.ts';
import type { Output } from './terminal/output.ts';
import type { OpenPager } from './terminal/pager.ts';
import type { Prompter } from './terminal/prompter.ts';
import type { CliStdio } from './terminal/stdio.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What every command gets. */
export interface CliContext {
  readonly version: string;
  readonly env: Environment;
  readonly stdio: CliStdio;
  readonly output: Output;
  readonly prompter: Prompter;
  /** Aborts on SIGINT, SIGTERM and SIGHUP; the reason is a `Stopped`. */
  readonly signal: AbortSignal;
  /** `send`: the text may have been taken under this id before. */
  readonly messageId?: MessageId;
  /** Undefined: there is no terminal that a pager could take. */
  readonly openPager?: OpenPager;
  /** Loads the services on first use, so that help needs none of them. */
  services(): Promise<Services>;
  /** How long after a signal the command may still end what it has begun, ms; 1,000 unless set. */
  stopGraceMs: number;
  /** What the process exits with when the command ends without an error; 0 unless set. */
  exitCode: ExitCode;
}

/** Why a command was stopped from outside. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode) {
    super('stopped by a signal');
    this.exitCode = exitCode;
  }
}
