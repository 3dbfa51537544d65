import type { Socket } from 'node:net';
import type { Failure } from '../base/index.ts';
import { listen, type Listener } from '../net/index.ts';

/** A listener that died is opened again after this long, as often as it takes. */
const RELISTEN_MS = 1_000;

/** Opens the listener and keeps it open on the same port until the signal aborts. Rejects as `listen` does. */
export async function keepListening(options: {
  readonly port: number;
  readonly bind: readonly string[];
  readonly isRefused: (address: string) => boolean;
  readonly onSocket: (socket: Socket) => void;
  readonly warn: (reason: Failure) => void;
  readonly signal: AbortSignal;
}): Promise<Listener> {
  const { signal, warn } = options;
  const open = async (port: number): Promise<Listener> =>
    listen({
      ...options,
      port,
      onDied: (error) => {
        warn({
          code: 'listen-failed',
          message: `the listener died: ${error.message}`,
          hint: 'It is opened again.',
        });
        setTimeout(reopen, RELISTEN_MS);
      },
    });
  let listener = await open(options.port);
  const { addresses } = listener;
  const port = addresses[0]?.port ?? options.port;
  const reopen = (): void => {
    if (!signal.aborted) replace().catch(() => setTimeout(reopen, RELISTEN_MS));
  };
  const replace = async (): Promise<void> => {
    await listener[Symbol.asyncDispose]();
    listener = await open(port);
    if (signal.aborted) await listener[Symbol.asyncDispose]();
  };
  return { addresses, [Symbol.asyncDispose]: async () => listener[Symbol.asyncDispose]() };
}
