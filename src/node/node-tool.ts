import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Cancellable, Chat, HomeOptions, NodeTool, RunningNode } from '../api/index.ts';
import { CodedError, type ErrorCode } from '../base/index.ts';
import { askToEnd, connectControl, controlPath } from '../control/client/index.ts';
import { findOwnHome, lockOwnHome, type OwnHome } from '../store/own/index.ts';
import { attach } from './attach.ts';
import { launched } from './launched.ts';
import { launch } from './launch.ts';
import { loadDirectory } from './load-directory.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Between the lock and the socket of a program that starts, and the other way round when it ends. */
const UNREACHED_MS = 5_000;
/** Who ends says goodbye to peers and lets requests finish: seconds. A disk that hangs takes longer. */
const END_MS = 30_000;
const AGAIN_MS = 50;
/** Nobody answers, or not any more: who is ending still says so for a moment. */
const NOBODY: ReadonlySet<ErrorCode> = new Set(['control-unusable', 'cancelled']);

export function createNodeTool(env: Environment): NodeTool {
  const find = async (options: HomeOptions, { signal }: Cancellable = {}): Promise<RunningNode | undefined> =>
    findNode(homeOf(options, env), env, signal);
  return {
    find,
    attach: async (options, cancel = {}) => attach(async (how) => find(options, how), cancel),
    start: async (command, { signal } = {}) => {
      const { folder } = homeOf(command.home, env);
      const launched = await launch(command, folder, env, signal);
      const running = await find(command.home, { ...(signal && { signal }) });
      if (!running) throw goneAgain(folder);
      await running.chat.close();
      return { status: running.status, ...launched };
    },
    end: async (options, { signal } = {}) => endNode(homeOf(options, env), env, signal),
    launched,
    serveStdio: async (chat, streams, cancel) => {
      const { serveStdio } = await import('../control/server/index.ts');
      return serveStdio(chat, streams, cancel);
    },
  };
}

function homeOf(options: HomeOptions, env: Environment): OwnHome {
  return findOwnHome(options, loadDirectory(resolve(options.directory)).directory, env);
}

async function findNode(
  own: OwnHome,
  env: Environment,
  signal: Cancellable['signal'],
): Promise<RunningNode | undefined> {
  const giveUpAt = performance.now() + UNREACHED_MS;
  for (;;) {
    // Nothing is made where nobody has been yet.
    if (!existsSync(own.folder)) return undefined;
    const reached = await reach(controlPath(own.folder, env));
    if ('status' in reached) return mustBeOf(reached, own.username);
    const locked = whyLocked(own.folder);
    if (!locked) return undefined;
    // Where there is somebody, and not only a lock, what is wrong with them says more.
    if (performance.now() > giveUpAt) throw reached.cause === undefined ? reached : locked;
    if (signal?.aborted) throw signal.reason;
    await pause(AGAIN_MS);
  }
}

/** The error, which has a cause when there is not even a socket, when nobody answers or they break off. */
async function reach(path: string): Promise<RunningNode | CodedError> {
  let chat: Chat | undefined;
  try {
    chat = await connectControl(path);
    return { chat, status: await chat.status() };
  } catch (error) {
    await chat?.close();
    if (error instanceof CodedError && NOBODY.has(error.code)) return error;
    throw error;
  }
}

async function mustBeOf(running: RunningNode, username: string): Promise<RunningNode> {
  const { self } = running.status;
  if (self.username === username) return running;
  await running.chat.close();
  throw new CodedError({
    code: 'home-owner',
    message: `the home ${self.home} belongs to ${self.username}, not to ${username}`,
    hint: 'Give each user name a home of its own with --home, or say --as with the right name.',
  });
}

/** Undefined when nobody has the home. */
function whyLocked(folder: string): CodedError | undefined {
  try {
    lockOwnHome(folder)[Symbol.dispose]();
    return undefined;
  } catch (error) {
    if (error instanceof CodedError && error.code === 'home-locked') return error;
    throw error;
  }
}

async function endNode(own: OwnHome, env: Environment, signal: Cancellable['signal']): Promise<boolean> {
  const running = await findNode(own, env, signal);
  if (!running) return false;
  await running.chat.close();
  const { pid } = running.status;
  await askToEnd(controlPath(own.folder, env));
  const giveUpAt = performance.now() + END_MS;
  while (await isStillThere(own, env, pid)) {
    if (signal?.aborted) throw signal.reason;
    if (performance.now() > giveUpAt) throw doesNotEnd(pid);
    await pause(AGAIN_MS);
  }
  return true;
}

/** A guest of that program may have the home by now: then another process answers. */
async function isStillThere({ folder }: OwnHome, env: Environment, pid: number): Promise<boolean> {
  if (!whyLocked(folder)) return false;
  const next = await reach(controlPath(folder, env));
  if (!('status' in next)) return true;
  await next.chat.close();
  return next.status.pid === pid;
}

function doesNotEnd(pid: number): CodedError {
  return new CodedError({
    code: 'control-unusable',
    message: `the Sotto of process ${pid} was asked to end, and has not ended within ${END_MS / 1000} s`,
    hint: 'It may wait for its disk: see its log, and “sotto status”.',
  });
}

function goneAgain(folder: string): CodedError {
  return new CodedError({
    code: 'node-not-running',
    message: `the Sotto that was started on ${folder} has ended again`,
    hint: 'Its log, beside the keys in that folder, says why.',
  });
}
