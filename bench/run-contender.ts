import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Work } from './child.ts';
import type { Address } from './contender.ts';
import type { Effort, Figures } from './scenarios.ts';

const CHILD = join(import.meta.dirname, 'child.ts');
const SILENCE_MS = 60_000;
/** A profile takes a while to be written. */
const END_MS = 10_000;

export interface Run {
  readonly contender: string;
  readonly scenarios: readonly string[];
  readonly effort: Effort;
  /** Where both processes leave a CPU profile. */
  readonly profileFolder: string | undefined;
}

/** One contender once through its scenarios: a fresh server process, a fresh client process, a fresh folder. */
export async function runContender({ contender, scenarios, effort, profileFolder }: Run): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-bench-'));
  const start = (end: 'server' | 'client'): ChildProcess =>
    fork(CHILD, [end, contender, folder], {
      execArgv: [
        '--disable-warning=ExperimentalWarning',
        ...(profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`]),
        ...(profileFolder === undefined
          ? []
          : [`--cpu-prof-name=${contender}-${end}-${Date.now()}.cpuprofile`]),
      ],
    });
  const server = start('server');
  const client = start('client');
  const over = new AbortController();
  try {
    return (await Promise.race([
      converse(server, client, { scenarios, effort }, over.signal),
      failure(server, over.signal),
      failure(client, over.signal),
    ])) as Figures;
  } finally {
    over.abort();
    if (server.connected) server.send('stop');
    await Promise.all([ended(server), ended(client)]);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function converse(
  server: ChildProcess,
  client: ChildProcess,
  work: Omit<Work, 'address'>,
  signal: AbortSignal,
): Promise<unknown> {
  const [[address]] = await Promise.all([
    once(server, 'message', { signal }),
    once(client, 'message', { signal }),
  ]);
  client.send({ ...work, address: address as Address } satisfies Work);
  const [figures] = await once(client, 'message', { signal });
  return figures;
}

/** Rejects when a process ends before it is told to, or when the run takes far too long. */
async function failure(child: ChildProcess, signal: AbortSignal): Promise<never> {
  const silence = AbortSignal.timeout(SILENCE_MS);
  const [code] = await once(child, 'exit', { signal: AbortSignal.any([signal, silence]) });
  throw new Error(`a process of the bench ended early (${code})`);
}

/** A process that does not end by itself in time is ended. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
  await exited;
  clearTimeout(timer);
}
