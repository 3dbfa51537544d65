import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../net/until.ts';
import { addFaults, NO_FAULTS, type Faults } from './book.ts';
import { Pair } from './pair.ts';
import type { Program } from './program.ts';
import { straceWords, tracerOf, type Fault } from './strace.ts';

/** One fault at one call of the disk. */
export interface FaultPoint {
  readonly who: 'sender' | 'receiver';
  readonly fault: Fault;
  readonly calls: 'pwrite64' | 'fsync,fdatasync' | 'rename';
  /** From 1, counted from the start of the program. */
  readonly nth: number;
  /** It and all later ones, until strace lets go; else it alone. */
  readonly isLasting: boolean;
}

export interface IoFaultsResult {
  readonly points: number;
  /** Points whose call took place. */
  readonly reached: number;
  /** It ended although nobody killed it, not counting a start that failed with a code. */
  readonly crashed: number;
  /** Starts that failed with a code. */
  readonly notStarted: number;
  /** Points at which something was refused or a trouble was told. */
  readonly noticed: number;
  /** Something was refused, and no trouble was told. */
  readonly silent: number;
  /** It did not go on by itself when the fault was over. */
  readonly stuck: number;
  readonly killed: number;
  readonly queued: number;
  readonly delivered: number;
  readonly refused: number;
  readonly faults: Faults;
  readonly notes: readonly string[];
}

/** Points in one pair of homes; then both drain, and the books are closed. */
const ROUND = 15;
const BATCHES = 24;
/** As long as a call to be killed at has not come. */
const BATCHES_MAX = 120;
const PUMP_MS = 6;
const LASTING_MS = 250;
/** A store that refused is asked again every second, a lost session is dialled after back-off. */
const RECOVERY_MS = 90_000;
/** Of a fault of the disk; what else may be said at a start is none of its. */
const CODES: ReadonlySet<string> = new Set(['home-unusable', 'disk-full', 'home-damaged']);

/**
 * The first 200 calls that write the home or have it on the disk, with each fault: 600. SQLite writes pages with pwrite64;
 * small files take their place by rename. Each kind is counted for itself, as strace counts.
 */
export function faultPoints(): readonly FaultPoint[] {
  const points: FaultPoint[] = [];
  const kinds = [
    ['pwrite64', 144],
    ['fsync,fdatasync', 54],
    ['rename', 2],
  ] as const;
  for (const fault of ['EIO', 'ENOSPC', 'SIGKILL'] as const) {
    for (const [calls, count] of kinds) {
      for (let nth = 1; nth <= count; nth += 1) {
        const isSender = (nth + points.length) % 3 !== 0;
        points.push({ who: isSender ? 'sender' : 'receiver', fault, calls, nth, isLasting: nth % 2 === 0 });
      }
    }
  }
  return points;
}

type Counts = { -readonly [Name in keyof IoFaultsResult]: IoFaultsResult[Name] } & { notes: string[] };

/** No ack without storage, nothing lost, a clear word about it, and on it goes when the fault is over (STO-03, STO-04). */
export async function ioFaults(
  points: readonly FaultPoint[],
  log: (line: string) => void = () => undefined,
): Promise<IoFaultsResult> {
  const counts: Counts = {
    points: 0,
    reached: 0,
    crashed: 0,
    notStarted: 0,
    noticed: 0,
    silent: 0,
    stuck: 0,
    killed: 0,
    queued: 0,
    delivered: 0,
    refused: 0,
    faults: NO_FAULTS,
    notes: [],
  };
  for (let done = 0; done < points.length; done += ROUND) {
    await using pair = await Pair.open();
    // The first point of a round meets homes that do not exist yet.
    for (const [index, point] of points.slice(done, done + ROUND).entries())
      await faultAt(pair, point, counts, index === 0);
    counts.faults = addFaults(counts.faults, await pair.settle());
    counts.queued += pair.book.queued;
    counts.delivered += pair.book.delivered;
    counts.refused += pair.book.refused;
    counts.notes.push(...pair.book.notes.map((note) => `${note} (points from ${done})`));
    log(`${counts.points} points, ${counts.noticed} noticed, ${counts.notes.length} notes`);
  }
  return counts;
}

