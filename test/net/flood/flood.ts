import { fork, type ChildProcess, type Serializable } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ChatOptions } from '../../../src/api/index.ts';
import { openTown, type Person } from '../town.ts';
import { until } from '../until.ts';
import type { AttackPlan, AttackReport } from './attacker.ts';
import type { TargetReport } from './target.ts';

/** A pinned peer comes anew this often, and another says something this often. */
const COLD_EVERY_MS = 50;
const MESSAGE_EVERY_MS = 20;

export interface FloodReport {
  readonly attack: AttackReport;
  /** Before anything, after a small attack, during the attack, and after it when every hostile socket is gone. */
  readonly idle: TargetReport;
  readonly before: TargetReport;
  readonly during: TargetReport;
  readonly after: TargetReport;
  /** Of a pinned peer without a connection: dial, session, one message, its ack; ms, sorted. */
  readonly cold: readonly number[];
  /** Over a session that was there before: from the command to the ack; ms, sorted. */
  readonly messages: readonly number[];
  /** What both have sent, the first contact included. */
  readonly sent: number;
}

/**
 * Connections from 200 addresses of loopback, silent, garbage and half handshakes, at a program in a process of its own,
 * while two pinned peers go on talking to it: one dials anew for each message, the other keeps its session.
 * `warmUp` is an attack before it, after which memory is measured; `flags` are Node's for the target.
 */
export async function flood(
  plan: AttackPlan,
  { warmUp, flags = [] }: { readonly warmUp?: AttackPlan; readonly flags?: readonly string[] } = {},
): Promise<FloodReport> {
  await using town = await openTown(['bob', 'alice', 'carol']);
  const [directory, home, port] = [town.path('bob'), town.home('bob'), town.port('bob')];
  // Bob's own call would be a connection that Alice does not end.
  await town.onlyDials('alice', 'bob');
  const options: ChatOptions = { directory, home, port, as: 'bob', bind: ['127.0.0.1'], mode: 'listen' };
  using target = await start('target.ts', JSON.stringify(options), flags);
  using attacker = await start('attacker.ts', String(port), []);
  const [alice, carol] = [await town.open('alice', { lingerMs: 0 }), await town.open('carol')];
  await alice.sendDelivered('bob', 'first contact');
  await carol.sendDelivered('bob', 'first contact');
  const idle = await quiet(target, 1);
  if (warmUp) await attacker.ask<AttackReport>(warmUp);
  const before = await quiet(target, 1);

  const over = new AbortController();
  const talks = Promise.all([
    repeat(alice, COLD_EVERY_MS, over.signal),
    repeat(carol, MESSAGE_EVERY_MS, over.signal),
  ]);
  const attack = await attacker.ask<AttackReport>(plan);
  const during = await target.ask<TargetReport>('report');
  over.abort();
  const [cold, messages] = await talks;
  const after = await quiet(target, 1);
  return { attack, idle, before, during, after, cold, messages, sent: cold.length + messages.length + 2 };
}

/** Waits until the target has so many sockets. */
async function quiet(target: Helper, sockets: number): Promise<TargetReport> {
  return until(`${sockets} sockets are left`, async () => {
    const report = await target.ask<TargetReport>('report');
    return report.sockets === sockets && report;
  });
}

/** Says something to Bob again and again, each time delivered before the next; the times that it took, sorted. */
async function repeat(person: Person, everyMs: number, signal: AbortSignal): Promise<readonly number[]> {
  const times: number[] = [];
  while (!signal.aborted) {
    times.push(await person.sendDelivered('bob', `${person.name} ${times.length}`));
    await pause(everyMs);
  }
  return times.toSorted((a, b) => a - b);
}

/** 0 < share <= 1 */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** A process that answers each message with one of its own. */
class Helper implements Disposable {
  readonly #child: ChildProcess;
  constructor(child: ChildProcess) {
    this.#child = child;
  }
  async ask<Answer>(question: Serializable): Promise<Answer> {
    const answer = once(this.#child, 'message', { signal: AbortSignal.timeout(120_000) });
    this.#child.send(question);
    return ((await answer) as [Answer])[0];
  }
  [Symbol.dispose](): void {
    this.#child.disconnect();
  }
}

async function start(file: string, argument: string, flags: readonly string[]): Promise<Helper> {
  const child = fork(join(import.meta.dirname, file), [argument], { execArgv: [...flags] });
  await once(child, 'message', { signal: AbortSignal.timeout(120_000) });
  return new Helper(child);
}
