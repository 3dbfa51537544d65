import { once } from 'node:events';
import { connect, Server, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { keepListening } from './listening.ts';

/** Node has no other way to the server behind a listener. */
function servers(port: number): readonly Server[] {
  const { _getActiveHandles: handles } = process as unknown as {
    _getActiveHandles: () => readonly unknown[];
  };
  return handles().filter((handle): handle is Server => {
    const address = handle instanceof Server ? handle.address() : undefined;
    return typeof address === 'object' && address?.port === port;
  });
}

test('a listener that died is opened again while its connections live on, and closes without waiting for them', async () => {
  const stop = new AbortController();
  const accepted: Socket[] = [];
  const warnings: string[] = [];
  const listener = await keepListening({
    port: 0,
    bind: ['127.0.0.1'],
    isRefused: () => false,
    onSocket: (socket) => void accepted.push(socket),
    warn: ({ code }) => void warnings.push(code),
    signal: stop.signal,
  });
  const port = listener.addresses[0]!.port;
  const first = connect(port, '127.0.0.1');
  await once(first, 'connect');
  const [dead] = servers(port);
  dead?.emit('error', new Error('planted'));
  expect(warnings).toEqual(['listen-failed']);
  await expect.poll(() => servers(port).some((server) => server !== dead), { timeout: 5_000 }).toBe(true);
  const second = connect(port, '127.0.0.1');
  await once(second, 'connect');
  await expect.poll(() => accepted.length).toBe(2);
  stop.abort();
  await listener[Symbol.asyncDispose]();
  expect(servers(port)).toEqual([]);
  for (const socket of [first, second, ...accepted]) socket.destroy();
});
