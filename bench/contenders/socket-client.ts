import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Client, Conversation } from '../contender.ts';
import { TextSender } from './framed-socket.ts';

/** A client whose every connection is one socket that carries frames. `connect` resolves when texts may be sent. */
export function socketClient(connect: () => Promise<Socket>): Client {
  const open = async (onAcks: (count: number) => void): Promise<Conversation> => {
    const socket = await connect();
    const sender = new TextSender(socket, onAcks);
    return {
      send: (text) => sender.send(text),
      close: async () => {
        const closed = once(socket, 'close');
        socket.end();
        await closed;
      },
    };
  };
  const untilAcked = async (text: string): Promise<Conversation> => {
    const acked = Promise.withResolvers<void>();
    const conversation = await open(() => acked.resolve());
    conversation.send(text);
    await acked.promise;
    return conversation;
  };
  let former: Conversation | undefined;
  return {
    open,
    cycle: async (text) => (await untilAcked(text)).close(),
    // There is one handshake only: whom one has met before makes no difference.
    prepareFirstContact: async (text) => {
      await former?.close();
      return async () => {
        former = await untilAcked(text);
      };
    },
    close: async () => former?.close(),
  };
}
