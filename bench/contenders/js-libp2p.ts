import type { Client, Contender, Conversation } from '../contender.ts';
import { receive } from '../texts.ts';
import { oneTextClient } from './one-text-client.ts';
import { peerPackage } from './peer-package.ts';

interface Bytes {
  subarray(): Uint8Array;
}
interface Stream {
  send(bytes: Uint8Array): boolean;
  close(): Promise<void>;
  addEventListener(type: 'message', listener: (event: { readonly data: Bytes }) => void): void;
  addEventListener(type: 'remoteCloseWrite', listener: () => void): void;
}
interface Connection {
  newStream(protocol: string): Promise<Stream>;
  close(): Promise<void>;
}
interface Libp2p {
  getMultiaddrs(): readonly { toString(): string }[];
  handle(protocol: string, handler: (stream: Stream) => void): Promise<void>;
  dial(address: unknown): Promise<Connection>;
  stop(): Promise<void>;
}
type Factory = () => unknown;

const PROTOCOL = '/bench/texts/1.0.0';
const LENGTH_BYTES = 4;
const ID_BYTES = 8;

/**
 * js-libp2p with TCP, Noise and Yamux. A conversation is one stream with length-prefixed messages; a text is one
 * `send`, and the acks of what one event brought are one `send`. A cold cycle dials, opens a stream, and closes the connection.
 */
export const jsLibp2p: Contender = {
  serve: async () => {
    const node = await startNode(['/ip4/127.0.0.1/tcp/0']);
    await node.handle(PROTOCOL, (stream) => {
      const read = frameReader((message) => {
        receive(message.toString('utf8', ID_BYTES));
        return message.subarray(0, ID_BYTES);
      });
      stream.addEventListener('message', ({ data }) => {
        const ids = read(data.subarray());
        if (ids.length > 0) stream.send(Buffer.concat(ids.map((id) => frameOf(id))));
      });
      stream.addEventListener('remoteCloseWrite', () => void stream.close());
    });
    const [address] = node.getMultiaddrs();
    return { address: { multiaddr: String(address) }, close: async () => node.stop() };
  },
  startClient: async (_folder, { multiaddr }): Promise<Client> => {
    const node = await startNode([]);
    const address = await parseAddress(String(multiaddr));
    return oneTextClient(
      async (onAcks) => {
        const connection = await node.dial(address);
        const stream = await connection.newStream(PROTOCOL);
        return converse(connection, stream, onAcks);
      },
      async () => node.stop(),
    );
  },
};

function converse(connection: Connection, stream: Stream, onAcks: (count: number) => void): Conversation {
  let sent = 0;
  const read = frameReader((id) => id);
  stream.addEventListener('message', ({ data }) => {
    const acks = read(data.subarray());
    if (acks.length > 0) onAcks(acks.length);
  });
  return {
    send: (text) => {
      const message = Buffer.allocUnsafe(ID_BYTES + Buffer.byteLength(text));
      message.writeBigUInt64BE(BigInt(++sent), 0);
      message.write(text, ID_BYTES, 'utf8');
      stream.send(frameOf(message));
    },
    close: async () => connection.close(),
  };
}

function frameOf(message: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + message.length);
  frame.writeUInt32BE(message.length, 0);
  frame.set(message, LENGTH_BYTES);
  return frame;
}

/** Cuts a byte stream into its messages; what `take` makes of each is returned. */
function frameReader<Value>(take: (message: Buffer) => Value): (chunk: Uint8Array) => Value[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = Buffer.concat([rest, chunk]);
    const taken: Value[] = [];
    let at = 0;
    while (bytes.length - at >= LENGTH_BYTES) {
      const end = at + LENGTH_BYTES + bytes.readUInt32BE(at);
      if (end > bytes.length) break;
      taken.push(take(bytes.subarray(at + LENGTH_BYTES, end)));
      at = end;
    }
    rest = bytes.subarray(at);
    return taken;
  };
}

async function startNode(listen: readonly string[]): Promise<Libp2p> {
  const { createLibp2p } = await peerPackage<{ createLibp2p: (options: object) => Promise<Libp2p> }>(
    'libp2p',
  );
  const { tcp } = await peerPackage<{ tcp: Factory }>('@libp2p/tcp');
  const { noise } = await peerPackage<{ noise: Factory }>('@libp2p/noise');
  const { yamux } = await peerPackage<{ yamux: Factory }>('@libp2p/yamux');
  return createLibp2p({
    addresses: { listen },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    // Its defaults let one address connect five times a second, and ping each connection.
    connectionManager: { inboundConnectionThreshold: Number.POSITIVE_INFINITY },
    connectionMonitor: { enabled: false },
  });
}

async function parseAddress(text: string): Promise<unknown> {
  const { multiaddr } = await peerPackage<{ multiaddr: (text: string) => unknown }>(
    '@multiformats/multiaddr',
  );
  return multiaddr(text);
}
