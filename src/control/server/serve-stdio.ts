import type { Cancellable, Chat } from '../../api/index.ts';
import type { Channel } from '../channel.ts';
import { Desk } from './desk.ts';
import { ServedClient } from './served-client.ts';

/**
 * The same over two streams, for one client: a program that has started this one. Resolves when the input has ended and all is
 * answered, the output is gone, the client asked for the end, or the signal aborts; the chat goes on.
 */
export async function serveStdio(
  chat: Chat,
  { input, output }: Pick<Channel, 'input' | 'output'>,
  { signal }: Cancellable = {},
): Promise<void> {
  const over = Promise.withResolvers<void>();
  const finish = (): void => {
    desk.watch.close();
    void client.finish(() => false);
  };
  const desk = new Desk(chat, { end: finish });
  const channel: Channel = { input, output, end: (left) => left(), cut: () => undefined };
  const client = new ServedClient(desk, channel, { left: () => over.resolve() });
  if (signal?.aborted) finish();
  signal?.addEventListener('abort', finish, { once: true });
  try {
    void client.serve();
    await over.promise;
  } finally {
    signal?.removeEventListener('abort', finish);
    desk.watch.close();
  }
}
