import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Chat } from '../../api/index.ts';
import { CodedError } from '../../base/index.ts';
import type { Channel } from '../channel.ts';
import { CLIENTS_MAX } from '../limits.ts';
import { isPipe, mustLieAmongOurs } from '../socket-path.ts';
import { Desk, type ControlOptions } from './desk.ts';
import { errorAnswer } from './requests.ts';
import { ServedClient } from './served-client.ts';

export type { ControlOptions } from './desk.ts';

/**
 * Lets other programs of this user at the chat, over a socket that nobody else may open. To be called under the home's lock
 * alone: whatever lies at the path was left behind, and is removed. Disposing removes the socket, takes no further request, answers
 * those that were taken, and cuts every client; the chat goes on. Rejects with control-unusable.
 */
export async function serveControl(
  chat: Chat,
  path: string,
  options: ControlOptions = {},
): Promise<AsyncDisposable> {
  const desk = new Desk(chat, options);
  const clients = new Set<ServedClient>();
  // A client that has said all that it has to say still hears the answers.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    if (clients.size >= CLIENTS_MAX) quietest(clients)?.cut();
    if (clients.size >= CLIENTS_MAX) return sendAway(socket);
    const client: ServedClient = new ServedClient(
      desk,
      channelOf(socket, () => client.cut()),
      {
        left: () => clients.delete(client),
      },
    );
    clients.add(client);
    void client.serve();
  });
  try {
    mustLieAmongOurs(path);
    if (!isPipe(path)) rmSync(path, { force: true });
    await listen(server, path);
  } catch (cause) {
    throw unusable(path, cause);
  }
  // More clients than file descriptors: those that are connected go on.
  server.on('error', () => undefined);
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      desk.watch.close();
      await Promise.all([...clients].map(async (client) => client.finish(() => desk.isYielding)));
      for (const client of clients) client.cut();
      await closed;
    },
  };
}

function channelOf(socket: Socket, gone: () => void): Channel {
  socket.on('error', gone);
  socket.on('close', gone);
  return {
    // Left early, it is still written to.
    input: socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>,
    output: socket,
    end: (left) => void socket.end(left),
    cut: () => void socket.destroy(),
  };
}

/** One that was let in and never asked anything makes room for another. */
function quietest(clients: Iterable<ServedClient>): ServedClient | undefined {
  for (const client of clients) if (!client.hasAsked) return client;
  return undefined;
}

function sendAway(socket: Socket): void {
  const message = `${CLIENTS_MAX} programs are connected already`;
  const error = new CodedError({ code: 'control-unusable', message });
  socket.on('error', () => socket.destroy());
  socket.end(`${JSON.stringify(errorAnswer(null, error))}\n`, () => socket.destroy());
}

async function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // As many may knock at once as may come in.
    server.listen({ path, backlog: CLIENTS_MAX }, () => {
      server.off('error', reject);
      resolve();
    });
    // It is bound already, or its error is on the way. Until now the folder's mode has kept others out.
    if (server.listening && !isPipe(path)) chmodSync(path, 0o600);
  });
}

function unusable(path: string, cause: unknown): CodedError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new CodedError(
    {
      code: 'control-unusable',
      message: `no socket for other commands could be opened at ${path}: ${why}`,
      hint: 'Other commands cannot use this home while this Sotto runs.',
    },
    { cause },
  );
}
