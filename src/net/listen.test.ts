import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { listen, type Listener } from './listen.ts';

interface Door {
  readonly listener: Listener;
  readonly port: number;
  readonly asked: string[];
  readonly sockets: Socket[];
}

async function open(bind: readonly string[], isRefused: () => boolean): Promise<Door> {
  const [asked, sockets]: [string[], Socket[]] = [[], []];
  const listener = await listen({
    port: 0,
    bind,
    isRefused: (address) => {
      asked.push(address);
      return isRefused();
    },
    onSocket: (socket) => void sockets.push(socket),
    onDied: (error) => {
      throw error;
    },
  });
  return { listener, port: listener.addresses[0]?.port ?? 0, asked, sockets };
}

test('whoever is refused is closed, and no socket is made of it (NET-04, CRY-14)', async () => {
  let isRefusing = true;
  const { listener, port, asked, sockets } = await open(['127.0.0.1'], () => isRefusing);
  await using _ = listener;
  const refused = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.7' }).resume();
  await once(refused, 'close');
  expect(sockets).toEqual([]);
  isRefusing = false;
  const welcome = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.8' });
  await expect.poll(() => sockets.length).toBe(1);
  expect(asked).toEqual(['127.0.0.7', '127.0.0.8']);
  welcome.destroy();
  sockets[0]!.destroy();
});

test('an IPv4 address is asked for as such, also on a listener for every address (NET-17)', async () => {
  const { listener, port, asked } = await open([], () => true);
  await using _ = listener;
  await once(connect({ port, host: '127.0.0.1', localAddress: '127.0.0.9' }).resume(), 'close');
  expect(asked).toEqual(['127.0.0.9']);
});
