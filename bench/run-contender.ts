import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FromChild, ToClient, ToServer } from './messages.ts';
import type { Effort, Figures } from './scenarios.ts';

const CHILD = join(import.meta.dirname, 'child.ts');
const RUN_MS = 150_000;
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
export async function runContender(run: Run): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-bench-'));
  const server = start('server', run, folder);
  const client = start('client', run, folder);
  const over = new AbortController();
  try {
    return await Promise.race([
      conduct(server, client, run, over.signal),
      failureOf(server, over.signal),
      failureOf(client, over.signal),
    ]);
  } finally {
    over.abort();
    if (server.connected) tell(server, { type: 'stop' });
    await Promise.all([ended(server), ended(client)]);
    rmSync(folder, { recursive: true, force: true });
  }
}

function start(end: 'server' | 'client', { contender, profileFolder }: Run, folder: string): ChildProcess {
  const profile = [
    '--cpu-prof',
    `--cpu-prof-dir=${profileFolder}`,
    `--cpu-prof-name=${contender}-${end}-${Date.now()}.cpuprofile`,
  ];
  return fork(CHILD, [end, contender, folder], { execArgv: profileFolder === undefined ? [] : profile });
}

async function conduct(
  server: ChildProcess,
  client: ChildProcess,
  { scenarios, effort }: Run,
  signal: AbortSignal,
): Promise<Figures> {
  const serverCpu: number[] = [];
  client.on('message', ({ type }: FromChild) => {
    if (type === 'mark') tell(server, { type: 'read-cpu' });
  });
  server.on('message', (message: FromChild) => {
    if (message.type === 'cpu') serverCpu.push(message.microseconds);
  });
  const [{ address }] = await Promise.all([
    answer(server, 'listening', signal),
    answer(client, 'ready', signal),
  ]);
  tell(client, { address, scenarios, effort });
  const { figures } = await answer(client, 'figures', signal);
  const [begin, end] = serverCpu;
  if (begin === undefined || end === undefined) return figures;
  return { ...figures, flightReceiverCpuUs: (end - begin) / (figures['flightTexts'] ?? Number.NaN) };
}

async function answer<Type extends FromChild['type']>(
  child: ChildProcess,
  type: Type,
  signal: AbortSignal,
): Promise<Extract<FromChild, { type: Type }>> {
  for (;;) {
    const [message] = (await once(child, 'message', { signal })) as [FromChild];
    if (message.type === type) return message as Extract<FromChild, { type: Type }>;
  }
}

/** Rejects when a process ends before it is told to, or when the run takes far too long. */
async function failureOf(child: ChildProcess, signal: AbortSignal): Promise<never> {
  const timeout = AbortSignal.timeout(RUN_MS);
  const [code] = (await once(child, 'exit', { signal: AbortSignal.any([signal, timeout]) })) as [number];
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

function tell(child: ChildProcess, message: ToServer | ToClient): void {
  child.send(message);
}
