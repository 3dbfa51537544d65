import type { Contender } from '../contender.ts';

/** In the order of the table. Loaded only by the processes that run them. */
export const CONTENDERS: Readonly<Record<string, () => Promise<Contender>>> = {
  sotto: async () => (await import('./sotto.ts')).sotto,
  'sotto-memory': async () => (await import('./sotto.ts')).sottoInMemory,
  raw: async () => (await import('./raw-net.ts')).rawNet,
  tls: async () => (await import('./mutual-tls.ts')).mutualTls,
  'secret-stream': async () => (await import('./secret-stream.ts')).secretStream,
  libp2p: async () => (await import('./js-libp2p.ts')).jsLibp2p,
};