export async function faultAt(
  pair: Pair,
  point: FaultPoint,
  counts: Counts,
  isFirst: boolean,
): Promise<void> {
  const name = point.who === 'sender' ? 'alice' : 'bob';
  const other = pair.other(name);
  const note = (what: string): number =>
    counts.notes.push(`${what}: ${point.fault} at ${point.calls} ${point.nth} of the ${point.who}`);
  counts.points += 1;
  if (!isFirst) await pair.program(name).quit();
  if (!pair.isReady(other)) await pair.start(other);
  const seen = pair.reports.length;
  const output = join(pair.place.folder, 'strace');
  const program = await pair.start(name, { wrapper: wrapper(point, output), mayFail: true });
  const refusedBefore = pair.book.refused;
  if (program.isReady) await talk(pair, program, point);
  if (!program.isClosed) await letGo(program);
  const isKilled = program.isClosed && point.fault === 'SIGKILL';
  if (isKilled || readFileSync(output, 'utf8').includes('INJECTED')) counts.reached += 1;
  const troubles = pair.reports
    .slice(seen)
    .flatMap(({ name: who, report }) => (who === name && report.type === 'trouble' ? [report.code] : []))
    .filter((code) => CODES.has(code));
  const isRefused = pair.book.refused > refusedBefore;
  if (isRefused || troubles.length > 0) counts.noticed += 1;
  if (isRefused && troubles.length === 0 && !program.isClosed) {
    counts.silent += 1;
    note('nothing was said');
  }
  if (program.isClosed) {
    await closed(program, point, counts, note);
    await pair.start(name, { isInspected: true });
  }
  if (!(await goesOn(pair, name))) {
    counts.stuck += 1;
    note('it does not go on');
    await pair.program(name).kill();
    await pair.start(name);
  }
}

async function closed(
  program: Program,
  point: FaultPoint,
  counts: Counts,
  note: (what: string) => void,
): Promise<void> {
  const failed = program.reports.findLast((report) => report.type === 'failed');
  await program.ended();
  if (point.fault === 'SIGKILL') counts.killed += 1;
  else if (failed && CODES.has(failed.code)) counts.notStarted += 1;
  else {
    counts.crashed += 1;
    note(`it ended (${failed?.message ?? program.stderr.slice(0, 300)})`);
  }
}

function wrapper(point: FaultPoint, output: string): readonly string[] {
  const when = `${point.nth}${point.isLasting && point.fault !== 'SIGKILL' ? '+' : ''}`;
  // -D: what is traced is our child, and lives on when strace lets go.
  return ['strace', '-D', ...straceWords({ calls: point.calls, fault: point.fault, when, output })];
}

/** Both ways, until the victim has ended or everything was said; while a fault lasts, until it was told. */
async function talk(pair: Pair, program: Program, point: FaultPoint): Promise<void> {
  const [victim, other] = [program.name, pair.other(program.name)];
  const batches = point.fault === 'SIGKILL' ? BATCHES_MAX : BATCHES;
  for (let batch = 0; batch < batches && !program.isClosed; batch += 1) {
    pair.say(victim, 1 + (batch % 2));
    if (batch % 2 === 0) pair.say(other, 1);
    await pause(PUMP_MS);
  }
  if (point.isLasting) await pause(LASTING_MS);
}

/** strace is ended; the program runs on without faults. */
async function letGo(program: Program): Promise<void> {
  const tracer = tracerOf(program.pid ?? 0);
  if (tracer === 0) return;
  process.kill(tracer, 'SIGTERM');
  await until('strace lets go', () => tracerOf(program.pid ?? 0) === 0);
}

/** A further text each way arrives, and nothing is left behind, without a restart. */
async function goesOn(pair: Pair, name: string): Promise<boolean> {
  const other = pair.other(name);
  const endsAt = performance.now() + RECOVERY_MS;
  const isAccepted = async (who: string): Promise<boolean> => {
    const { refused } = pair.book;
    pair.sayAll(who, 1);
    await until('the text is taken or refused', () => pair.isIdle(who) || !pair.isReady(who), RECOVERY_MS);
    return pair.isReady(who) && pair.book.refused === refused;
  };
  try {
    await until('a text is taken again', async () => isAccepted(name), RECOVERY_MS);
    if (!(await isAccepted(other))) return false;
    for (const who of [name, other])
      await until(`${who} drains`, async () => pair.isDrained(who), endsAt - performance.now());
    return true;
  } catch {
    return false;
  }
}
