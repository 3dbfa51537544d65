import type { Contender } from '../contender.ts';

/** In the order of the table. Loaded only by the processes that run them. */
export const CONTENDERS: Readonly<Record<string, () => Promise<Contender>>> = {
  sotto: async () => (await import('./sotto.ts')).sotto,
  raw: async () => (await import('./raw-net.ts')).rawNet,
};
