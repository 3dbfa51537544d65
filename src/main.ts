import type { Services } from './api/index.ts';
import { runCli } from './cli/index.ts';
import { VERSION } from './version.ts';

/** A handle that a command left open must not keep a finished program alive. */
const EXIT_GRACE_MS = 500;

/** Loaded only by commands that need it. */
async function loadServices(): Promise<Services> {
  const { createServices } = await import('./services.ts');
  return createServices(process.env);
}

// The one barrier for what nobody caught: leaving restores the terminal, and what is said holds no text of a peer.
process.on('uncaughtException', (error) => {
  process.stderr.write(`sotto: a bug in sotto: ${error.name} [internal]\n`);
  if ((process.env['SOTTO_TRACE'] ?? '') !== '') process.stderr.write(`${error.stack}\n`);
  process.exit(70);
});

process.exitCode = await runCli({
  version: VERSION,
  argv: process.argv.slice(2),
  env: process.env,
  services: loadServices,
  stdio: process,
  signals: process,
});
setTimeout(() => process.exit(), EXIT_GRACE_MS).unref();
