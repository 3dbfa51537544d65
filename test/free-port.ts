import { createServer } from 'node:net';

/** Below the range from which systems take ports for outgoing connections: nobody takes one while its owner is offline. */
const FIRST = 20_000;
/** A slice for each worker of the test runner and one, the first, for programs outside it: they run side by side. */
const SLICE = 2_000;
const SLICES = 5;

const slice = Number(process.env['VITEST_POOL_ID'] ?? 0) % SLICES;
let next = Math.floor(Math.random() * SLICE);

/** A port that nobody listens on, and that no other caller has got: its owner may leave it for a while and come back. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < SLICE; tries += 1) {
    const port = FIRST + slice * SLICE + (next % SLICE);
    next += 1;
    if (await isFree(port)) return port;
  }
  throw new Error(`no port from ${FIRST + slice * SLICE} on is free`);
}

async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
