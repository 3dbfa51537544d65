import { connect, type Socket } from 'node:net';
import type { Chat, SelfView } from '../../api/index.ts';
import { CodedError, systemReason } from '../../base/index.ts';
import type { Channel } from '../channel.ts';
import { SILENCE_MS } from '../limits.ts';
import { CONTROL_VERSION, isJson } from '../rpc.ts';
import { mustLieAmongOurs } from '../socket-path.ts';
import { Calls } from './calls.ts';
import { ControlChat } from './control-chat.ts';

/** A program whose loop is busy with its disk for longer than this is not waited for. */
const CONNECT_MS = 10_000;

export interface ControlPatience {
  /** For the first answer; at most, and by default, 10,000. */
  readonly answerWithinMs?: number;
  /** After this long without a word, while an answer is outstanding, the program is asked whether it lives. Default: 10,000. */
  readonly silenceMs?: number;
}

/**
 * The chat of the program that serves `path`. Closing it leaves that program as it is; when the program ends, everything rejects with
 * control-unusable, and so it does when that program is silent. Rejects with control-unusable when nobody answers there.
 */
export async function connectControl(path: string, patience: ControlPatience = {}): Promise<Chat> {
  return connectChannel(socketChannel(await connectTo(path)), patience);
}

/** The same over a pair of streams, such as those of a child that runs `sotto rpc`. */
export async function connectChannel(channel: Channel, patience: ControlPatience = {}): Promise<Chat> {
  const { self, calls } = await greet(channel, patience);
  return new ControlChat(self, calls);
}

/**
 * Asks the program that serves `path` to leave the home to us, who are going to listen on it. False when it listens itself. Rejects with
 * control-unusable when nobody answers there.
 */
export async function askToYield(path: string): Promise<boolean> {
  return (await askOnce(path, 'yield')) === true;
}

/**
 * Asks the program that serves `path` to end; it is about to when this resolves with true. False when nobody answers there. Rejects with
 * node-attended when it is not to be ended by others.
 */
export async function askToEnd(path: string): Promise<boolean> {
  try {
    await askOnce(path, 'down');
    return true;
  } catch (error) {
    if (error instanceof CodedError && error.code === 'control-unusable') return false;
    throw error;
  }
}

async function askOnce(path: string, method: string): Promise<unknown> {
  const { calls } = await greet(socketChannel(await connectTo(path)), {});
  try {
    return await calls.ask(method, {});
  } finally {
    calls.end();
  }
}

async function greet(
  channel: Channel,
  { answerWithinMs = CONNECT_MS, silenceMs = SILENCE_MS }: ControlPatience,
): Promise<{ readonly self: SelfView; readonly calls: Calls }> {
  const calls = new Calls(channel, silenceMs);
  const timer = setTimeout(
    () => calls.end(unusable('it does not answer')),
    Math.min(answerWithinMs, CONNECT_MS),
  );
  try {
    const hello = await calls.ask('hello', {});
    const { control, identity } = isJson(hello) ? hello : {};
    if (control === CONTROL_VERSION && isJson(identity) && typeof identity['username'] === 'string') {
      const { type: _type, ...self } = identity as unknown as SelfView & { readonly type: string };
      return { self, calls };
    }
    const reason = unusable('it is of another version', { hint: 'End it, and start it again.' });
    calls.end(reason);
    throw reason;
  } finally {
    clearTimeout(timer);
  }
}

async function connectTo(path: string): Promise<Socket> {
  try {
    mustLieAmongOurs(path);
  } catch (cause) {
    throw unusable(`nobody is asked at ${path}: ${systemReason(cause)}`, { cause });
  }
  return new Promise((done, reject) => {
    const socket = connect({ path, noDelay: true });
    socket.once('error', (cause) =>
      reject(unusable(`nobody answers at ${path}: ${cause.message}`, { cause })),
    );
    socket.once('connect', () => done(socket));
  });
}

function socketChannel(socket: Socket): Channel {
  socket.on('error', () => undefined);
  return {
    input: socket,
    output: socket,
    end: (left) => void socket.end(left),
    cut: () => void socket.destroy(),
    unref: () => void socket.unref(),
  };
}

function unusable(
  why: string,
  { hint, ...options }: { readonly hint?: string; readonly cause?: unknown } = {},
): CodedError {
  const message = `the Sotto that uses this home cannot be reached: ${why}`;
  return new CodedError({ code: 'control-unusable', message, ...(hint !== undefined && { hint }) }, options);
}
