import { spawnSync } from 'node:child_process';
import { median } from '../statistics.ts';
import { LAUNCHER, type Pair } from './pair.ts';
import type { Figures } from './report.ts';

const COMMANDS = {
  emptyMs: ['-e', '0'],
  sendMs: [LAUNCHER, 'send', 'bob', '--wait', 'queued'],
  outboxMs: [LAUNCHER, 'outbox'],
} as const;

/** Whole processes, from spawn to exit, one after the other in turn: a machine that slows down slows all of them. */
export function timeStarts(pair: Pair, rounds: number): Figures {
  const took = { emptyMs: [] as number[], sendMs: [] as number[], outboxMs: [] as number[] };
  const names = Object.keys(COMMANDS) as readonly (keyof typeof COMMANDS)[];
  // What Node compiles is kept after the first time.
  for (const name of names) run(pair, COMMANDS[name]);
  for (let round = 0; round < rounds; round++)
    for (const name of names) took[name].push(run(pair, COMMANDS[name]));
  const [emptyMs, sendMs, outboxMs] = [median(took.emptyMs), median(took.sendMs), median(took.outboxMs)];
  return { emptyMs, sendMs, outboxMs, sendToEmpty: sendMs / emptyMs, outboxToEmpty: outboxMs / emptyMs };
}

function run({ env }: Pair, args: readonly string[]): number {
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { env, input: 'hi\n', encoding: 'utf8' });
  const took = performance.now() - began;
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
  return took;
}
