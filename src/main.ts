import { writeFileSync } from 'node:fs';
import type { Services } from './api/index.ts';
import { VERSION } from './version.ts';

/** A handle that a command left open must not keep a finished program alive. */
const EXIT_GRACE_MS = 500;

/** Loaded only by commands that need it. */
async function loadServices(): Promise<Services> {
  const { createServices } = await import('./services.ts');
  return createServices(process.env);
}

/** A core dump would hold keys and texts: it shall hold no memory at all (SEC-03). Only Linux can be told so. */
function emptyCoreDumps(): void {
  try {
    writeFileSync('/proc/self/coredump_filter', '0x0');
  } catch {
    // SECURITY.md says what then.
  }
}
emptyCoreDumps();

// Whatever is made, folders, sockets and temporary files among them, is this user's alone.
process.umask(0o077);

// The one barrier for what nobody caught: leaving restores the terminal, and what is said holds no text of a peer.
process.on('uncaughtException', (error) => {
  process.stderr.write(`sotto: a bug in sotto: ${error.name} [internal]\n`);
  if ((process.env['SOTTO_TRACE'] ?? '') !== '') process.stderr.write(`${error.stack}\n`);
  process.exit(70);
});

async function run(argv: readonly string[]): Promise<number> {
  const { runCli } = await import('./cli/index.ts');
  const { env } = process;
  return runCli({ version: VERSION, argv, env, services: loadServices, stdio: process, signals: process });
}

const argv = process.argv.slice(2);
// As runCli would, but nothing is loaded for one line.
if (argv.length === 1 && argv[0] === '--version') {
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') return;
    process.stderr.write('sotto: the output cannot be written [output-unwritable]\n');
    process.exitCode = 3;
  });
  process.stdout.write(`sotto ${VERSION}\n`);
} else {
  process.exitCode = await run(argv);
  setTimeout(() => process.exit(), EXIT_GRACE_MS).unref();
}
