import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Work } from './child.ts';
import type { Address } from './contender.ts';
import type { Effort, Figures } from './scenarios.ts';

const CHILD = join(import.meta.dirname, 'child.ts');
const SILENCE_MS = 120_000;

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
  try {
    const [address] = await Promise.all([answerOf(server), answerOf(client)]);
    const answer = answerOf(client);
    client.send({ address: address as Address, scenarios, effort } satisfies Work);
    return (await answer) as Figures;
  } finally {
    if (server.connected) server.send('stop');
    await Promise.all([ended(server), ended(client)]);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const [message] = (await Promise.race([
      once(child, 'message', { signal: silence.signal }),
      once(child, 'exit', { signal: silence.signal }).then(([code]) => {
        throw new Error(`a process of the bench ended early (${code})`);
      }),
    ])) as unknown[];
    return message;
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

/** A process that does not end by itself within two seconds is ended. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), 2_000);
  await exited;
  clearTimeout(timer);
}
