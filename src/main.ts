import { writeFileSync, writeSync } from 'node:fs';
import type { Services } from './api/index.ts';
import type { CliStdio } from './cli/index.ts';
import type { QuickEnd } from './quick-send.ts';
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
  const { env } = process;
  const end = argv[0] === 'send' ? await quickly(argv) : {};
  if ('exitCode' in end) return end.exitCode;
  const { runCli } = await import('./cli/index.ts');
  const stdio = end.stdin === undefined ? process : await withStdin(end.stdin);
  const { messageId } = end;
  return runCli({
    version: VERSION,
    argv,
    env,
    services: loadServices,
    stdio,
    signals: process,
    ...(messageId !== undefined && { messageId }),
  });
}

async function quickly(argv: readonly string[]): Promise<QuickEnd> {
  const { quickSend } = await import('./quick-send.ts');
  return quickSend({ argv, env: process.env, stdio: process, say, signals: process });
}

/** Without opening a stream, which takes longer than the rest. */
function say(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // It is full, or closed: where even that cannot be said, the exit code alone tells.
    process.stderr.on('error', () => undefined);
    process.stderr.write(line);
  }
}

/** What the short way has read already. */
async function withStdin(bytes: Uint8Array): Promise<CliStdio> {
  const { Readable } = await import('node:stream');
  const { stdout, stderr } = process;
  return { stdin: Readable.from(bytes.length === 0 ? [] : [bytes]), stdout, stderr };
}

const argv = process.argv.slice(2);
// As runCli would, but nothing is loaded for one line.
if (argv.length === 1 && argv[0] === '--version') {
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') return;
    process.stderr.on('error', () => undefined);
    process.stderr.write('sotto: the output cannot be written [output-unwritable]\n');
    process.exitCode = 3;
  });
  process.stdout.write(`sotto ${VERSION}\n`);
} else {
  // Until it has another one: a program that merely stops has not done what it was run for.
  process.exitCode = 70;
  void run(argv).then((exitCode) => {
    process.exitCode = exitCode;
    setTimeout(() => process.exit(), EXIT_GRACE_MS).unref();
  });
}
