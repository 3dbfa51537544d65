import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import type { Contender } from '../contender.ts';
import { converse, receiveTexts } from './framed-socket.ts';
import { oneTextClient } from './one-text-client.ts';

/** Plain TCP, no protection at all: what the machine and Node can do. One write a turn, one ack a chunk. */
export const rawNet: Contender = {
  serve: async () => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      receiveTexts(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      address: { port: (server.address() as AddressInfo).port },
      close: async () => void server.close(),
    };
  },
  startClient: async (_folder, { port }) =>
    oneTextClient(async (onAcks) => {
      const socket = connect({ host: '127.0.0.1', port: Number(port) });
      await once(socket, 'connect');
      return converse(socket, onAcks);
    }),
};
