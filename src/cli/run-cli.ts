import { setTimeout as pause } from 'node:timers/promises';
import type { MessageId, Services } from '../api/index.ts';
import { Stopped, type CliContext, type Environment } from './context.ts';
import { EXIT, worstExitCode, type ExitCode } from './exit-code.ts';
import { Output } from './terminal/output.ts';
import { spawnPager, type OpenPager } from './terminal/pager.ts';
import { askToUnlock, withTries } from './home/passphrase.ts';
import { Prompter } from './terminal/prompter.ts';
import { reportError, wantsJson, wantsPlain } from './report-error.ts';
import type { CliSignals, CliStdio, SignalName } from './terminal/stdio.ts';

export interface CliRun {
  readonly version: string;
  /** Without the program's own name. */
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly services: () => Promise<Services>;
  readonly stdio: CliStdio;
  readonly signals?: CliSignals;
  /** Default: a real one, where the streams are the process’s own. */
  readonly openPager?: OpenPager;
  /** `send`: the text may have been taken under this id before. */
  readonly messageId?: MessageId;
}

/** Pagers are run by a shell. */
const canPage = process.platform !== 'win32';

/** After a signal, a command has this long to close its sessions and restore the terminal. */
const STOP_GRACE_MS = 1000;
/** A second Ctrl-C waits for nothing; what a terminal or a wrapper sends twice at once is one. */
const AGAIN_MS = 250;
/** A reader that takes nothing does not keep a finished command. */
const OUTPUT_GRACE_MS = 200;
const SIGNAL_EXITS: Readonly<Record<SignalName, ExitCode>> = {
  SIGINT: EXIT.interrupted,
  SIGTERM: EXIT.terminated,
  SIGHUP: EXIT.hungUp,
};

/** Runs one command line and resolves to the exit code; never rejects and never ends the process itself. */
export async function runCli(run: CliRun): Promise<number> {
  const output = new Output(run.stdio, run.env);
  const stop = new AbortController();
  const { again, unhook } = hookSignals(run.signals, stop);
  let loading: Promise<Services> | undefined;
  // It takes the terminal of this process, not that of streams which a test made.
  const openPager = run.openPager ?? (run.stdio === process && canPage ? spawnPager : undefined);
  const context: CliContext = {
    version: run.version,
    env: run.env,
    stdio: run.stdio,
    output,
    prompter: new Prompter(run.stdio, output, stop.signal),
    signal: stop.signal,
    services: () => (loading ??= unlocking(run, context)),
    stopGraceMs: STOP_GRACE_MS,
    exitCode: EXIT.done,
    ...(openPager && { openPager }),
    ...(run.messageId !== undefined && { messageId: run.messageId }),
  };
  try {
    const exitCode = await Promise.race([
      runCommand(run.argv, context),
      stopped(stop.signal, again, context),
    ]);
    const ended = await output.pagerEnded(stop.signal);
    return await withOutput(ended ?? exitCode, output, run.stdio);
  } finally {
    unhook();
  }
}

/** A command whose output is on no disk has not done what it was run for; of what it wrote last that is heard only now. */
async function withOutput(exitCode: ExitCode, output: Output, { stdout }: CliStdio): Promise<ExitCode> {
  const left = stdout.writableLength > 0 ? output.drained() : pause(0);
  await Promise.race([left, pause(OUTPUT_GRACE_MS, undefined, { ref: false })]);
  if (!output.fault) return exitCode;
  output.failure(output.fault);
  return worstExitCode([exitCode, EXIT.io]);
}

/** A home that turns out to be under a passphrase asks for it, whichever command opens it. */
async function unlocking(run: CliRun, context: CliContext): Promise<Services> {
  const services = await run.services();
  if (!context.prompter.canAsk) return services;
  const passphrase = askToUnlock(context);
  return {
    ...services,
    openChat: async (options, cancel) =>
      options.passphrase
        ? services.openChat(options, cancel)
        : withTries(undefined, context, async () => services.openChat({ ...options, passphrase }, cancel)),
  };
}

async function runCommand(argv: readonly string[], context: CliContext): Promise<ExitCode> {
  try {
    const { runProgram } = await import('./program.ts');
    await runProgram(argv, context);
    return context.exitCode;
  } catch (error) {
    const { output, env } = context;
    output.plain ||= wantsPlain(argv, env);
    return reportError(error, { output, env, json: wantsJson(argv) });
  }
}

async function stopped(signal: AbortSignal, again: AbortSignal, context: CliContext): Promise<ExitCode> {
  return new Promise((resolve) => {
    signal.addEventListener(
      'abort',
      () => {
        const { reason } = signal;
        const exitCode = reason instanceof Stopped ? reason.exitCode : EXIT.interrupted;
        setTimeout(() => resolve(exitCode), context.stopGraceMs).unref();
        again.addEventListener('abort', () => resolve(exitCode), { once: true });
      },
      { once: true },
    );
  });
}

interface SignalHooks {
  /** Aborts at a second Ctrl-C. */
  readonly again: AbortSignal;
  readonly unhook: () => void;
}

function hookSignals(signals: CliSignals | undefined, stop: AbortController): SignalHooks {
  const again = new AbortController();
  let stoppedAt = Number.POSITIVE_INFINITY;
  const hooks = (Object.keys(SIGNAL_EXITS) as SignalName[]).map((name) => {
    const listener = (): void => {
      if (name === 'SIGINT' && performance.now() > stoppedAt + AGAIN_MS) again.abort();
      stoppedAt = Math.min(stoppedAt, performance.now());
      stop.abort(new Stopped(SIGNAL_EXITS[name]));
    };
    signals?.on(name, listener);
    return () => signals?.off(name, listener);
  });
  return { again: again.signal, unhook: () => hooks.forEach((unhook) => unhook()) };
}
