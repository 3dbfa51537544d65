import { lookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import { CodedError, type ErrorCode } from '../base/index.ts';

/** A peer's address has this long to answer; a name this long to resolve. */
export const CONNECT_MS = 10_000;
export const RESOLVE_MS = 5_000;

/**
 * Opens a TCP connection. Rejects with refused, unreachable, reset, connect-timeout or name-unresolved, or with the signal's
 * reason. A literal address never waits behind the resolver (NET-13).
 */
export async function dial(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const addresses = isIP(stripZone(host)) ? [host] : await resolve(host, signal);
  let failure: unknown;
  for (const address of addresses) {
    try {
      return await connectTo(address, port, signal);
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
    }
  }
  throw failure ?? unresolved(host);
}

async function resolve(host: string, signal: AbortSignal): Promise<readonly string[]> {
  const timer = AbortSignal.timeout(RESOLVE_MS);
  const stopped = new Promise<never>((_, reject) => {
    const stop = (): void => reject(signal.aborted ? (signal.reason as Error) : unresolved(host));
    AbortSignal.any([signal, timer]).addEventListener('abort', stop, { once: true });
  });
  try {
    const found = await Promise.race([lookup(host, { all: true }), stopped]);
    return found.map(({ address }) => address);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof CodedError ? error : unresolved(host, error);
  }
}

async function connectTo(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((fulfil, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true });
    const stop = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    const abort = (): void => stop(signal.reason as Error);
    const timer = setTimeout(() => stop(explain('ETIMEDOUT', host)), CONNECT_MS);
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.once('close', settle);
    socket.once('error', (error: NodeJS.ErrnoException) => stop(explain(error.code ?? '', host, error)));
    socket.once('connect', () => {
      settle();
      socket.removeAllListeners('error');
      socket.removeAllListeners('close');
      fulfil(socket);
    });
  });
}

function explain(errno: string, host: string, cause?: Error): CodedError {
  const say = (code: ErrorCode, message: string): CodedError =>
    new CodedError({ code, message }, cause ? { cause } : {});
  switch (errno) {
    case 'ECONNREFUSED':
      return say('refused', `Nobody listens at ${host}.`);
    case 'ECONNRESET':
      return say('reset', `${host} ended the connection at once.`);
    case 'ETIMEDOUT':
      return say('connect-timeout', `${host} did not answer in time.`);
    default:
      return say('unreachable', `${host} cannot be reached${errno === '' ? '' : ` (${errno})`}.`);
  }
}

function unresolved(host: string, cause?: unknown): CodedError {
  return new CodedError(
    { code: 'name-unresolved', message: `The name ${host} does not resolve.` },
    { cause },
  );
}

function stripZone(host: string): string {
  return host.split('%')[0] ?? host;
}
