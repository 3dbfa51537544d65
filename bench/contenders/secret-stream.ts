import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Contender, Conversation } from '../contender.ts';
import { receive } from '../texts.ts';
import { oneTextClient } from './one-text-client.ts';
import { peerPackage } from './peer-package.ts';

interface KeyPair {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}
interface SecretStream extends Duplex {
  readonly remotePublicKey: Uint8Array;
}
interface SecretStreamClass {
  new (isInitiator: boolean, socket: Socket, options: { readonly keyPair: KeyPair }): SecretStream;
  keyPair(): KeyPair;
}

const ID_BYTES = 8;

/**
 * The stream of the Hyperswarm stack (Noise XX, then libsodium's secretstream) over a TCP socket. Its API carries messages:
 * a text is one write, an ack is one write. Each side checks the other's key as an application with pins does.
 */
export const secretStream: Contender = {
  serve: async () => {
    const SecretStream = await loadClass();
    const keyPair = SecretStream.keyPair();
    const server = createServer((socket) => {
      socket.setNoDelay(true);
      const stream = new SecretStream(false, socket, { keyPair });
      stream.on('error', () => socket.destroy());
      stream.on('data', (message: Buffer) => {
        receive(message.toString('utf8', ID_BYTES));
        stream.write(message.subarray(0, ID_BYTES));
      });
      stream.on('end', () => stream.end());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      address: {
        port: (server.address() as AddressInfo).port,
        key: Buffer.from(keyPair.publicKey).toString('hex'),
      },
      close: async () => void server.close(),
    };
  },
  startClient: async (_folder, { port, key }) => {
    const SecretStream = await loadClass();
    const keyPair = SecretStream.keyPair();
    return oneTextClient(async (onAcks) => {
      const socket = connect({ host: '127.0.0.1', port: Number(port) });
      socket.setNoDelay(true);
      const stream = new SecretStream(true, socket, { keyPair });
      await once(stream, 'connect');
      if (Buffer.from(stream.remotePublicKey).toString('hex') !== key) throw new Error('not the pinned key');
      return converse(stream, onAcks);
    });
  },
};

function converse(stream: SecretStream, onAcks: (count: number) => void): Conversation {
  let [sent, acked] = [0, 0];
  stream.on('data', (ack: Buffer) => {
    if (Number(ack.readBigUInt64BE(0)) === ++acked) onAcks(1);
  });
  return {
    send: (text) => {
      const message = Buffer.allocUnsafe(ID_BYTES + Buffer.byteLength(text));
      message.writeBigUInt64BE(BigInt(++sent), 0);
      message.write(text, ID_BYTES, 'utf8');
      stream.write(message);
    },
    close: async () => {
      const closed = once(stream, 'close');
      stream.end();
      await closed;
    },
  };
}

async function loadClass(): Promise<SecretStreamClass> {
  return (await peerPackage<{ readonly default: SecretStreamClass }>('@hyperswarm/secret-stream')).default;
}
