import type { Services } from './api/index.ts';
import { CodedError } from './base/index.ts';
import { runCli } from './cli/index.ts';

/** A handle that a command left open must not keep a finished program alive. */
const EXIT_GRACE_MS = 500;

/** Everything that touches disk, network and clock: loaded only by commands that need it. */
async function createServices(): Promise<Services> {
  throw new CodedError({ code: 'internal', message: 'this build has no node yet' });
}

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  env: process.env,
  services: createServices,
  stdio: process,
  signals: process,
});
setTimeout(() => process.exit(), EXIT_GRACE_MS).unref();
