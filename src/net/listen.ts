import {
  BlockList,
  createServer,
  type AddressInfo,
  type Server,
  type Socket,
  type SocketAddress,
} from 'node:net';
import { CodedError, type ErrorCode } from '../base/index.ts';
import { canonicalRemote } from './socket.ts';

export interface Listener extends AsyncDisposable {
  readonly addresses: readonly { readonly address: string; readonly port: number }[];
}

/**
 * Connections that the system holds for us until we take them; it may allow fewer. When they are too many, it lets diallers
 * wait for a second and more, friends among them: in a flood it is better to take them all and to drop most.
 */
const BACKLOG = 4_096;

export interface ListenOptions {
  /** 1..65535, or 0 for one that the system chooses. */
  readonly port: number;
  /** Literal addresses; none means every address of IPv4 and IPv6. */
  readonly bind: readonly string[];
  /** Asked before a socket is made of a connection from this address; true: it is closed, and that is all. */
  readonly isRefused: (address: string) => boolean;
  /** Gets it paused: of one that is dropped nothing is read. */
  readonly onSocket: (socket: Socket) => void;
  /** A listener has died (an accept error that ended it); the others live. */
  readonly onDied: (error: Error) => void;
}

/** Opens every listener or none. Rejects with port-in-use, port-denied or listen-failed. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const servers: Server[] = [];
  // The port is free at once. Connections that it brought live on: waiting for them could take for ever.
  const close = async (): Promise<void> => servers.forEach((server) => server.close());
  try {
    if (options.bind.length === 0) servers.push(await listenEverywhere(options));
    for (const host of options.bind) {
      const port = options.port === 0 && servers[0] ? addressOf(servers[0]).port : options.port;
      servers.push(await listenOn(options, port, { host }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { addresses: servers.map((server) => addressOf(server)), [Symbol.asyncDispose]: close };
}

/** `::` takes IPv4 too; a machine without IPv6 has 0.0.0.0 only. */
async function listenEverywhere(options: ListenOptions): Promise<Server> {
  try {
    return await listenOn(options, options.port, { host: '::', ipv6Only: false });
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'listen-failed') throw error;
    return listenOn(options, options.port, { host: '0.0.0.0' });
  }
}

async function listenOn(
  { isRefused, onSocket, onDied }: ListenOptions,
  port: number,
  where: { readonly host: string; readonly ipv6Only?: boolean },
): Promise<Server> {
  const server = createServer(
    { allowHalfOpen: true, pauseOnConnect: true, blockList: new Doorkeeper(isRefused) },
    onSocket,
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(explain(error, port, where.host)));
    server.listen({ port, backlog: BACKLOG, ...where }, () => {
      server.removeAllListeners('error');
      server.on('error', onDied);
      resolve();
    });
  });
  return server;
}

/**
 * A list of blocked addresses that asks. Node looks at it before it makes a socket, and that is most of what a connection costs: the
 * rest is a third less time, and hardly any memory.
 */
class Doorkeeper extends BlockList {
  readonly #isRefused: (address: string) => boolean;

  constructor(isRefused: (address: string) => boolean) {
    super();
    this.#isRefused = isRefused;
  }

  override check(address: string | SocketAddress): boolean {
    return this.#isRefused(canonicalRemote(typeof address === 'string' ? address : address.address));
  }
}

function explain(cause: NodeJS.ErrnoException, port: number, host: string): CodedError {
  const say = (code: ErrorCode, message: string, hint: string): CodedError =>
    new CodedError({ code, message, hint }, { cause });
  switch (cause.code) {
    case 'EADDRINUSE':
      return say(
        'port-in-use',
        `port ${port} is in use`,
        `End the program that listens there (ss -ltnp 'sport = :${port}'), or take another --port.`,
      );
    case 'EACCES':
      return say(
        'port-denied',
        `port ${port} needs more rights than this user has`,
        'Take a port from 1024 up.',
      );
    default:
      return say(
        'listen-failed',
        `cannot listen on ${host}, port ${port}: ${cause.message}`,
        'Check --bind and --port.',
      );
  }
}

function addressOf(server: Server): { readonly address: string; readonly port: number } {
  const { address, port } = server.address() as AddressInfo;
  return { address, port };
}
