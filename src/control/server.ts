import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Chat } from '../api/index.ts';
import { CodedError } from '../base/index.ts';
import { CLIENTS_MAX } from './limits.ts';
import { ServedClient } from './served-client.ts';

/**
 * Lets other programs of this user at the chat, over a socket that nobody else may open. To be called under the home's lock
 * alone: whatever lies at the path was left behind, and is removed. Disposing removes the socket, takes no further request, answers
 * those that were taken, and cuts every client; the chat goes on. `yieldHome`: another program wants to listen on this home;
 * true when it is going to be free. Rejects with control-unusable.
 */
export async function serveControl(
  chat: Chat,
  path: string,
  yieldHome: () => boolean = () => false,
): Promise<AsyncDisposable> {
  const clients = new Set<ServedClient>();
  // A client that has said all that it has to say still hears the answers.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => admit(socket));
  let isYielding = false;
  const yields = (): boolean => (isYielding = yieldHome());
  const admit = (socket: Socket): void => {
    if (clients.size >= CLIENTS_MAX) quietest(clients)?.cut();
    if (clients.size >= CLIENTS_MAX) return void socket.destroy();
    const client = new ServedClient(chat, socket, { left: () => clients.delete(client), yieldHome: yields });
    clients.add(client);
    void client.serve();
  };
  try {
    makeRoom(path);
    await listen(server, path);
  } catch (cause) {
    throw unusable(path, cause);
  }
  // More clients than file descriptors: those that are connected go on.
  server.on('error', () => undefined);
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([...clients].map(async (client) => client.finish(() => isYielding)));
      for (const client of clients) client.cut();
      await closed;
    },
  };
}

/** One that was let in and never asked anything makes room for another. */
function quietest(clients: Iterable<ServedClient>): ServedClient | undefined {
  for (const client of clients) if (!client.hasAsked) return client;
  return undefined;
}

/** The folder must be ours alone, so that nobody can have put anything there, or exchange what we put. */
function makeRoom(path: string): void {
  const folder = dirname(path);
  const { mode, uid } = lstatSync(folder);
  const isOurs = process.getuid === undefined || uid === process.getuid();
  if (!isOurs || (mode & 0o077) !== 0) throw new Error(`others can write or read the folder ${folder}`);
  rmSync(path, { force: true });
}

async function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
    // It is bound already, or its error is on the way. Until now the folder's mode has kept others out.
    if (server.listening) chmodSync(path, 0o600);
  });
}

function unusable(path: string, cause: unknown): CodedError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new CodedError(
    {
      code: 'control-unusable',
      message: `no socket for other commands could be opened at ${path}: ${why}`,
      hint: 'Chatting goes on; other commands cannot use this home while Sotto runs.',
    },
    { cause },
  );
}
