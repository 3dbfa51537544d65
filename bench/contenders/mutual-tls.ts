import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer, type SecureContextOptions } from 'node:tls';
import type { Contender } from '../contender.ts';
import { converse, receiveTexts } from './framed-socket.ts';
import { oneTextClient } from './one-text-client.ts';

/** Hybrid with ML-KEM-768, as Sotto's own handshake is. */
const GROUP = 'X25519MLKEM768';

/**
 * TLS 1.3, both sides with an Ed25519 certificate that the other side has pinned; never resumed. Framing and batching
 * are those of raw TCP, so that one turn's texts share records.
 */
export const mutualTls: Contender = {
  serve: async (folder) => {
    for (const name of ['server', 'client']) makeCertificate(folder, name);
    const server = createServer(
      { ...identity(folder, 'server', 'client'), requestCert: true, rejectUnauthorized: true },
      (socket) => {
        socket.on('error', () => socket.destroy());
        receiveTexts(socket);
      },
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      address: { port: (server.address() as AddressInfo).port },
      close: async () => void server.close(),
    };
  },
  startClient: async (folder, { port }) => {
    const options = {
      ...identity(folder, 'client', 'server'),
      host: '127.0.0.1',
      port: Number(port),
      servername: 'server',
    };
    return oneTextClient(async (onAcks) => {
      const socket = connect(options);
      await once(socket, 'secureConnect');
      if (!socket.authorized) throw new Error('the certificate is not the pinned one');
      return converse(socket, onAcks);
    });
  },
};

function identity(folder: string, own: string, peer: string): SecureContextOptions {
  return {
    key: readFileSync(join(folder, `${own}.key`)),
    cert: readFileSync(join(folder, `${own}.crt`)),
    ca: readFileSync(join(folder, `${peer}.crt`)),
    minVersion: 'TLSv1.3',
    ecdhCurve: GROUP,
  };
}

/** Node makes keys but no certificates: the openssl command does. */
function makeCertificate(folder: string, name: string): void {
  const [key, certificate] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ed25519',
      '-noenc',
      '-days',
      '2',
      ...subject,
      '-keyout',
      key,
      '-out',
      certificate,
    ],
    { stdio: 'ignore' },
  );
}
