import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Cancellable, StartedNode, StartNode } from '../api/index.ts';
import { CodedError, ERROR_CODES, wipe, type ErrorCode, type Failure } from '../base/index.ts';
import { openLog } from '../store/own/index.ts';
import type { LaunchReport } from './launched.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Log = StartedNode['log'];

/** The child's descriptors beside the three that every program has. */
const REPORT = 3;
const PASSPHRASE = 4;
/** One line with one failure. */
const REPORT_CHARACTERS_MAX = 64 * 1024;
/** It has this long to end when it was asked to. */
const END_MS = 5_000;

/**
 * Starts this program once more, with a session of its own, without a terminal, its stderr going to the log of the home. Resolves
 * when it says that it is ready, which may take as long as a disk takes, and rejects with what it failed with.
 */
export async function launch(
  { args, passphrase }: StartNode,
  home: string,
  env: Environment,
  signal: Cancellable['signal'],
): Promise<Omit<StartedNode, 'status'>> {
  using stderr = openStderr(home);
  const child = spawn(process.execPath, commandLine(args, passphrase), {
    detached: true,
    // The folder that a person happens to stand in may be moved or unmounted.
    cwd: '/',
    env: { ...env, SOTTO_TRACE: undefined },
    stdio: ['ignore', 'ignore', stderr.descriptor, 'pipe', 'pipe'],
    windowsHide: true,
  });
  handOver(child.stdio[PASSPHRASE] as Writable, passphrase);
  const abort = (): void => void end(child);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    if (signal?.aborted) throw signal.reason;
    const report = await reportOf(child, stderr.log);
    if ('failure' in report) throw codedError(report.failure);
    return { notices: report.notices, log: stderr.log };
  } catch (error) {
    await end(child);
    throw signal?.aborted ? signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', abort);
    for (const stream of child.stdio) stream?.destroy();
    child.unref();
  }
}

/** A node without a log is better than none. */
function openStderr(
  home: string,
): { readonly descriptor: number | 'ignore'; readonly log: Log } & Disposable {
  try {
    const log = openLog(home);
    return {
      descriptor: log.descriptor,
      log: { path: log.path },
      [Symbol.dispose]: () => log[Symbol.dispose](),
    };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const log = { path: home, trouble: error.failure };
    return { descriptor: 'ignore', log, [Symbol.dispose]: () => undefined };
  }
}

function commandLine(args: readonly string[], passphrase: Uint8Array | undefined): readonly string[] {
  return [
    // Two programs cannot have the debugger's one port.
    ...process.execArgv.filter((flag) => !flag.startsWith('--inspect')),
    process.argv[1] ?? '',
    ...args,
    '--report-fd',
    String(REPORT),
    ...(passphrase ? ['--passphrase-fd', String(PASSPHRASE)] : []),
  ];
}

function handOver(pipe: Writable, passphrase: Uint8Array | undefined): void {
  // Whoever has ended already does not read it.
  pipe.on('error', () => undefined);
  if (!passphrase) return void pipe.end();
  const line = new Uint8Array(passphrase.length + 1);
  line.set(passphrase);
  line[passphrase.length] = 0x0a;
  pipe.end(line, () => wipe(line));
}

async function reportOf(child: ChildProcess, log: Log): Promise<LaunchReport> {
  const failed = new Promise<never>((_resolve, reject) => {
    child.once('error', (cause) => reject(notStarted(cause.message)));
  });
  const line = await Promise.race([readLine(child.stdio[REPORT] as Readable), failed]);
  if (line !== undefined) return JSON.parse(line) as LaunchReport;
  const how = await Promise.race([howEnded(child), failed]);
  const where = log.trouble ? '' : `; ${log.path} may say why`;
  throw notStarted(`it ended (${how}) before it was ready${where}`);
}

/** Undefined when the pipe closed without one. */
async function readLine(pipe: Readable): Promise<string | undefined> {
  let text = '';
  try {
    for await (const chunk of pipe.setEncoding('utf8')) {
      text += String(chunk);
      if (text.includes('\n')) return text.slice(0, text.indexOf('\n'));
      if (text.length > REPORT_CHARACTERS_MAX) return undefined;
    }
  } catch {
    // The pipe was taken away: as if it had closed.
  }
  return undefined;
}

async function howEnded(child: ChildProcess): Promise<string> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.signalCode ?? `exit code ${child.exitCode}`;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
  await once(child, 'exit');
  clearTimeout(timer);
}

function codedError(failure: Failure): CodedError {
  const code: ErrorCode = Object.hasOwn(ERROR_CODES, failure.code) ? failure.code : 'internal';
  return new CodedError({ ...failure, code });
}

function notStarted(why: string): CodedError {
  return new CodedError({ code: 'node-not-running', message: `no Sotto could be started: ${why}` });
}
