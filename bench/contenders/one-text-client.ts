import type { Client, Conversation } from '../contender.ts';

/** A client of a contender with one kind of connection: `open` resolves when its handshake is over and texts may be sent. */
export function oneTextClient(
  open: (onAcks: (count: number) => void) => Promise<Conversation>,
  close: () => Promise<void> = async () => {},
): Client {
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
    close: async () => {
      await former?.close();
      await close();
    },
  };
}
